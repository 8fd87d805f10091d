import { type SqliteDatabase, sqliteExecutor } from '../sql/executors/sqlite-executor.js';
import { migrateSql } from '../sql/migrations/sql-schema.js';
import { SqlStore } from '../sql/sql-store.js';

/**
 * A {@link SqlStore} with its tables, for tests that want what only a database has, such as `@ConnecTransaction()`:
 *
 * ```ts
 * const store = await sqliteTestStore(new Database(':memory:'));
 * ```
 *
 * @param database of `better-sqlite3`, or a `DatabaseSync` of `node:sqlite`. Close it yourself.
 */
export async function sqliteTestStore(database: SqliteDatabase): Promise<SqlStore> {
  const executor = sqliteExecutor(database);
  await migrateSql(executor);
  return new SqlStore(executor);
}
