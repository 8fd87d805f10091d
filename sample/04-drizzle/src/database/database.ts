import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import BetterSqlite from 'better-sqlite3';
import { sql } from 'drizzle-orm';
import { type BetterSQLite3Database, drizzle as onSqlite } from 'drizzle-orm/better-sqlite3';
import { drizzle as onPostgres } from 'drizzle-orm/node-postgres';
import { drizzleExecutor, migrateSql, type SqlExecutor } from 'nestjs-maestrano/sql';
import pg from 'pg';

import * as postgresSchema from './schema.postgres.js';
import * as sqliteSchema from './schema.sqlite.js';

type Schema = typeof sqliteSchema;
export type Db = BetterSQLite3Database;
export type User = Schema['users']['$inferSelect'];
export type Company = Schema['companies']['$inferSelect'];
export type Booking = Schema['bookings']['$inferSelect'];

/**
 * The application's database. Both kinds have the same tables with the same types of values, and Drizzle's builders
 * have the same methods, so that the code is written once, in the types of SQLite.
 */
export class Database {
  private constructor(
    readonly db: Db,
    readonly schema: Schema,
    /** The way of nestjs-maestrano to the same database. */
    readonly executor: SqlExecutor,
    private readonly end: () => Promise<void>,
  ) {}

  /** @param url `postgres://…`, or the path of a file. */
  static async open(url: string): Promise<Database> {
    const database = /^postgres(ql)?:/.test(url) ? Database.#postgres(url) : Database.#sqlite(url);
    const { dialect } = database.executor;
    const folder = join(import.meta.dirname, '..', '..', 'migrations', dialect);
    const text = await readFile(join(folder, '0001_tables.sql'), 'utf8');
    await database.executor.transaction(async (inside) => {
      // Instances that start together do this one after the other.
      if (dialect === 'postgres')
        await inside.query("select pg_advisory_xact_lock(hashtext('desks')) as held", []);
      for (const statement of text.split(';\n')) if (statement.trim()) await inside.execute(statement, []);
    });
    await migrateSql(database.executor);
    return database;
  }

  static #postgres(connectionString: string): Database {
    const pool = new pg.Pool({ connectionString, max: 10, connectionTimeoutMillis: 5_000 });
    // Without a listener a restart of the database would end the process.
    pool.on('error', () => undefined);
    const db = onPostgres({ client: pool });
    return new Database(
      db as unknown as Db,
      postgresSchema as unknown as Schema,
      drizzleExecutor(db, sql, 'postgres'),
      () => pool.end(),
    );
  }

  static #sqlite(path: string): Database {
    const client = new BetterSqlite(path, { timeout: 50 });
    client.pragma('journal_mode = wal');
    const db = onSqlite({ client });
    return new Database(
      db,
      sqliteSchema,
      drizzleExecutor(db, sql, 'sqlite'),
      async () => void client.close(),
    );
  }

  /**
   * A transaction. Begun by the executor, because the transactions of better-sqlite3 cannot wait. Everything is written
   * in one: SQLite has one connection, and what is written beside a transaction would end up in it.
   *
   * @param work gets the database inside the transaction; give it as `tx` to nestjs-maestrano.
   */
  transaction<T>(work: (tx: Db) => PromiseLike<T>): Promise<T> {
    return this.executor.transaction(async ({ native }) => work(native as Db));
  }

  async onApplicationShutdown(): Promise<void> {
    await this.end();
  }
}
