import 'reflect-metadata';

import { createRequire } from 'node:module';
import { setTimeout as pause } from 'node:timers/promises';

import type Database from 'better-sqlite3';

import { FULL_RUN, SyncEngine } from '../../../src/sync/engine/sync-engine.js';
import { SYNC_DEFAULTS } from '../../../src/sync/engine/sync-settings.js';
import type { ConnecRecords } from '../../../src/sync/connec/connec-records.js';
import { syncEntity } from '../../../src/sync/fields/sync-entity.js';
import { GroupRuns } from '../../../src/sync/group-runs.js';
import type { SyncSource } from '../../../src/sync/source/sync-source.js';
import { SqlSyncStore } from '../../../src/sync/sql/sql-sync-store.js';
import { sqliteExecutor } from '../../../src/sql/executors/sqlite-executor.js';

/**
 * One process of the engine that may be killed at any moment. Its store is a file; both sides are in the process that
 * started it, which is asked for everything.
 */
const { DATABASE_PATH = '', SQL_PACKAGES = '' } = process.env;
// It runs from a folder that has none of them.
const Sqlite = createRequire(SQL_PACKAGES)('better-sqlite3') as typeof Database;

/** What a process asks of the one that started it. */
export interface Question {
  readonly id: number;
  readonly side: 'app' | 'connec';
  readonly method: string;
  readonly args: readonly unknown[];
}

let asked = 0;
const waiting = new Map<number, (answer: unknown) => void>();
process.on('message', ({ id, answer }: { readonly id: number; readonly answer: unknown }) => {
  waiting.get(id)?.(answer);
  waiting.delete(id);
});

function ask<T>(side: Question['side'], method: string, ...args: readonly unknown[]): Promise<T> {
  return new Promise((resolve) => {
    const id = (asked += 1);
    waiting.set(id, resolve as (answer: unknown) => void);
    process.send?.({ id, side, method, args } satisfies Question);
  });
}

interface Row {
  readonly id: number;
  readonly key: string | null;
  readonly rev: number;
  readonly updatedAt: Date;
  readonly firstName: string;
  readonly lastName: string;
  readonly email: string | null;
}

const source: SyncSource<Row> = {
  versions: 'table',
  changes: (query) => ask('app', 'changes', query),
  get: (ids) => ask('app', 'get', ids),
  create: (data, { key }) => ask('app', 'create', data, { key }),
  find: (key) => ask('app', 'find', key),
  update: (id, changes, { ifVersion }) => ask('app', 'update', id, changes, { ifVersion }),
  identity: ({ id, rev, updatedAt, key }) => ({ id, version: rev, updatedAt, key }),
};
const connec: ConnecRecords = {
  page: (...args) => ask('connec', 'page', ...args),
  get: (...args) => ask('connec', 'get', ...args),
  write: (...args) => ask('connec', 'write', ...args),
};

const database = new Sqlite(DATABASE_PATH);
database.pragma('journal_mode = wal');
const store = new SqlSyncStore(sqliteExecutor(database));
interface Person {
  readonly first_name?: string | null;
  readonly last_name?: string | null;
  readonly email?: string | null;
}
const people = syncEntity<Row, 'people', Person>('people', source, {
  fields: { first_name: 'firstName', last_name: 'lastName', email: 'email' },
});
const engine = new SyncEngine(store, [people], {
  ...SYNC_DEFAULTS,
  firstRun: 'apply',
  restMs: 300,
  retryMs: 100,
  leaseMs: 200,
  timeoutMs: 300,
  brake: { floor: 10_000, share: 1, ceiling: 10_000 },
});
const scope = { app: 'app', marketplace: 'acme', group: 'cld-1' };
const sides = { scope, connec, owner: { provider: 'app', realm: 'r' }, tenant: 'cld-1', executor: null };
const runs = new GroupRuns(store, engine);
for (;;) {
  try {
    await runs.run(scope, {
      request: () => ({ id: String(process.pid), options: {} }),
      run: async (lease) => {
        const result = await engine.run(sides, FULL_RUN, undefined, lease);
        return { result, ending: { status: 'SUCCESS', message: '' }, pausedUntil: null };
      },
      failed: (error) => ({ status: 'ERROR', message: String(error) }),
    });
  } catch (error) {
    // Another process has the group by now.
    if ((error as { code?: string }).code !== 'sync.leaseLost') throw error;
  }
  await ask('app', 'ran');
  await pause(10);
}
