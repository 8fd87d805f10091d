import type { SyncStore } from '../sync/store/sync-store.js';
import { casesOnStores, type ContractCase } from './contract-case.js';
import { SYNC_STORE_COMMITS } from './sync-store-contract-commits.js';
import { SYNC_STORE_CRASHES } from './sync-store-contract-crashes.js';
import { SYNC_STORE_LEASES } from './sync-store-contract-leases.js';
import { SYNC_STORE_READS } from './sync-store-contract-reads.js';

/** How a store is put through {@link syncStoreContract}. */
export interface SyncStoreContractOptions {
  /** Whether all stores that `makeStore` returns see the same rows; races are then run across two of them. */
  readonly shared?: boolean;
}

/**
 * What every `SyncStore` must do, as cases for any test runner: who gets a lease and what it is good for, what a commit
 * does and when it does nothing, what is found afterwards, and what is left by a process that dies. Scopes are random, so a store in use may be tested. Each
 * case closes the stores it made.
 *
 * ```ts
 * for (const { name, run } of syncStoreContract(() => new MySyncStore())) it(name, run);
 * ```
 */
export function syncStoreContract(
  makeStore: () => SyncStore | Promise<SyncStore>,
  options: SyncStoreContractOptions = {},
): readonly ContractCase[] {
  const checks = {
    ...SYNC_STORE_LEASES,
    ...SYNC_STORE_COMMITS,
    ...SYNC_STORE_READS,
    ...SYNC_STORE_CRASHES,
  };
  return casesOnStores<SyncStore>(checks, makeStore, options);
}
