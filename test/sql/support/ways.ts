import Database from 'better-sqlite3';
import mysql from 'mysql2/promise';
import pg from 'pg';

import { mysql2Executor } from '../../../src/sql/executors/mysql2-executor.js';
import { pgExecutor } from '../../../src/sql/executors/pg-executor.js';
import { sqliteExecutor } from '../../../src/sql/executors/sqlite-executor.js';
import type { SqlExecutor } from '../../../src/sql/sql-executor.js';
import type { Server } from './databases.js';

/** A library on a database, as an application would open it. */
export interface OpenedWay {
  readonly executor: SqlExecutor;
  /** A transaction that the application begins itself; commits unless the work rejects. */
  transact<T>(work: (transaction: unknown) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

/** One of the ways to a database. */
export interface Way {
  readonly library: string;
  readonly server: Server;
  open(url: string): Promise<OpenedWay>;
}

async function openPg(connectionString: string): Promise<OpenedWay> {
  const pool = new pg.Pool({ connectionString, max: 10, connectionTimeoutMillis: 5_000 });
  pool.on('error', () => undefined);
  return {
    executor: pgExecutor(pool),
    transact: async (work) => {
      const client = await pool.connect();
      try {
        await client.query('begin');
        const result = await work(client);
        await client.query('commit');
        return result;
      } catch (error) {
        await client.query('rollback');
        throw error;
      } finally {
        client.release();
      }
    },
    close: () => pool.end(),
  };
}

async function openPgClient(connectionString: string): Promise<OpenedWay> {
  const client = new pg.Client({ connectionString });
  await client.connect();
  const executor = pgExecutor(client);
  return {
    executor,
    transact: (work) => executor.transaction(({ native }) => work(native)),
    close: () => client.end(),
  };
}

async function transactMysql<T>(
  connection: mysql.Connection,
  work: (transaction: unknown) => Promise<T>,
): Promise<T> {
  await connection.beginTransaction();
  try {
    const result = await work(connection);
    await connection.commit();
    return result;
  } catch (error) {
    await connection.rollback();
    throw error;
  }
}

async function openMysql2(uri: string): Promise<OpenedWay> {
  const pool = mysql.createPool({ uri, connectionLimit: 10 });
  return {
    executor: mysql2Executor(pool),
    transact: async (work) => {
      const connection = await pool.getConnection();
      try {
        return await transactMysql(connection, work);
      } finally {
        connection.release();
      }
    },
    close: () => pool.end(),
  };
}

async function openSqlite(path: string): Promise<OpenedWay> {
  const database = new Database(path, { timeout: 50 });
  database.pragma('journal_mode = wal');
  const executor = sqliteExecutor(database);
  return {
    executor,
    transact: async (work) => {
      database.exec('begin immediate');
      try {
        const result = await work(database);
        database.exec('commit');
        return result;
      } catch (error) {
        database.exec('rollback');
        throw error;
      }
    },
    close: async () => void database.close(),
  };
}

/** Every library on every server that it speaks to. */
export const WAYS: readonly Way[] = [
  { library: 'pg Pool', server: 'postgres', open: openPg },
  { library: 'pg Pool', server: 'pgbouncer', open: openPg },
  { library: 'pg Client', server: 'postgres', open: openPgClient },
  { library: 'mysql2', server: 'mariadb', open: openMysql2 },
  { library: 'better-sqlite3', server: 'sqlite', open: openSqlite },
];
