import { MaestranoSqlError } from '../errors/sql.error.js';
import { SharedDeadline } from '../utils/shared-deadline.js';
import type { SqlExecutor } from './sql-executor.js';
import { repeated } from './sql-retry.js';

/**
 * The calls of one store: each has a deadline, and those whose caller gave up are known until they are over, so that a
 * store that closes can wait for them. Some libraries connect again for a statement that comes after they were closed.
 */
export class SqlCalls {
  readonly #deadline: SharedDeadline;

  /** @param timeoutMs for all attempts of a call together, and for {@link SqlCalls.settled} */
  constructor(private readonly timeoutMs: number) {
    this.#deadline = new SharedDeadline(timeoutMs);
  }

  /**
   * Carries out statements of ours: again when they met others, and for no longer than the deadline. In a transaction of
   * the application the work is done once and its error left as it is: there, only the whole transaction can be repeated.
   *
   * @param work must be safe to repeat when it failed as a whole.
   * @throws MaestranoSqlError
   */
  run<T>(executor: SqlExecutor, work: () => Promise<T>): Promise<T> {
    if (executor.inTransaction) return work();
    const call = repeated(work, performance.now() + this.timeoutMs);
    return this.#deadline.wait(call, () => new MaestranoSqlError('sql.timeout'));
  }

  /** Resolves when no call is under way, or after the deadline. */
  settled(): Promise<void> {
    return this.#deadline.settled();
  }
}

/** One call as {@link SqlCalls} carries it out, with 5,000 milliseconds by default. @throws MaestranoSqlError */
export function withRetries<T>(
  executor: SqlExecutor,
  work: () => Promise<T>,
  { timeoutMs = 5_000 }: { readonly timeoutMs?: number } = {},
): Promise<T> {
  return new SqlCalls(timeoutMs).run(executor, work);
}
