import { MaestranoSqlError } from '../../errors/sql.error.js';
import {
  createSqlExecutor,
  type SqlDialect,
  type SqlExecutor,
  type SqlParameter,
  type SqlRow,
} from '../sql-executor.js';
import { numbered } from './placeholders.js';

/** `sql` of drizzle-orm, as far as it is used; `Query` is the library's own type. */
export interface DrizzleSql<Query> {
  raw(text: string): Query;
  param(value: SqlParameter): unknown;
  join(pieces: never[]): Query;
}

/** What is used of a database of Drizzle, and of its transactions. */
export interface DrizzleDatabase<Query> {
  /** PostgreSQL and MySQL. */
  execute?(query: Query): PromiseLike<unknown>;
  /** SQLite. */
  all?(query: Query): unknown;
  /** SQLite. */
  run?(query: Query): unknown;
  transaction<T>(work: (transaction: DrizzleDatabase<Query>) => Promise<T>): Promise<T>;
}

/**
 * Over `drizzle-orm` 0.45 on `pg`, `mysql2` or `better-sqlite3`. `context.tx` is the transaction of Drizzle; on
 * `better-sqlite3`, whose transactions cannot wait, it is the database itself inside a transaction that we begin.
 *
 * @param sql of drizzle-orm.
 * @param dialect of the database, because Drizzle speaks to all of them.
 */
export function drizzleExecutor<Query>(
  database: DrizzleDatabase<Query>,
  sql: DrizzleSql<Query>,
  dialect: SqlDialect,
): SqlExecutor {
  const queryOf = (text: string, parameters: readonly SqlParameter[]): Query => {
    const { pieces, values } = numbered(dialect, text, parameters);
    const parts = pieces.flatMap((piece, at) => [
      sql.raw(piece),
      ...(at < values.length ? [sql.param(values[at] ?? null)] : []),
    ]);
    return sql.join(parts as never[]);
  };
  const onSqlite = dialect === 'sqlite';
  return createSqlExecutor<DrizzleDatabase<Query>>({
    dialect,
    native: database,
    oneConnection: onSqlite,
    isTransaction: (native) => 'rollback' in native || (onSqlite && native === database && 'run' in native),
    statements: (native) => ({
      query: async (text, parameters) => {
        const query = queryOf(text, parameters);
        return rowsOf(dialect, await (onSqlite ? native.all?.(query) : native.execute?.(query)));
      },
      execute: async (text, parameters) => {
        const query = queryOf(text, parameters);
        return countOf(dialect, await (onSqlite ? native.run?.(query) : native.execute?.(query)));
      },
    }),
    transaction: (work) => (onSqlite ? onOneConnection(database, sql, work) : database.transaction(work)),
  });
}

/** `pg` hands on an object, `postgres` a list; `mysql2` a pair. */
function rowsOf(dialect: SqlDialect, result: unknown): readonly SqlRow[] {
  if (dialect === 'mysql') return (result as [SqlRow[]])[0];
  return (Array.isArray(result) ? result : (result as { rows: SqlRow[] }).rows) as readonly SqlRow[];
}

function countOf(dialect: SqlDialect, result: unknown): number {
  if (dialect === 'mysql') return (result as [{ affectedRows?: number }])[0].affectedRows ?? 0;
  const { rowCount, count, changes } = result as {
    rowCount?: number | null;
    count?: number;
    changes?: number;
  };
  return rowCount ?? count ?? changes ?? 0;
}

async function onOneConnection<Query, T>(
  database: DrizzleDatabase<Query>,
  sql: DrizzleSql<Query>,
  work: (transaction: DrizzleDatabase<Query>) => Promise<T>,
): Promise<T> {
  if (!database.run) throw new MaestranoSqlError('sql.dialect');
  await database.run(sql.raw('begin immediate'));
  try {
    const result = await work(database);
    await database.run(sql.raw('commit'));
    return result;
  } catch (error) {
    try {
      await database.run(sql.raw('rollback'));
    } catch {
      // Some errors have ended the transaction already; that of the work says more.
    }
    throw error;
  }
}
