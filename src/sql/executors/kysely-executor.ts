import { createSqlExecutor, type SqlDialect, type SqlExecutor, type SqlParameter } from '../sql-executor.js';

/** What is used of a `Kysely`, and of its `Transaction`; `Query` is the library's own type of a compiled query. */
export interface KyselyLike<Query> {
  executeQuery(query: Query): Promise<{ readonly rows: unknown[]; readonly numAffectedRows?: bigint }>;
  transaction(): { execute<T>(work: (transaction: KyselyLike<Query>) => Promise<T>): Promise<T> };
  readonly isTransaction: boolean;
}

/** `CompiledQuery` of kysely. */
export interface CompiledQueryFactory<Query> {
  raw(text: string, parameters: unknown[]): Query;
}

/**
 * Over `kysely` 0.28. `context.tx` is a `Transaction`.
 *
 * @param compiled `CompiledQuery` of kysely.
 * @param dialect of the database, because Kysely speaks to all of them.
 */
export function kyselyExecutor<Query>(
  kysely: KyselyLike<Query>,
  compiled: CompiledQueryFactory<Query>,
  dialect: SqlDialect,
): SqlExecutor {
  const send = (native: KyselyLike<Query>, text: string, parameters: readonly SqlParameter[]) =>
    native.executeQuery(compiled.raw(text, [...parameters]));
  return createSqlExecutor<KyselyLike<Query>>({
    dialect,
    native: kysely,
    isTransaction: (native) => typeof native.executeQuery === 'function' && native.isTransaction,
    statements: (native) => ({
      query: async (text, parameters) =>
        (await send(native, text, parameters)).rows as Record<string, unknown>[],
      execute: async (text, parameters) =>
        Number((await send(native, text, parameters)).numAffectedRows ?? 0),
    }),
    transaction: (work) => kysely.transaction().execute(work),
  });
}
