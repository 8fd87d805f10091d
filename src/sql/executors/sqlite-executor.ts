import { setTimeout as pause } from 'node:timers/promises';

import { MaestranoSqlError } from '../../errors/sql.error.js';
import {
  createSqlExecutor,
  type SqlExecutor,
  type SqlParameter,
  type SqlRow,
  type SqlStatements,
} from '../sql-executor.js';

/** What is used of a prepared statement of `better-sqlite3` or `node:sqlite`. */
export interface SqliteStatement {
  all(...parameters: SqlParameter[]): unknown[];
  run(...parameters: SqlParameter[]): { readonly changes: number | bigint };
}

/** What is used of a `Database` of `better-sqlite3` (12 on Node 20), or a `DatabaseSync` of `node:sqlite`. */
export interface SqliteDatabase {
  prepare(text: string): SqliteStatement;
  /** `better-sqlite3` */
  readonly inTransaction?: boolean;
  /** `node:sqlite` */
  readonly isTransaction?: boolean;
}

/** Statements that are kept prepared: more than we have. */
const MAX_PREPARED = 500;

/** How often somebody else's transaction is looked at, and how long it is waited for, in milliseconds. */
const [LOOK_EVERY, LONGEST_WAIT] = [5, 5_000];

/**
 * Over `better-sqlite3` or `node:sqlite`. Both work on one connection, and synchronously: open the file with
 * `{ timeout: 50 }`, because the time that the driver waits for another process is time that your process stands
 * still; what is longer our stores wait for asynchronously. Our statements wait while a transaction is open on the
 * connection, also one that you began yourself, at most 5 seconds, so that none ends up inside it.
 */
export function sqliteExecutor(database: SqliteDatabase): SqlExecutor {
  const prepared = new Map<string, SqliteStatement>();
  const prepare = (text: string): SqliteStatement => {
    let statement = prepared.get(text);
    if (!statement) {
      statement = database.prepare(text);
      if (prepared.size < MAX_PREPARED) prepared.set(text, statement);
    }
    return statement;
  };
  const inside: SqlStatements = {
    query: async (text, parameters) => prepare(text).all(...parameters) as SqlRow[],
    execute: async (text, parameters) => Number(prepare(text).run(...parameters).changes),
  };
  const outside: SqlStatements = {
    query: async (text, parameters) => {
      await closed(database);
      return inside.query(text, parameters);
    },
    execute: async (text, parameters) => {
      await closed(database);
      return inside.execute(text, parameters);
    },
  };
  return createSqlExecutor<SqliteDatabase>({
    dialect: 'sqlite',
    native: database,
    oneConnection: true,
    isTransaction: (native) => native === database && isOpen(database),
    statements: (_, inTransaction) => (inTransaction ? inside : outside),
    transaction: async (work) => {
      await outside.execute('begin immediate', []);
      try {
        const result = await work(database);
        await inside.execute('commit', []);
        return result;
      } catch (error) {
        // Some errors have ended the transaction already.
        if (isOpen(database)) await inside.execute('rollback', []);
        throw error;
      }
    },
  });
}

function isOpen(database: SqliteDatabase): boolean {
  return database.inTransaction ?? database.isTransaction ?? false;
}

/** Resolves when no transaction is open, at once where there is none. */
async function closed(database: SqliteDatabase): Promise<void> {
  const until = performance.now() + LONGEST_WAIT;
  while (isOpen(database)) {
    if (performance.now() > until) {
      throw new MaestranoSqlError('sql.timeout', {
        message: `A transaction was open on the connection for more than ${LONGEST_WAIT / 1000} seconds.`,
        remedy: 'Inside it use `within(database)`; for long ones give our store a connection of its own.',
      });
    }
    await pause(LOOK_EVERY);
  }
}
