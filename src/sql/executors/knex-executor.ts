import {
  createSqlExecutor,
  type SqlDialect,
  type SqlExecutor,
  type SqlParameter,
  type SqlRow,
} from '../sql-executor.js';
import { numbered } from './placeholders.js';

/** What is used of a `Knex`, and of a `Knex.Transaction`. */
export interface KnexLike {
  raw(text: string, values: readonly SqlParameter[]): PromiseLike<unknown>;
  transaction<T>(work: (transaction: KnexLike) => Promise<T>): Promise<T>;
  readonly isTransaction?: boolean;
}

/**
 * Over `knex` 3 on `pg`, `mysql2` or `better-sqlite3`. `context.tx` is a `Knex.Transaction`.
 *
 * @param dialect of the database, because Knex speaks to all of them.
 */
export function knexExecutor(knex: KnexLike, dialect: SqlDialect): SqlExecutor {
  const send = async (
    native: KnexLike,
    text: string,
    parameters: readonly SqlParameter[],
  ): Promise<unknown> => {
    const { pieces, values } = numbered(dialect, text, parameters);
    // Knex has no `$1`, and takes every `?` that is not escaped for a parameter.
    return native.raw(pieces.map((piece) => piece.replaceAll('?', '\\?')).join('?'), values);
  };
  return createSqlExecutor<KnexLike>({
    dialect,
    native: knex,
    isTransaction: (native) => typeof native.raw === 'function' && native.isTransaction === true,
    statements: (native) => ({
      query: async (text, parameters) => rowsOf(dialect, await send(native, text, parameters)),
      execute: async (text, parameters) => countOf(dialect, await send(native, text, parameters)),
    }),
    transaction: (work) => knex.transaction(work),
  });
}

/** Knex hands on what the driver returns. */
function rowsOf(dialect: SqlDialect, result: unknown): readonly SqlRow[] {
  if (dialect === 'postgres') return (result as { rows: SqlRow[] }).rows;
  return (dialect === 'mysql' ? (result as [SqlRow[]])[0] : result) as readonly SqlRow[];
}

function countOf(dialect: SqlDialect, result: unknown): number {
  if (dialect === 'postgres') return (result as { rowCount: number | null }).rowCount ?? 0;
  if (dialect === 'mysql') return (result as [{ affectedRows?: number }])[0].affectedRows ?? 0;
  return (result as { changes?: number }).changes ?? 0;
}
