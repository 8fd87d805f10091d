import { setTimeout as pause } from 'node:timers/promises';

import { describe, expect, it } from '@jest/globals';
import mysql from 'mysql2/promise';
import pg from 'pg';

import { mysql2Executor } from '../../src/sql/executors/mysql2-executor.js';
import { pgExecutor } from '../../src/sql/executors/pg-executor.js';
import { migrateSql } from '../../src/sql/migrations/sql-schema.js';
import type { SqlExecutor } from '../../src/sql/sql-executor.js';
import { SqlStore } from '../../src/sql/sql-store.js';
import { stormSize } from '../support/sizes.js';
import { type CrashableSqlServer, startMariadb, startPostgres } from '../support/sql-servers.mjs';
import { isThere } from './support/databases.js';

/** Claims that are under way at the same time. */
const CLAIMERS = 8;
const CRASHES = stormSize(1, 10);
const CLAIMING_MS = 1_500;

interface Opened {
  readonly executor: SqlExecutor;
  close(): Promise<void>;
}

function openPostgres(connectionString: string): Opened {
  const pool = new pg.Pool({ connectionString, max: CLAIMERS, connectionTimeoutMillis: 5_000 });
  pool.on('error', () => undefined);
  return { executor: pgExecutor(pool), close: () => pool.end() };
}

function openMariadb(uri: string): Opened {
  const pool = mysql.createPool({ uri, connectionLimit: CLAIMERS });
  return { executor: mysql2Executor(pool), close: () => pool.end() };
}

const SERVERS: readonly [
  name: 'postgres' | 'mariadb',
  start: () => Promise<CrashableSqlServer>,
  open: (url: string) => Opened,
][] = [
  ['postgres', () => startPostgres({ durable: true }), openPostgres],
  ['mariadb', () => startMariadb({ durable: true }), openMariadb],
];

describe.each(SERVERS.filter(([name]) => isThere(name)))(
  '%s that crashes under claims',
  (_name, start, open) => {
    it(
      'keeps what it acknowledged, and every failed call has a typed error',
      async () => {
        const server = await start();
        const { executor, close } = open(server.url);
        try {
          await migrateSql(executor);
          const store = new SqlStore(executor, { sweepEveryMs: 0, timeoutMs: 3_000 });
          const confirmed: string[] = [];
          const codes = new Set<unknown>();
          let keys = 0;
          for (let crash = 0; crash < CRASHES; crash += 1) {
            const over = new AbortController();
            const claim = async (): Promise<void> => {
              while (!over.signal.aborted) {
                const key = `claim:${(keys += 1)}`;
                try {
                  if (await store.setIfAbsent(key, 'mine', null)) confirmed.push(key);
                } catch (error) {
                  codes.add((error as { code?: unknown }).code);
                  await pause(20);
                }
              }
            };
            const claiming = Array.from({ length: CLAIMERS }, claim);
            await pause(CLAIMING_MS / 2);
            await server.crash();
            await pause(CLAIMING_MS / 2);
            over.abort();
            await Promise.all(claiming);
          }
          expect(confirmed.length).toBeGreaterThan(10);
          for (let from = 0; from < confirmed.length; from += 1_000) {
            const some = confirmed.slice(from, from + 1_000);
            expect(await store.getMany(some)).toEqual(some.map(() => 'mine'));
          }
          expect([...codes].filter((code) => !['sql.failed', 'sql.timeout'].includes(String(code)))).toEqual(
            [],
          );
          expect(codes.size).toBeGreaterThan(0);
        } finally {
          await close();
          await server.stop();
        }
      },
      60_000 + CRASHES * 20_000,
    );
  },
);
