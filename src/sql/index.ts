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
export { knexExecutor, type KnexLike } from './executors/knex-executor.js';
export { type CompiledQueryFactory, kyselyExecutor, type KyselyLike } from './executors/kysely-executor.js';
export {
  typeormExecutor,
  type TypeormEntityManager,
  type TypeormQueryRunner,
} from './executors/typeorm-executor.js';
export { type DrizzleDatabase, drizzleExecutor, type DrizzleSql } from './executors/drizzle-executor.js';
export { prismaExecutor, type PrismaLike, type PrismaTransaction } from './executors/prisma-executor.js';
export { SqlStore, type SqlStoreOptions } from './sql-store.js';
export type { SqlTableOptions } from './sql-tables.js';
export { checkSqlSchema, migrateSql, readSqlSchema, type SqlSchemaReport } from './migrations/sql-schema.js';
export { migrationText as sqlMigrationText } from './migrations/migration-text.js';
export { MaestranoSqlError, type SqlErrorCode } from '../errors/sql.error.js';
