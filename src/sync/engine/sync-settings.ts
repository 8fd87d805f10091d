/** How the engine works, completed with its defaults. Times are in milliseconds. */
export interface SyncSettings {
  /** How far back of the newest change Connec! is read again: changes may become visible late. */
  readonly overlapMs: number;
  /** How long a write of unknown outcome rests: longer than it can still arrive. */
  readonly restMs: number;
  /** How often all records of both sides are listed. */
  readonly sweepEveryMs: number;
  /** How far apart two complete lists are that both miss a deleted record. */
  readonly confirmDeletesMs: number;
  /** How long a record that Connec! does not find is looked for. */
  readonly vanishedAfterMs: number;
  /** When a record that could not be dealt with is looked at again. */
  readonly retryMs: number;
  /** How long the lease on a group lasts without being renewed. */
  readonly leaseMs: number;
  /** Deadline of a call of a source. */
  readonly timeoutMs: number;
  /** Records that a page of changes has. */
  readonly pageSize: number;
  /** Records that are decided together. */
  readonly batchSize: number;
  /** Writes to the application at the same time. */
  readonly concurrency: number;
  /** The brake: the entity stops when more would be overwritten or deleted within a day. */
  readonly brake: { readonly floor: number; readonly share: number; readonly ceiling: number };
  /** What the history of a record keeps of its fields: digests, or their values beside those. */
  readonly history: 'digests' | 'values';
  /** How long values stay in the history; looked after with each listing of all records. */
  readonly historyValuesMs: number;
  /** Whether the first synchronization waits for `confirm()`. */
  readonly firstRun: 'plan' | 'apply';
}

const MINUTE = 60_000;

export const SYNC_DEFAULTS: SyncSettings = {
  overlapMs: 2 * MINUTE,
  restMs: 2 * MINUTE,
  sweepEveryMs: 1_440 * MINUTE,
  confirmDeletesMs: 10 * MINUTE,
  vanishedAfterMs: 10 * MINUTE,
  retryMs: 15_000,
  leaseMs: MINUTE,
  timeoutMs: 30_000,
  pageSize: 100,
  batchSize: 50,
  concurrency: 4,
  history: 'digests',
  historyValuesMs: 43_200 * MINUTE,
  brake: { floor: 50, share: 0.05, ceiling: 1_000 },
  firstRun: 'plan',
};
