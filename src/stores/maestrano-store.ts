/**
 * Where everything that outlives a request is kept: login requests, replay claims, login traces, deliveries,
 * the billing ledger, locks. One small port instead of one a feature, so that a store of your own is six methods
 * and one contract suite (`nestjs-maestrano/testing`).
 *
 * Keys are `namespace:rest`; values are text. Every entry has a time to live in milliseconds. Each method is
 * atomic: of ten concurrent {@link MaestranoStore.take} or {@link MaestranoStore.setIfAbsent} calls, one wins.
 */
export abstract class MaestranoStore {
  /**
   * The value, or null when there is none or its time is over. At once where that is possible: a look into memory is
   * made for every notification, and a promise would cost more.
   */
  abstract get(key: string): Promise<string | null> | string | null;

  /** Writes the value whatever was there. */
  abstract set(key: string, value: string, ttlMs: number): Promise<void>;

  /** Writes only when there is nothing; says whether it wrote. */
  abstract setIfAbsent(key: string, value: string, ttlMs: number): Promise<boolean>;

  /** Writes only when the present value is `expected`; says whether it wrote. */
  abstract replace(key: string, expected: string, value: string, ttlMs: number): Promise<boolean>;

  /** Reads and removes in one step. */
  abstract take(key: string): Promise<string | null>;

  /** Removes; with `expected`, only when that is the present value. Says whether something was removed. */
  abstract delete(key: string, expected?: string): Promise<boolean>;

  /** Adds to the front of a list that keeps its newest `limit` values. */
  abstract append(key: string, value: string, limit: number, ttlMs: number): Promise<void>;

  /** The list's values, newest first. */
  abstract list(key: string): Promise<string[]>;

  /** Resolves when the store answers; rejects otherwise. For health checks. */
  abstract ping(): Promise<void>;

  /** Releases what the store itself opened. Called at application shutdown. */
  async close(): Promise<void> {}
}
