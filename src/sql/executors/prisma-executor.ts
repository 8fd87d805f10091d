import { createSqlExecutor, type SqlDialect, type SqlExecutor, type SqlRow } from '../sql-executor.js';

/** What is used of the client inside a transaction of Prisma. */
export interface PrismaTransaction {
  $queryRawUnsafe(text: string, ...values: unknown[]): PromiseLike<unknown>;
  $executeRawUnsafe(text: string, ...values: unknown[]): PromiseLike<number>;
}

/** What is used of a `PrismaClient`. */
export interface PrismaLike extends PrismaTransaction {
  $transaction<T>(work: (transaction: PrismaTransaction) => Promise<T>): Promise<T>;
}

/**
 * Over a client of Prisma 7 with a driver adapter. `context.tx` is the client of an interactive transaction, which Prisma
 * ends after 5 seconds unless the client is made with `transactionOptions: { timeout }`.
 *
 * @param dialect of the database, because Prisma speaks to all of them.
 */
export function prismaExecutor(prisma: PrismaLike, dialect: SqlDialect): SqlExecutor {
  return createSqlExecutor<PrismaTransaction>({
    dialect,
    native: prisma,
    // The adapters for SQLite have one connection, and let statements that are sent meanwhile into a transaction.
    oneConnection: dialect === 'sqlite',
    isTransaction: (native) => native !== prisma && typeof native.$queryRawUnsafe === 'function',
    statements: (native) => ({
      query: async (text, parameters) =>
        (await native.$queryRawUnsafe(text, ...parameters)) as readonly SqlRow[],
      execute: async (text, parameters) => native.$executeRawUnsafe(text, ...parameters),
    }),
    transaction: (work) => prisma.$transaction(work),
  });
}
