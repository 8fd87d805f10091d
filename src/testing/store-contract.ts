import type { MaestranoStore } from '../stores/maestrano-store.js';
import { casesOnStores, type ContractCase } from './contract-case.js';
import { STORE_ENTRIES_CONTRACT } from './store-contract-entries.js';
import { STORE_EXPIRY_CONTRACT } from './store-contract-expiry.js';
import { STORE_PAGES_CONTRACT } from './store-contract-pages.js';
import { STORE_RACES_CONTRACT } from './store-contract-races.js';
import { STORE_RULES_CONTRACT } from './store-contract-rules.js';

/** How a store is put through {@link storeContract}. */
export interface StoreContractOptions {
  /** Whether all stores that `makeStore` returns see the same entries; races are then run across two of them. */
  readonly shared?: boolean;
}

/**
 * What every {@link MaestranoStore} must do, as cases for any test runner: what it keeps and finds, the races it
 * decides, the times it keeps things, the pages it shows, and what it rejects. Keys are random, so a store in use may
 * be tested. Each case closes the stores it made.
 *
 * ```ts
 * for (const { name, run } of storeContract(() => new MyStore())) it(name, run);
 * ```
 */
export function storeContract(
  makeStore: () => MaestranoStore | Promise<MaestranoStore>,
  options: StoreContractOptions = {},
): readonly ContractCase[] {
  const checks = {
    ...STORE_ENTRIES_CONTRACT,
    ...STORE_RACES_CONTRACT,
    ...STORE_EXPIRY_CONTRACT,
    ...STORE_PAGES_CONTRACT,
    ...STORE_RULES_CONTRACT,
  };
  return casesOnStores<MaestranoStore>(checks, makeStore, options);
}
