import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

import mysql from 'mysql2/promise';
import pg from 'pg';

/** Where tests run; PgBouncer stands before the PostgreSQL. */
export type Server = 'postgres' | 'pgbouncer' | 'mariadb' | 'sqlite';

/** A database that a suite has to itself. */
export interface TestDatabase {
  /** URL of the server's database; path of the file for SQLite. */
  readonly url: string;
  drop(): Promise<void>;
}

const URLS: Readonly<Record<Exclude<Server, 'sqlite'>, string | undefined>> = {
  postgres: process.env['TEST_POSTGRES_URL'],
  pgbouncer: process.env['TEST_PGBOUNCER_URL'],
  mariadb: process.env['TEST_MARIADB_URL'],
};

/** Whether there is such a server in this run; the global setup printed why not. */
export function isThere(server: Server): boolean {
  return server === 'sqlite' || URLS[server] !== undefined;
}

/** Makes an empty database. */
export async function makeDatabase(server: Server): Promise<TestDatabase> {
  const name = `t_${randomBytes(6).toString('hex')}`;
  if (server === 'sqlite') {
    const folder = mkdtempSync(join(tmpdir(), 'nestjs-maestrano-sqlite-'));
    return { url: join(folder, name), drop: async () => rmSync(folder, { recursive: true }) };
  }
  const admin = server === 'mariadb' ? onMariadb : onPostgres;
  await admin(`create database ${name}`);
  const url = new URL(URLS[server]!);
  url.pathname = `/${name}`;
  const force = server === 'mariadb' ? '' : ' with (force)';
  return { url: url.href, drop: () => admin(`drop database ${name}${force}`) };
}

async function onPostgres(text: string): Promise<void> {
  const client = await accepted(async () => {
    const one = new pg.Client({ connectionString: URLS.postgres });
    await one.connect();
    return one;
  });
  await client.query(text);
  await client.end();
}

async function onMariadb(text: string): Promise<void> {
  const connection = await accepted(() => mysql.createConnection(URLS.mariadb!));
  await connection.query(text);
  await connection.end();
}

/** Servers start while the first suites run already. */
async function accepted<T>(connect: () => Promise<T>): Promise<T> {
  const until = performance.now() + 60_000;
  for (;;) {
    try {
      return await connect();
    } catch (error) {
      if (performance.now() > until) throw error;
      await pause(100);
    }
  }
}
