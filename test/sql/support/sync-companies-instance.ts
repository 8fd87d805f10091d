import 'reflect-metadata';

import { createRequire } from 'node:module';

import type pg from 'pg';

import type { GroupReference } from '../../../src/adapters/maestrano-group.adapter.js';
import { MaestranoSqlError } from '../../../src/errors/sql.error.js';
import { MaestranoSyncError } from '../../../src/errors/sync.error.js';
import { pgExecutor } from '../../../src/sql/executors/pg-executor.js';
import type { ConnecRecords } from '../../../src/sync/connec/connec-records.js';
import { SyncEngine } from '../../../src/sync/engine/sync-engine.js';
import { SYNC_DEFAULTS } from '../../../src/sync/engine/sync-settings.js';
import { syncEntity } from '../../../src/sync/fields/sync-entity.js';
import { GroupRuns } from '../../../src/sync/group-runs.js';
import { runOptionsOf } from '../../../src/sync/run-options.js';
import { MemorySyncScheduler } from '../../../src/sync/schedule/memory-sync-scheduler.js';
import { SyncSchedule } from '../../../src/sync/schedule/sync-schedule.service.js';
import { sliceRequest, Slices } from '../../../src/sync/slices.js';
import type { SyncSource } from '../../../src/sync/source/sync-source.js';
import { SqlSyncStore } from '../../../src/sync/sql/sql-sync-store.js';
import type { SyncScope } from '../../../src/sync/store/sync-store.js';
import type { MaestranoSync } from '../../../src/sync/sync.service.js';

/**
 * A worker for many companies. Its store is a PostgreSQL, and it keeps nothing else; the companies' rows and Connec! are in the
 * process that started it, which also moves its clock.
 */
const { DATABASE_URL = '', SQL_PACKAGES = '' } = process.env;
// It runs from a folder that has none of them.
const { Pool } = createRequire(SQL_PACKAGES)('pg') as typeof pg;

/** What it asks of the process that started it. */
export interface CompanyQuestion {
  readonly id: number;
  readonly scope: SyncScope;
  readonly side: 'app' | 'connec';
  readonly method: string;
  readonly args: readonly unknown[];
}

/** What it is told to do. */
export type WorkerOrder =
  | { readonly kind: 'answer'; readonly id: number; readonly value: unknown; readonly isAway: boolean }
  | { readonly kind: 'ask'; readonly groups: readonly GroupReference[] }
  | { readonly kind: 'turn'; readonly now: number }
  /** A turn that is measured. */
  | { readonly kind: 'measure'; readonly now: number };

/** What it says when it has done it. */
export interface WorkerReport {
  readonly kind: 'report';
  /** Runs that were begun, by marketplace. */
  readonly begun: Readonly<Record<string, number>>;
  readonly rssMiB: number;
  /** Milliseconds of CPU that the order took. */
  readonly cpuMs: number;
  readonly handles: number;
  /** Calls of the store that were given up, and made again. */
  readonly givenUp: number;
}

let asked = 0;
const waiting = new Map<number, (order: Extract<WorkerOrder, { kind: 'answer' }>) => void>();

function ask<T>(
  scope: SyncScope,
  side: CompanyQuestion['side'],
  method: string,
  ...args: unknown[]
): Promise<T> {
  return new Promise((resolve, reject) => {
    const id = (asked += 1);
    waiting.set(id, ({ value, isAway }) => {
      if (isAway) reject(new MaestranoSyncError('sync.sideAway'));
      else resolve(value as T);
    });
    process.send?.({ id, scope, side, method, args } satisfies CompanyQuestion);
  });
}

const realNow = Date.now;
let ahead = 0;
Date.now = () => realNow() + ahead;

interface Row {
  readonly id: number;
  readonly key: string | null;
  readonly rev: number;
  readonly updatedAt: Date;
  readonly bornAt: string;
  readonly firstName: string;
  readonly lastName: string;
}

const source: SyncSource<Row> = {
  versions: 'table',
  changes: (query, { scope }) => ask(scope, 'app', 'changes', query),
  get: (ids, { scope }) => ask(scope, 'app', 'get', ids),
  create: (data, { scope, key }) => ask(scope, 'app', 'create', data, { key }),
  find: (key, { scope }) => ask(scope, 'app', 'find', key),
  update: (id, changes, { scope, ifVersion }) => ask(scope, 'app', 'update', id, changes, { ifVersion }),
  identity: ({ id, rev, updatedAt, bornAt, key }) => ({ id, version: rev, updatedAt, bornAt, key }),
};

const connecOf = (scope: SyncScope): ConnecRecords => ({
  page: (...args) => ask(scope, 'connec', 'page', ...args),
  get: (...args) => ask(scope, 'connec', 'get', ...args),
  write: (...args) => ask(scope, 'connec', 'write', ...args),
});

const pool = new Pool({ connectionString: DATABASE_URL, max: 8 });
const store = new SqlSyncStore(pgExecutor(pool));
// Its clock is moved as that of this process is.
store.now = async () => Date.now();
const people = syncEntity('people', source, { fields: { first_name: 'firstName', last_name: 'lastName' } });
const engine = new SyncEngine(store, [people], {
  ...SYNC_DEFAULTS,
  firstRun: 'apply',
  leaseMs: 2_000,
  timeoutMs: 1_000,
});
const runs = new GroupRuns(store, engine);
const scheduler = new MemorySyncScheduler();
const scopeOf = ({ marketplace, groupUid }: GroupReference): SyncScope => ({
  app: 'default',
  marketplace,
  group: groupUid,
});
let begun: Record<string, number> = {};
const slices = new Slices({
  store,
  scheduler,
  sliceMs: 30_000,
  scopeOf,
  run: (group, until, signal) =>
    runs.run(
      scopeOf(group),
      {
        request: sliceRequest,
        run: async (lease, { paused }, taken) => {
          begun[group.marketplace] = (begun[group.marketplace] ?? 0) + 1;
          const scope = scopeOf(group);
          const owner = { provider: 'app', realm: 'r' };
          const sides = { scope, connec: connecOf(scope), owner, tenant: null, executor: null };
          const how = { ...runOptionsOf(['people'], paused, taken?.options ?? {}), until };
          const result = await engine.run(sides, how, signal, lease);
          const code = result.errors[0]?.code ?? null;
          return {
            result,
            ending: { status: code === null ? 'SUCCESS' : 'ERROR', message: '', code },
            pausedUntil: null,
          };
        },
        failed: (error) => ({ status: 'ERROR', message: String(error), code: 'unknown' }),
      },
      signal,
    ),
});
slices.work(8);
const due = (group: GroupReference): Promise<void> => slices.enqueue(group);
const schedule = new SyncSchedule({ store, entities: [], owner: { provider: 'app', realm: 'r' } }, {
  due,
} as unknown as MaestranoSync);

/** Times that a call is made which a busy database does not answer in time. */
const ATTEMPTS = 5;
let givenUp = 0;

/** An application's own turn never ends with it either: the next one tries again. */
async function persistent(work: () => Promise<unknown>): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await work();
      return;
    } catch (error) {
      if (!(error instanceof MaestranoSqlError) || attempt === ATTEMPTS) throw error;
      givenUp += 1;
    }
  }
}

async function done(order: Exclude<WorkerOrder, { kind: 'answer' }>): Promise<void> {
  begun = {};
  const before = process.cpuUsage();
  givenUp = 0;
  if (order.kind === 'ask') for (const group of order.groups) await persistent(() => slices.ask(group, {}));
  else {
    ahead = order.now - realNow();
    await persistent(() => schedule.turn(Date.now()));
  }
  await scheduler.idle();
  const { user, system } = process.cpuUsage(before);
  const report: WorkerReport = {
    kind: 'report',
    begun,
    rssMiB: process.memoryUsage.rss() / 1_048_576,
    cpuMs: (user + system) / 1_000,
    handles: process.getActiveResourcesInfo().length,
    givenUp,
  };
  process.send?.(report);
}

process.on('message', (order: WorkerOrder) => {
  if (order.kind === 'answer') {
    waiting.get(order.id)?.(order);
    waiting.delete(order.id);
  } else {
    void done(order);
  }
});
process.send?.({
  kind: 'report',
  begun: {},
  rssMiB: 0,
  cpuMs: 0,
  handles: 0,
  givenUp: 0,
} satisfies WorkerReport);
