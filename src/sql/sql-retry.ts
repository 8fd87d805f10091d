import { setTimeout as pause } from 'node:timers/promises';

import { sqlError, sqlErrorCode } from './sql-failures.js';

/** Pauses between attempts: random, so that those who met do not meet again; in milliseconds. */
const [FIRST_PAUSE, LONGEST_PAUSE] = [5, 100];

/**
 * Carries out statements of ours, again when they met others (serialization failures, deadlocks, a locked SQLite file)
 * while there is time.
 *
 * @param work must be safe to repeat when it failed as a whole.
 * @param until by `performance.now()`.
 * @throws MaestranoSqlError
 */
export async function repeated<T>(work: () => Promise<T>, until: number): Promise<T> {
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
