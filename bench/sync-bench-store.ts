import { createRequire } from 'node:module';
import { join } from 'node:path';

import { type SqliteDatabase, sqliteExecutor } from '../src/sql/executors/sqlite-executor.js';
import { migrateSql } from '../src/sql/migrations/sql-schema.js';
import type { SqlExecutor, SqlStatements } from '../src/sql/sql-executor.js';
import { SqlSyncStore } from '../src/sync/sql/sql-sync-store.js';
import { MemorySyncStore } from '../src/sync/store/memory-sync-store.js';
import type { SyncStore } from '../src/sync/store/sync-store.js';

/** A store, and how many statements it sent; null where it sends none. */
export interface BenchStore {
  readonly store: SyncStore;
  readonly statements: () => number | null;
}

/** What is used of a `Database` of better-sqlite3. */
export interface Database extends SqliteDatabase {
  pragma(text: string): unknown;
  close(): unknown;
}

/** A file of SQLite; null where the driver is not installed. */
export function openSqlite(path: string): Database | null {
  try {
    const load = createRequire(join(process.cwd(), 'test/sql/package.json'));
    const Sqlite = load('better-sqlite3') as new (path: string) => Database;
    const database = new Sqlite(path);
    database.pragma('journal_mode = WAL');
    return database;
  } catch {
    return null;
  }
}

/**
 * A store in SQLite, with a count of its statements; in memory where the driver is not installed.
 *
 * @param path of its file; in memory by default
 */
export async function openStore(path = ':memory:'): Promise<BenchStore> {
  let count = 0;
  const database = openSqlite(path);
  if (database === null) return { store: new MemorySyncStore(), statements: () => null };
  const executor = counted(sqliteExecutor(database), () => (count += 1));
  await migrateSql(executor);
  count = 0;
  const store = new SqlSyncStore(executor);
  // An hour passes for it as well.
  store.now = async () => Date.now();
  return { store, statements: () => count };
}

function counted(executor: SqlExecutor, note: () => void): SqlExecutor {
  const statements = (of: SqlExecutor): SqlStatements => ({
    query: (text, parameters) => (note(), of.query(text, parameters)),
    execute: (text, parameters) => (note(), of.execute(text, parameters)),
  });
  const wrapped = (of: SqlExecutor): SqlExecutor => ({
    ...of,
    ...statements(of),
    transaction: (work) => of.transaction((inside) => work(wrapped(inside))),
    within: (transaction) => wrapped(of.within(transaction)),
  });
  return wrapped(executor);
}
