/**
 * State in the application's own database. Comments cite the reference that comes with the package: `protocol §6.3` is
 * section 6.3 of docs/reference/protocol.md.
 *
 * @packageDocumentation
 */

export {
  createSqlExecutor,
  type SqlDialect,
  type SqlExecutor,
  type SqlLibrary,
  type SqlParameter,
  type SqlRow,
  type SqlStatements,
} from './sql-executor.js';
export { type PgClient, pgExecutor, type PgPool, type PgPoolClient } from './executors/pg-executor.js';
export { type Mysql2Connection, mysql2Executor, type Mysql2Pool } from './executors/mysql2-executor.js';
export { type SqliteDatabase, sqliteExecutor, type SqliteStatement } from './executors/sqlite-executor.js';
export { MaestranoSqlError, type SqlErrorCode } from '../errors/sql.error.js';
