import 'reflect-metadata';

import { PrismaBetterSqlite3 } from '@prisma/adapter-better-sqlite3';
import { PrismaMariaDb } from '@prisma/adapter-mariadb';
import { PrismaPg } from '@prisma/adapter-pg';
import Database from 'better-sqlite3';
import { sql } from 'drizzle-orm';
import { drizzle as drizzleSqlite } from 'drizzle-orm/better-sqlite3';
import { drizzle as drizzleMysql } from 'drizzle-orm/mysql2';
import { drizzle as drizzlePg } from 'drizzle-orm/node-postgres';
import knex, { type Knex } from 'knex';
import { CompiledQuery, Kysely, MysqlDialect, PostgresDialect, SqliteDialect } from 'kysely';
import { createPool } from 'mysql2';
import mysql from 'mysql2/promise';
import pg from 'pg';
import { DataSource, type DataSourceOptions } from 'typeorm';

import { drizzleExecutor } from '../../../src/sql/executors/drizzle-executor.js';
import { knexExecutor } from '../../../src/sql/executors/knex-executor.js';
import { kyselyExecutor } from '../../../src/sql/executors/kysely-executor.js';
import { prismaExecutor } from '../../../src/sql/executors/prisma-executor.js';
import { typeormExecutor } from '../../../src/sql/executors/typeorm-executor.js';
import { mysql2Executor } from '../../../src/sql/executors/mysql2-executor.js';
import { pgExecutor } from '../../../src/sql/executors/pg-executor.js';
import { sqliteExecutor } from '../../../src/sql/executors/sqlite-executor.js';
import type { SqlDialect, SqlExecutor } from '../../../src/sql/sql-executor.js';
import { PrismaClient as PrismaMysql } from '../generated/mysql/client.js';
import { PrismaClient as PrismaPostgres } from '../generated/postgresql/client.js';
import { PrismaClient as PrismaSqlite } from '../generated/sqlite/client.js';
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

/** Pools are small, so that waiting for a connection is part of the tests. */
const CONNECTIONS = 5;

function onKnex(dialect: SqlDialect, config: Knex.Config): OpenedWay {
  const db = knex({ ...config, acquireConnectionTimeout: 10_000 });
  return {
    executor: knexExecutor(db, dialect),
    transact: (work) => db.transaction(work),
    close: () => db.destroy(),
  };
}

const openKnexPg = async (connection: string): Promise<OpenedWay> =>
  onKnex('postgres', { client: 'pg', connection, pool: { min: 0, max: CONNECTIONS } });
const openKnexMysql = async (connection: string): Promise<OpenedWay> =>
  onKnex('mysql', { client: 'mysql2', connection, pool: { min: 0, max: CONNECTIONS } });
const openKnexSqlite = async (filename: string): Promise<OpenedWay> => {
  const way = onKnex('sqlite', {
    client: 'better-sqlite3',
    connection: { filename },
    useNullAsDefault: true,
  });
  await way.executor.query('pragma journal_mode = wal', []);
  return way;
};

function onKysely(
  dialect: SqlDialect,
  kyselyDialect: PostgresDialect | MysqlDialect | SqliteDialect,
): OpenedWay {
  const db = new Kysely<Record<string, never>>({ dialect: kyselyDialect });
  return {
    executor: kyselyExecutor(db, CompiledQuery, dialect),
    transact: (work) => db.transaction().execute(work),
    close: () => db.destroy(),
  };
}

function pgPool(connectionString: string): pg.Pool {
  const pool = new pg.Pool({ connectionString, max: CONNECTIONS, connectionTimeoutMillis: 10_000 });
  return pool.on('error', () => undefined);
}

function sqliteFile(path: string): Database.Database {
  const database = new Database(path, { timeout: 50 });
  database.pragma('journal_mode = wal');
  return database;
}

const openKyselyPg = async (url: string): Promise<OpenedWay> =>
  onKysely('postgres', new PostgresDialect({ pool: pgPool(url) }));
const openKyselyMysql = async (uri: string): Promise<OpenedWay> =>
  onKysely('mysql', new MysqlDialect({ pool: createPool({ uri, connectionLimit: CONNECTIONS }) }));
const openKyselySqlite = async (path: string): Promise<OpenedWay> =>
  onKysely('sqlite', new SqliteDialect({ database: sqliteFile(path) }));

async function onTypeorm(dialect: SqlDialect, options: DataSourceOptions): Promise<OpenedWay> {
  const source = await new DataSource(options).initialize();
  return {
    executor: typeormExecutor(source, dialect),
    transact: (work) => source.transaction(work),
    close: () => source.destroy(),
  };
}

const openTypeormPg = (url: string): Promise<OpenedWay> =>
  onTypeorm('postgres', { type: 'postgres', url, poolSize: CONNECTIONS });
const openTypeormMysql = (url: string): Promise<OpenedWay> =>
  onTypeorm('mysql', { type: 'mariadb', url, poolSize: CONNECTIONS });
const openTypeormSqlite = (database: string): Promise<OpenedWay> =>
  onTypeorm('sqlite', { type: 'better-sqlite3', database, timeout: 50, enableWAL: true });

async function openDrizzlePg(url: string): Promise<OpenedWay> {
  const pool = pgPool(url);
  const db = drizzlePg({ client: pool });
  return {
    executor: drizzleExecutor(db, sql, 'postgres'),
    transact: (work) => db.transaction(work),
    close: () => pool.end(),
  };
}

async function openDrizzleMysql(uri: string): Promise<OpenedWay> {
  const pool = mysql.createPool({ uri, connectionLimit: CONNECTIONS });
  const db = drizzleMysql({ client: pool });
  return {
    executor: drizzleExecutor(db, sql, 'mysql'),
    transact: (work) => db.transaction(work),
    close: () => pool.end(),
  };
}

async function openDrizzleSqlite(path: string): Promise<OpenedWay> {
  const database = sqliteFile(path);
  const executor = drizzleExecutor(drizzleSqlite({ client: database }), sql, 'sqlite');
  return {
    executor,
    transact: (work) => executor.transaction(({ native }) => work(native)),
    close: async () => void database.close(),
  };
}

function onPrisma(dialect: SqlDialect, client: PrismaPostgres | PrismaMysql | PrismaSqlite): OpenedWay {
  // The clients of the three databases differ in what is not used here.
  const prisma = client as PrismaPostgres;
  return {
    executor: prismaExecutor(prisma, dialect),
    transact: (work) => prisma.$transaction((transaction) => work(transaction)),
    close: () => prisma.$disconnect(),
  };
}

const openPrismaPg = async (connectionString: string): Promise<OpenedWay> =>
  onPrisma('postgres', new PrismaPostgres({ adapter: new PrismaPg({ connectionString, max: CONNECTIONS }) }));
const openPrismaMysql = async (url: string): Promise<OpenedWay> => {
  const { hostname, port, username, pathname } = new URL(url);
  const database = pathname.slice(1);
  const adapter = new PrismaMariaDb({
    host: hostname,
    port: Number(port),
    user: username,
    database,
    connectionLimit: CONNECTIONS,
  });
  return onPrisma('mysql', new PrismaMysql({ adapter }));
};
const openPrismaSqlite = async (path: string): Promise<OpenedWay> =>
  onPrisma(
    'sqlite',
    new PrismaSqlite({ adapter: new PrismaBetterSqlite3({ url: `file:${path}`, timeout: 50 }) }),
  );

/** Every library on every server that it speaks to. */
export const WAYS: readonly Way[] = [
  { library: 'pg Pool', server: 'postgres', open: openPg },
  { library: 'pg Pool', server: 'pgbouncer', open: openPg },
  { library: 'pg Client', server: 'postgres', open: openPgClient },
  { library: 'mysql2', server: 'mariadb', open: openMysql2 },
  { library: 'better-sqlite3', server: 'sqlite', open: openSqlite },
  { library: 'Knex', server: 'postgres', open: openKnexPg },
  { library: 'Knex', server: 'pgbouncer', open: openKnexPg },
  { library: 'Knex', server: 'mariadb', open: openKnexMysql },
  { library: 'Knex', server: 'sqlite', open: openKnexSqlite },
  { library: 'Kysely', server: 'postgres', open: openKyselyPg },
  { library: 'Kysely', server: 'pgbouncer', open: openKyselyPg },
  { library: 'Kysely', server: 'mariadb', open: openKyselyMysql },
  { library: 'Kysely', server: 'sqlite', open: openKyselySqlite },
  { library: 'TypeORM', server: 'postgres', open: openTypeormPg },
  { library: 'TypeORM', server: 'pgbouncer', open: openTypeormPg },
  { library: 'TypeORM', server: 'mariadb', open: openTypeormMysql },
  { library: 'TypeORM', server: 'sqlite', open: openTypeormSqlite },
  { library: 'Drizzle', server: 'postgres', open: openDrizzlePg },
  { library: 'Drizzle', server: 'pgbouncer', open: openDrizzlePg },
  { library: 'Drizzle', server: 'mariadb', open: openDrizzleMysql },
  { library: 'Drizzle', server: 'sqlite', open: openDrizzleSqlite },
  { library: 'Prisma', server: 'postgres', open: openPrismaPg },
  { library: 'Prisma', server: 'pgbouncer', open: openPrismaPg },
  { library: 'Prisma', server: 'mariadb', open: openPrismaMysql },
  { library: 'Prisma', server: 'sqlite', open: openPrismaSqlite },
];

/** The drivers alone: what every library stands on. */
export const DRIVERS: readonly Way[] = WAYS.filter(({ library }) =>
  ['pg Pool', 'mysql2', 'better-sqlite3'].includes(library),
).filter(({ server }) => server !== 'pgbouncer');
