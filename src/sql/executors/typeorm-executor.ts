import { createSqlExecutor, type SqlDialect, type SqlExecutor, type SqlParameter } from '../sql-executor.js';

/** What is used of a `QueryRunner`. */
export interface TypeormQueryRunner {
  query(
    text: string,
    parameters: unknown[],
    structured: true,
  ): Promise<{ readonly records: unknown[]; readonly affected?: number }>;
  release(): Promise<void>;
  readonly isTransactionActive: boolean;
}

/** What is used of an `EntityManager`. */
export interface TypeormEntityManager {
  readonly queryRunner?: TypeormQueryRunner;
  readonly connection: { createQueryRunner(): TypeormQueryRunner };
  transaction<T>(work: (manager: TypeormEntityManager) => Promise<T>): Promise<T>;
}

/**
 * Over `typeorm` 1. `context.tx` is the `EntityManager` of the transaction; so is what `within` takes.
 *
 * @param manager of your `DataSource`.
 * @param dialect of the database, because TypeORM speaks to all of them.
 */
export function typeormExecutor(
  { manager }: { readonly manager: TypeormEntityManager },
  dialect: SqlDialect,
): SqlExecutor {
  /** The plain `query` of a manager returns something else for each kind of statement and driver. */
  const send = async (native: TypeormEntityManager, text: string, parameters: readonly SqlParameter[]) => {
    if (native.queryRunner) return native.queryRunner.query(text, [...parameters], true);
    const runner = native.connection.createQueryRunner();
    try {
      return await runner.query(text, [...parameters], true);
    } finally {
      await runner.release();
    }
  };
  return createSqlExecutor<TypeormEntityManager>({
    dialect,
    native: manager,
    // One query runner serves all of SQLite, transactions included.
    oneConnection: dialect === 'sqlite',
    isTransaction: ({ queryRunner }) => queryRunner?.isTransactionActive === true,
    statements: (native) => ({
      query: async (text, parameters) =>
        (await send(native, text, parameters)).records as Record<string, unknown>[],
      execute: async (text, parameters) => (await send(native, text, parameters)).affected ?? 0,
    }),
    transaction: (work) => manager.transaction(work),
  });
}
