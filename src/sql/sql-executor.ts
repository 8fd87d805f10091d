import { MaestranoSqlError } from '../errors/sql.error.js';
import { Turns } from './turns.js';

/** Kinds of databases: PostgreSQL 12, MySQL 8.0.1 or MariaDB 10.6, SQLite 3.42, each or newer. */
export type SqlDialect = 'postgres' | 'mysql' | 'sqlite';

/** What a statement of ours is given: nothing else has to be understood. */
export type SqlParameter = string | number | null | Uint8Array;

/** A row by the names of its columns. Numbers may come as numbers, texts or bigints; texts also as bytes. */
export type SqlRow = Readonly<Record<string, unknown>>;

/** The two calls that every library has under some name. */
export interface SqlStatements {
  /** Rows of a statement that returns some; an empty list when it finds none. */
  query(text: string, parameters: readonly SqlParameter[]): Promise<readonly SqlRow[]>;
  /** Number of rows that a statement touched; 0 for one that touches none by nature. */
  execute(text: string, parameters: readonly SqlParameter[]): Promise<number>;
}

/**
 * The way to your database, over the library that you use anyway: we never open a connection, keep none across a wait
 * and need no state of a session, so that poolers such as PgBouncer in transaction mode are fine. Texts have the
 * placeholders of the dialect: `$1`, `$2` on PostgreSQL, else `?`, each used once and in order.
 *
 * There is one for each common library (`pgExecutor`, `typeormExecutor`, …); {@link createSqlExecutor} makes others.
 */
export interface SqlExecutor extends SqlStatements {
  readonly dialect: SqlDialect;
  /**
   * The library's own object behind it (pool, EntityManager, Prisma client); inside a transaction that of the
   * transaction, which is what `context.tx` hands to a handler.
   */
  readonly native: unknown;
  /** Whether statements run in a transaction that somebody else commits. They are not repeated there. */
  readonly inTransaction: boolean;
  /**
   * Commits when the work resolves, rolls back when it rejects. On an executor that is in a transaction already the
   * work just runs there. Where the library has one connection, others wait meanwhile.
   */
  transaction<T>(work: (executor: SqlExecutor) => Promise<T>): Promise<T>;
  /**
   * The same database inside an open transaction of yours.
   *
   * @param transaction what the library hands to the work of a transaction: a client, a manager, `trx`.
   * @throws MaestranoSqlError `sql.transaction`
   */
  within(transaction: unknown): SqlExecutor;
}

/** What {@link createSqlExecutor} needs to know of a library. */
export interface SqlLibrary<Native> {
  readonly dialect: SqlDialect;
  /** Where statements outside of a transaction go, for example the pool. */
  readonly native: Native;
  /** The two calls, on the pool as in a transaction. */
  statements(native: Native, inTransaction: boolean): SqlStatements;
  /** Begins a transaction, gives its object to the work, commits, or rolls back and rejects with the work's error. */
  transaction<T>(work: (native: Native) => Promise<T>): Promise<T>;
  /** Whether an object is one that the library hands to the work of a transaction. */
  isTransaction(native: Native): boolean;
  /** Whether all statements share one connection: then those outside wait while a transaction is open. */
  readonly oneConnection?: boolean;
}

/** Makes an executor for a library of your own choice. */
export function createSqlExecutor<Native>(library: SqlLibrary<Native>): SqlExecutor {
  const { dialect, native } = library;
  const plain = library.statements(native, false);
  const turns = library.oneConnection ? new Turns() : null;
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => (turns ? turns.run(work) : work());

  const inside = (transaction: Native): SqlExecutor => {
    const executor: SqlExecutor = {
      dialect,
      native: transaction,
      inTransaction: true,
      ...library.statements(transaction, true),
      transaction: (work) => work(executor),
      within,
    };
    return executor;
  };
  const within = (transaction: unknown): SqlExecutor => {
    const known = typeof transaction === 'object' || typeof transaction === 'function';
    if (!known || transaction === null || !library.isTransaction(transaction as Native)) {
      throw new MaestranoSqlError('sql.transaction');
    }
    return inside(transaction as Native);
  };
  return {
    dialect,
    native,
    inTransaction: false,
    query: (text, parameters) => inTurn(() => plain.query(text, parameters)),
    execute: (text, parameters) => inTurn(() => plain.execute(text, parameters)),
    transaction: (work) => inTurn(() => library.transaction((transaction) => work(inside(transaction)))),
    within,
  };
}
