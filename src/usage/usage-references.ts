import { MaestranoUsageError } from '../errors/usage.error.js';
import type { FoundStatement, SeriesSnapshot, UsageChainState, UsageSubject } from './store/usage-records.js';
import type { UsageStore } from './store/usage-store.js';

/** A chain of statements: one company, one meter, one currency. */
export interface UsageChainRef extends UsageSubject {
  /** ISO 4217; that of the company's last period by default. */
  readonly currency?: string;
  /** Id of the chain, where there were several of one currency; the last one by default. */
  readonly chain?: string;
}

/** A statement of a chain. */
export interface UsageStatementRef extends UsageChainRef {
  readonly seq: number;
}

/** A chain, with the subject it belongs to. */
export interface FoundChain {
  readonly snapshot: SeriesSnapshot;
  readonly chain: UsageChainState;
}

/** @throws MaestranoUsageError `usage.unknownStatement` */
export async function findSubject(store: UsageStore, subject: UsageSubject): Promise<SeriesSnapshot> {
  const { marketplace, group, meter } = subject;
  const [series] = await store.list({ marketplace, group, meter }, null, 1);
  const snapshot = series && (await store.load(series.id));
  if (snapshot) return snapshot;
  throw new MaestranoUsageError('usage.unknownStatement', { marketplace, group, meter });
}

/** @throws MaestranoUsageError `usage.unknownStatement` */
export async function findChain(store: UsageStore, ref: UsageChainRef): Promise<FoundChain> {
  const snapshot = await findSubject(store, ref);
  const chain = snapshot.series.state.chains.findLast(
    ({ id, currency }) =>
      (ref.chain === undefined || ref.chain === id) &&
      (ref.currency === undefined || ref.currency === currency),
  );
  if (chain) return { snapshot, chain };
  const { marketplace, group, meter } = ref;
  throw new MaestranoUsageError('usage.unknownStatement', { marketplace, group, meter });
}

/** @throws MaestranoUsageError `usage.unknownStatement` */
export async function findStatement(
  store: UsageStore,
  ref: UsageStatementRef,
): Promise<FoundChain & { readonly statement: FoundStatement }> {
  const found = await findChain(store, ref);
  const statement = await store.statement(found.snapshot.series.id, found.chain.id, ref.seq);
  if (statement) return { ...found, statement };
  const { marketplace, group, meter } = ref;
  throw new MaestranoUsageError('usage.unknownStatement', { marketplace, group, meter });
}
