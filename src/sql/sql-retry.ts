import { setTimeout as pause } from 'node:timers/promises';

import { MaestranoSqlError } from '../errors/sql.error.js';
import type { SqlExecutor } from './sql-executor.js';
import { sqlError, sqlErrorCode } from './sql-failures.js';

/** Bounds of {@link withRetries}. */
export interface SqlRetryOptions {
  /** Milliseconds for all attempts together; 5,000 by default. */
  readonly timeoutMs?: number;
  /** Keeps each run of attempts until it is over, which a statement may be long after its deadline. */
  readonly underWay?: Set<Promise<unknown>>;
}

/** Pauses between attempts: random, so that those who met do not meet again; in milliseconds. */
const [FIRST_PAUSE, LONGEST_PAUSE] = [5, 100];

/**
 * Carries out statements of ours: again when they met others (serialization failures, deadlocks, a locked SQLite file)
 * while there is time, and for no longer than the deadline. Errors become {@link MaestranoSqlError}s. In a transaction of
 * the application the work is done once and its error left as it is: there, only the whole transaction can be repeated.
 *
 * @param work must be safe to repeat when it failed as a whole.
 * @throws MaestranoSqlError
 */
export async function withRetries<T>(
  executor: SqlExecutor,
  work: () => Promise<T>,
  { timeoutMs = 5_000, underWay }: SqlRetryOptions = {},
): Promise<T> {
  if (executor.inTransaction) return work();
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new MaestranoSqlError('sql.timeout')), timeoutMs);
  });
  const run = attempts(work, performance.now() + timeoutMs);
  underWay?.add(run);
  const over = (): void => void underWay?.delete(run);
  run.then(over, over);
  try {
    return await Promise.race([run, tooLate]);
  } finally {
    clearTimeout(timer);
  }
}

async function attempts<T>(work: () => Promise<T>, until: number): Promise<T> {
  for (let longest = FIRST_PAUSE; ; longest = Math.min(longest * 2, LONGEST_PAUSE)) {
    try {
      return await work();
    } catch (error) {
      const wait = Math.random() * longest;
      if (sqlErrorCode(error) !== 'sql.contention' || performance.now() + wait > until) throw sqlError(error);
      await pause(wait);
    }
  }
}
