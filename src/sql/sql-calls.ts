import { settledWithin } from '../utils/settled-within.js';
import type { SqlExecutor } from './sql-executor.js';
import { withRetries } from './sql-retry.js';

/**
 * The calls of one store: each has a deadline, and those whose caller gave up are known until they are over, so that a
 * store that closes can wait for them. Some libraries connect again for a statement that comes after they were closed.
 */
export class SqlCalls {
  readonly #underWay = new Set<Promise<unknown>>();

  /** @param timeoutMs for all attempts of a call together, and for {@link SqlCalls.settled} */
  constructor(private readonly timeoutMs: number) {}

  /** Carries out a call as `withRetries` does. @throws MaestranoSqlError */
  run<T>(executor: SqlExecutor, work: () => Promise<T>): Promise<T> {
    return withRetries(executor, work, { timeoutMs: this.timeoutMs, underWay: this.#underWay });
  }

  /** Resolves when no call is under way, or after the deadline. */
  async settled(): Promise<void> {
    await settledWithin(this.timeoutMs, Promise.allSettled(this.#underWay));
  }
}
