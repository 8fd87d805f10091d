import { setTimeout as pause } from 'node:timers/promises';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';

import { pgExecutor } from '../../src/sql/executors/pg-executor.js';
import { migrateSql } from '../../src/sql/migrations/sql-schema.js';
import { FULL_RUN, type SyncRunResult, SyncEngine } from '../../src/sync/engine/sync-engine.js';
import { SYNC_DEFAULTS } from '../../src/sync/engine/sync-settings.js';
import { syncEntity } from '../../src/sync/fields/sync-entity.js';
import { GroupRuns } from '../../src/sync/group-runs.js';
import { SqlSyncStore } from '../../src/sync/sql/sql-sync-store.js';
import { stormSize } from '../support/sizes.js';
import { MemoryConnec, OWNER } from '../support/sync/memory-connec.js';
import { MemorySource, type Row } from '../support/sync/memory-source.js';
import { isThere, makeDatabase, type TestDatabase } from './support/databases.js';
import { StallingProxy } from './support/stalling-proxy.js';

const SCOPE = { app: 'app', marketplace: 'acme', group: 'cld-1' };
/** Milliseconds: how long a lease lasts beside the deadline of a request, that deadline, and that of a call of the store. */
const [LEASE, DEADLINE, STORE_DEADLINE] = [400, 300, 400];
const ROUNDS = stormSize(3, 60);
const WRITES = new Set(['create', 'update', 'write']);

const EMPTY = { firstName: '', lastName: '', email: '' };

interface Person {
  readonly first_name?: string | null;
  readonly last_name?: string | null;
  readonly email?: string | null;
}

/** A call of a side, and who made it when. */
interface Call {
  readonly worker: string;
  readonly method: string;
  readonly at: number;
}

const onPostgres = isThere('postgres') ? describe : describe.skip;

onPostgres('two workers of the synchronization, one of which cannot reach the store for a while', () => {
  const contacts = new MemorySource(EMPTY);
  const connec = new MemoryConnec();
  const calls: Call[] = [];
  const pools: pg.Pool[] = [];
  let database: TestDatabase;
  let proxy: StallingProxy;
  /** Called before each call of a side. */
  let before: ((call: Call) => void) | null = null;

  beforeAll(async () => {
    database = await makeDatabase('postgres');
    proxy = await StallingProxy.before(database.url);
    await migrateSql(pgExecutor(poolOf(database.url)));
  });
  afterAll(async () => {
    await proxy.close();
    await Promise.all(pools.map((pool) => pool.end().catch(() => undefined)));
    await database.drop();
  });

  function poolOf(connectionString: string): pg.Pool {
    const pool = new pg.Pool({ connectionString, max: 4, connectionTimeoutMillis: STORE_DEADLINE });
    pool.on('error', () => undefined);
    pools.push(pool);
    return pool;
  }

  /** The side as a worker calls it. */
  function seenBy<T extends object>(worker: string, target: T): T {
    return new Proxy(target, {
      get: (_target, name) => {
        const value: unknown = Reflect.get(target, name);
        if (typeof value !== 'function' || name === 'identity') return value;
        return async (...args: unknown[]) => {
          const call = { worker, method: String(name), at: Date.now() };
          calls.push(call);
          before?.(call);
          await pause(5);
          return (await Reflect.apply(value, target, args)) as unknown;
        };
      },
    });
  }

  /** A process: a run of it, which tells whether it ended at all. */
  function worker(name: string, url: string): () => Promise<SyncRunResult | null> {
    const store = new SqlSyncStore(pgExecutor(poolOf(url)), { timeoutMs: STORE_DEADLINE });
    const people = syncEntity<typeof EMPTY & Row, 'people', Person>('people', seenBy(name, contacts), {
      fields: { first_name: 'firstName', last_name: 'lastName', email: 'email' },
    });
    const engine = new SyncEngine(store, [people], {
      ...SYNC_DEFAULTS,
      firstRun: 'apply',
      restMs: 300,
      retryMs: 100,
      leaseMs: LEASE,
      timeoutMs: DEADLINE,
      batchSize: 4,
      brake: { floor: 10_000, share: 1, ceiling: 10_000 },
    });
    const sides = {
      scope: SCOPE,
      connec: seenBy(name, connec),
      owner: OWNER,
      tenant: 'cld-1',
      executor: null,
    };
    const runs = new GroupRuns(store, engine);
    return async () => {
      try {
        const ended = await runs.run(SCOPE, {
          request: () => null,
          run: async (lease) => {
            const result = await engine.run(sides, FULL_RUN, undefined, lease);
            return { result, ending: { status: 'SUCCESS', message: '' }, pausedUntil: null };
          },
          failed: () => ({ status: 'ERROR', message: '' }),
        });
        return ended.result;
      } catch {
        return null;
      }
    };
  }

  const edit = (value: string): void => {
    const email = `${value}@x.test`;
    contacts.add({ firstName: value, email });
    connec.add({ first_name: '', last_name: value, email: `there-${email}` });
    const [row] = contacts.list;
    if (row) contacts.edit(row.id, { firstName: `${value} again` });
    const [record] = connec.records.values();
    if (record) connec.edit(record.id, { last_name: `${value} there` });
  };

  it(
    'has it send nothing once its lease cannot be known to hold, the other take over, and nothing doubled or lost',
    async () => {
      const parted = worker('parted', proxy.url);
      const whole = worker('whole', database.url);
      const [reader] = pools;
      for (let round = 0; round < ROUNDS; round += 1) {
        for (let n = 0; n < 6; n += 1) edit(`v${round}-${n}`);
        // Somewhere among reading, deciding and writing: behind the first requests of its run.
        const at = 2 + ((round * 5) % 9);
        const its = { calls: 0, stalledAt: null as number | null };
        before = ({ worker: who }) => {
          if (who !== 'parted' || its.stalledAt !== null || (its.calls += 1) < at) return;
          proxy.stall();
          its.stalledAt = calls.length;
        };
        const ending = parted();
        while (its.stalledAt === null) await pause(5);
        const { rows } = await reader!.query<{ readonly until: string }>(
          'select held_until as until from maestrano_sync_lease',
        );
        const until = Number(rows[0]!.until);
        expect(until).toBeGreaterThan(Date.now() - 100);
        // Users go on; so does the other worker, as soon as the lease is over.
        edit(`v${round}-meanwhile`);
        let taken: SyncRunResult | null;
        do {
          await pause(20);
          taken = await whole();
        } while (taken?.status !== 'done');
        edit(`v${round}-afterwards`);
        const mine = calls.slice(its.stalledAt).filter((call) => call.worker === 'parted');
        expect(mine.filter((call) => call.at > until - DEADLINE)).toEqual([]);
        // What it sent while it was parted and still had its lease, the other one knows of.
        const counted = calls.length;
        proxy.heal();
        await ending;
        await pause(50);
        const late = calls.slice(counted).filter((call) => call.worker === 'parted');
        expect(late.filter(({ method }) => WRITES.has(method))).toEqual([]);
      }
      before = null;
      for (let same = 0, writes = -1; same < 4;) {
        await pause(120);
        await parted();
        await whole();
        const now = contacts.writes.length + connec.writes.length;
        same = now === writes ? same + 1 : 0;
        writes = now;
      }
      const app = contacts.list.map((one) => `${one.email} ${one.firstName} ${one.lastName}`);
      const there = [...connec.records.values()].map(({ record }) =>
        [record.email, record.first_name, record.last_name].map(String).join(' '),
      );
      expect(app.toSorted()).toEqual(there.toSorted());
      expect(app).toHaveLength(ROUNDS * 8 * 2);
      expect(new Set(app.map((one) => one.split(' ')[0])).size).toBe(app.length);
      const last = `v${ROUNDS - 1}-afterwards`;
      expect(contacts.list[0]!.firstName).toBe(`${last} again`);
      expect([...connec.records.values()][0]!.record.last_name).toBe(`${last} there`);
    },
    stormSize(60_000, 1_200_000),
  );
});
