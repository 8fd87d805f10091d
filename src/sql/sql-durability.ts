import type { SqlDialect, SqlExecutor } from './sql-executor.js';
import { numberOf, rowsOf, textOf } from './sql-values.js';

/** How the database is set up, as one row each. */
const QUESTIONS: Readonly<Record<SqlDialect, string>> = {
  postgres: `select current_setting('fsync') as fsync, current_setting('synchronous_commit') as commits`,
  mysql: `select @@innodb_flush_log_at_trx_commit as flushes, @@sql_mode as modes,
    @@character_set_client as characters`,
  sqlite: `select (select synchronous from pragma_synchronous) as level,
    (select timeout from pragma_busy_timeout) as busy`,
};

/** Settings by which the database may forget what it acknowledged: one sentence each. */
export async function sqlLosses(executor: SqlExecutor): Promise<string[]> {
  return (await sqlWarnings(executor)).filter((sentence) => sentence.includes('may forget'));
}

/** Milliseconds that a driver may wait for another process while this one stands still. */
const LONGEST_BUSY_MS = 100;

/** What an operator should know of the database: one sentence each. */
export async function sqlWarnings(executor: SqlExecutor): Promise<string[]> {
  const [row] = rowsOf(await executor.query(QUESTIONS[executor.dialect], []));
  if (executor.dialect === 'postgres') {
    const off = ['fsync', 'commits'].filter((name) => textOf(row, name) === 'off');
    return off.map(
      (name) =>
        `PostgreSQL may forget what it acknowledged: ${name === 'fsync' ? 'fsync' : 'synchronous_commit'} is off.`,
    );
  }
  if (executor.dialect === 'mysql') {
    const flushes = numberOf(row, 'flushes');
    const characters = textOf(row, 'characters');
    return [
      // Others become question marks on the way, without an error.
      ...(characters === 'utf8mb4'
        ? []
        : [
            `The connection may forget every character that is not in ${characters}: open it with the character set utf8mb4 ({ charset: 'utf8mb4' } in mysql2).`,
          ]),
      ...(flushes === 1
        ? []
        : [`The database may forget what it acknowledged: innodb_flush_log_at_trx_commit is ${flushes}.`]),
      ...(textOf(row, 'modes').includes('NO_BACKSLASH_ESCAPES')
        ? ['sql_mode has NO_BACKSLASH_ESCAPES: libraries that write values into statements do so unsafely.']
        : []),
    ];
  }
  const busy = numberOf(row, 'busy');
  return [
    ...(numberOf(row, 'level') === 0 ? ['SQLite may forget what it acknowledged: synchronous is off.'] : []),
    ...(busy > LONGEST_BUSY_MS
      ? [`SQLite waits up to ${busy} ms while the process stands still: open it with { timeout: 50 }.`]
      : []),
  ];
}
