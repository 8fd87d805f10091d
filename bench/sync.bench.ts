import { fork } from 'node:child_process';
import { once } from 'node:events';
import { Agent } from 'node:http';
import { createRequire } from 'node:module';
import { join } from 'node:path';

import axios, { type AxiosInstance } from 'axios';

import { ConnecClient } from '../src/connec/client/connec-client.js';
import { MaestranoHttp } from '../src/http/maestrano-http.service.js';
import { normaliseMarketplaces } from '../src/marketplace/marketplace-normaliser.js';
import { resolveSettings } from '../src/settings/maestrano-settings.js';
import { sqliteExecutor } from '../src/sql/executors/sqlite-executor.js';
import { migrateSql } from '../src/sql/migrations/sql-schema.js';
import type { SqlExecutor, SqlStatements } from '../src/sql/sql-executor.js';
import { ConnecClientRecords } from '../src/sync/connec/connec-client-records.js';
import { FULL_RUN, type GroupSides, SyncEngine, type SyncRunResult } from '../src/sync/engine/sync-engine.js';
import { SYNC_DEFAULTS } from '../src/sync/engine/sync-settings.js';
import { syncEntity } from '../src/sync/fields/sync-entity.js';
import { SqlSyncStore } from '../src/sync/sql/sql-sync-store.js';
import { MemorySyncStore } from '../src/sync/store/memory-sync-store.js';
import type { SyncStore } from '../src/sync/store/sync-store.js';
import { defineBench, type ProbeValue } from './harness.js';
import { naiveSync } from './naive-sync.js';
import { BenchContacts } from './sync-contacts.js';

const OWNER = { provider: 'bench', realm: 'main' };
const SETTINGS = resolveSettings({}, { environment: {} });
/** Brakes are for accidents; here everything changes on purpose. */
const OPEN = { floor: 1e9, share: 1, ceiling: 1e9 };

interface Control {
  readonly requests: number;
  readonly writes: number;
  readonly records: number;
}

/** Connec! in a process of its own, the engine's client, and a plain one for the naive loop. */
class World {
  private constructor(
    private readonly url: string,
    private readonly child: { kill(): boolean },
    private readonly http: MaestranoHttp,
    readonly plain: AxiosInstance,
  ) {}

  static async start(): Promise<World> {
    const child = fork(join(import.meta.dirname, 'sync-connec-server.mjs'), []);
    const [{ port }] = (await once(child, 'message')) as [{ port: number }];
    const url = `http://127.0.0.1:${port}`;
    const plain = axios.create({ baseURL: url, httpAgent: new Agent({ keepAlive: true }) });
    const world = new World(url, child, new MaestranoHttp(SETTINGS.http), plain);
    // The client loads its libraries with the first call: a start-up, not a synchronization.
    await world.sides('nobody').connec.get('people', ['none']);
    return world;
  }

  async control(body: object): Promise<Control> {
    return (await this.plain.post<Control>('/control', body)).data;
  }

  sides(group: string): GroupSides {
    const { marketplaces } = normaliseMarketplaces([
      {
        marketplace: 'uat',
        app: { host: 'https://app.example.com' },
        api: { id: 'app-1', key: 'k'.repeat(64), host: 'https://hub.example.com' },
        sso: { enabled: false },
        connec: { host: this.url, base_path: '/api/v2' },
      },
    ]);
    const settings = { ...SETTINGS.connec.client, externalIds: true };
    const client = new ConnecClient(this.http, marketplaces[0]!, group, settings);
    return {
      scope: { app: 'bench', marketplace: 'uat', group },
      connec: new ConnecClientRecords(client, OWNER),
      owner: OWNER,
      tenant: group,
      executor: null,
    };
  }

  async close(): Promise<void> {
    await this.http.onApplicationShutdown();
    this.child.kill();
  }
}

/** A store in a SQLite file in memory, with a count of its statements; in memory where the driver is not installed. */
async function openStore(): Promise<{ readonly store: SyncStore; readonly statements: () => number | null }> {
  let count = 0;
  try {
    const load = createRequire(join(process.cwd(), 'test/sql/package.json'));
    const Database = load('better-sqlite3') as new (path: string) => Parameters<typeof sqliteExecutor>[0];
    const executor = counted(sqliteExecutor(new Database(':memory:')), () => (count += 1));
    await migrateSql(executor);
    count = 0;
    const store = new SqlSyncStore(executor);
    // An hour passes for it as well.
    store.now = async () => Date.now();
    return { store, statements: () => count };
  } catch {
    return { store: new MemorySyncStore(), statements: () => null };
  }
}

function counted(executor: SqlExecutor, note: () => void): SqlExecutor {
  const statements = (of: SqlExecutor): SqlStatements => ({
    query: (text, parameters) => (note(), of.query(text, parameters)),
    execute: (text, parameters) => (note(), of.execute(text, parameters)),
  });
  const wrapped = (of: SqlExecutor): SqlExecutor => ({
    ...of,
    ...statements(of),
    transaction: (work) => of.transaction((inside) => work(wrapped(inside))),
    within: (transaction) => wrapped(of.within(transaction)),
  });
  return wrapped(executor);
}

const HOUR = 3_600_000;
const realNow = Date.now;
let ahead = 0;
Date.now = () => realNow() + ahead;

/** An hour passes, as between two runs of a company. */
function anHourLater(): void {
  ahead += HOUR;
}

/** CPU milliseconds of some work in this process. */
async function cpu(work: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
}

/** A company with so many contacts in the application, and its engine. */
class Company {
  readonly contacts = new BenchContacts();
  readonly #engine: SyncEngine;
  readonly #sides: GroupSides;

  constructor(world: World, store: SyncStore, group: string) {
    const entity = syncEntity('people', this.contacts, {
      fields: { first_name: 'firstName', last_name: 'lastName' },
    });
    this.#engine = new SyncEngine(store, [entity], {
      ...SYNC_DEFAULTS,
      firstRun: 'apply',
      restMs: 0,
      brake: OPEN,
    });
    this.#sides = world.sides(group);
  }

  fill(count: number): void {
    for (let n = 0; n < count; n += 1)
      this.contacts.add({ firstName: `Jo ${n}`, lastName: `Doe the ${n}th` });
  }

  /** Every contact from one on to another, changed in the application. */
  edit(from: number, count: number, mark: string): void {
    for (let id = from; id < from + count; id += 1) this.contacts.edit(id, { firstName: `Jo ${mark} ${id}` });
  }

  /** Two more runs: what was written comes back once and is compared, and once more while changes may still come late. */
  async settle(): Promise<void> {
    for (let count = 0; count < 2; count += 1) {
      anHourLater();
      await this.run();
    }
    anHourLater();
  }

  async run(full = false): Promise<SyncRunResult> {
    const result = await this.#engine.run(this.#sides, { ...FULL_RUN, full });
    if (result.status !== 'done') throw new Error(`The run is ${result.status}: ${String(result.errors[0])}`);
    return result;
  }
}

/** How often a hundredth of the records changes: the first time is that of the compiler. */
const ROUNDS = 5;

/** The naive loop for as many contacts, in CPU milliseconds: the first time, and with a hundredth of them changed. */
async function naive(
  world: World,
  group: string,
  count: number,
): Promise<{ readonly initial: number; readonly some: number }> {
  const contacts = new BenchContacts();
  for (let n = 0; n < count; n += 1) contacts.add({ firstName: `Jo ${n}`, lastName: `Doe the ${n}th` });
  const initial = await cpu(() => naiveSync(world.plain, group, contacts));
  let some = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    for (let id = 1; id <= count / 100; id += 1) contacts.edit(id, { firstName: `Jo ${round} ${id}` });
    some += await cpu(() => naiveSync(world.plain, group, contacts));
  }
  return { initial, some };
}

async function ours(world: World, group: string, count: number) {
  const { store, statements } = await openStore();
  const company = new Company(world, store, group);
  company.fill(count);
  let first: SyncRunResult | null = null;
  const initial = await cpu(async () => (first = await company.run()));
  const sent = statements();
  await company.settle();
  let some = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    company.edit(1, Math.ceil(count / 100), `again ${round}`);
    some += await cpu(() => company.run());
    await company.settle();
  }
  const { records } = await world.control({ group });
  if (records !== count) throw new Error(`${records} records instead of ${count}: ${JSON.stringify(first)}`);
  return { initial, some, statements: sent === null ? null : sent / count };
}

/** Everything changed on both sides: last names at Connec!, first names in the application. CPU milliseconds. */
async function bothChanged(world: World, group: string, count: number): Promise<number> {
  const { store } = await openStore();
  const company = new Company(world, store, group);
  company.fill(count);
  await company.run();
  await world.control({ group, edit: count });
  company.edit(1, count, 'too');
  return cpu(() => company.run());
}

async function atRest(world: World, count: number): Promise<Record<string, ProbeValue>> {
  const { store } = await openStore();
  const company = new Company(world, store, 'rest');
  company.fill(count);
  await company.run();
  await company.settle();
  await world.control({ group: 'rest' });
  const nothing = await cpu(() => company.run());
  const { requests } = await world.control({ group: 'rest' });
  globalThis.gc?.();
  const before = process.memoryUsage().heapUsed;
  let most = 0;
  const watch = setInterval(() => {
    globalThis.gc?.();
    most = Math.max(most, process.memoryUsage().heapUsed - before);
  }, 500);
  await company.run(true);
  clearInterval(watch);
  const { writes } = await world.control({ group: 'rest' });
  return {
    [`nothing changed, ${count} links: requests`]: { value: requests, unit: '', goal: { atMost: 5 } },
    [`nothing changed, ${count} links: CPU`]: { value: nothing, unit: 'ms', goal: { atMost: 50 } },
    [`a full pass, ${count} links: writes`]: { value: writes, unit: '', goal: { atMost: 0 } },
    [`a full pass, ${count} links: heap beyond the start`]: {
      value: most / 1_048_576,
      unit: 'MiB',
      goal: { atMost: 64 },
    },
  };
}

async function inWorld<T>(work: (world: World) => Promise<T>): Promise<T> {
  const world = await World.start();
  try {
    return await work(world);
  } finally {
    await world.close();
  }
}

export default defineBench(
  {
    name: 'synchronization against a naive loop (CPU of the application; Connec! in a process of its own)',
    probe: ({ short }) =>
      inWorld(async (world) => {
        const count = short ? 200 : 10_000;
        const loop = await naive(world, 'naive', count);
        const engine = await ours(world, 'ours', count);
        return {
          [`initial, ${count} records: speed`]: {
            value: loop.initial / engine.initial,
            unit: 'x',
            goal: { atLeast: 5 },
          },
          [`initial, ${count} records: in a CPU second`]: {
            value: (count / engine.initial) * 1_000,
            unit: '',
            goal: { atLeast: 3_500 },
          },
          ...(engine.statements === null
            ? {}
            : {
                [`initial, ${count} records: statements a record`]: {
                  value: engine.statements,
                  unit: '',
                  goal: { atMost: 2.5 },
                },
              }),
          [`1 % of ${count} changed: speed`]: {
            value: loop.some / engine.some,
            unit: 'x',
            goal: { atLeast: 10 },
          },
        };
      }),
  },
  {
    name: 'synchronization with everything changed on both sides',
    probe: ({ short }) =>
      inWorld(async (world) => {
        const count = short ? 100 : 10_000;
        const one = await bothChanged(world, 'one', count);
        const two = await bothChanged(world, 'two', 2 * count);
        return {
          [`${2 * count} records over ${count}`]: { value: two / one, unit: 'x', goal: { atMost: 2.2 } },
          'in a CPU second': { value: ((2 * count) / two) * 1_000, unit: '' },
        };
      }),
  },
  {
    name: 'synchronization at rest',
    probe: ({ short }) => inWorld((world) => atRest(world, short ? 300 : 100_000)),
  },
);
