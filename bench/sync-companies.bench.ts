import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

import type { INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';

import { MaestranoModule } from '../src/index.js';
import { syncEntity } from '../src/sync/fields/sync-entity.js';
import { MaestranoSync, MaestranoSyncModule, type MaestranoSyncOptions } from '../src/sync/index.js';
import { SyncSchedule } from '../src/sync/schedule/sync-schedule.service.js';
import { MAESTRANO_SYNC_OPTIONS } from '../src/sync/sync.service.js';
import { marketplacesAt } from './by-hand.js';
import { defineBench, type ProbeValue } from './harness.js';
import { openStore } from './sync-bench-store.js';
import { CompanyTables } from './sync-company-tables.js';
import { CompanyTraffic } from './sync-traffic.js';
import { inWorld, later, OPEN, OWNER, type World } from './sync-world.js';

/** Companies; ten thousand are asked for by `BENCH_COMPANIES=10000`. */
const COMPANIES = { short: 10, full: Number(process.env['BENCH_COMPANIES'] ?? 1_000) } as const;
/** Records of each, all of which change in an interval. */
const RECORDS = 10;
/** Companies by which it is measured how many a second this worker can do. */
const SATURATING = 1_000;
/** Companies that are asked for at once in the beginning: the scheduler of a process has room for ten thousand. */
const AT_ONCE = 500;
/** As often in an interval it is looked for companies that are due: once a minute where the interval is an hour. */
const TURNS = 60;
/** The interval of a short run, in milliseconds. */
const SHORT_MS = 400;
/** The company that has much to do at once. */
const BACKFILL = 'cld-backfill';

/** One process that synchronizes many companies, put together by the modules as an application has it. */
class Worker {
  #app!: INestApplication;
  #turning: Promise<void> | null = null;
  #stopped = false;

  private constructor(
    readonly groups: readonly string[],
    readonly tables: CompanyTables,
  ) {}

  static async start(world: World, folder: string, groups: readonly string[]): Promise<Worker> {
    // Two files: the links would be beside the rows in a vendor's database, which is no part of the process.
    const worker = new Worker(groups, new CompanyTables(join(folder, 'rows.db')));
    const { store } = await openStore(join(folder, 'links.db'));
    const module = {
      module: class BenchModule {},
      imports: [
        MaestranoModule.forRoot({ marketplaces: marketplacesAt(world.url) }),
        MaestranoSyncModule.forRoot({
          store,
          owner: OWNER,
          entities: [
            syncEntity('people', worker.tables, {
              fields: { first_name: 'firstName', last_name: 'lastName' },
            }),
          ],
          // The turns are ours: see `turnEvery`.
          schedule: 'off',
          firstRun: 'apply',
          brake: OPEN,
        }),
      ],
    };
    worker.#app = await NestFactory.create(module, new FastifyAdapter(), { logger: ['error', 'warn'] });
    await worker.#app.init();
    return worker;
  }

  get #sync(): MaestranoSync {
    return this.#app.get(MaestranoSync);
  }

  /** Every company has its records on both sides. */
  async fill(): Promise<void> {
    for (let from = 0; from < this.groups.length; from += AT_ONCE) {
      for (const group of this.groups.slice(from, from + AT_ONCE)) {
        this.tables.fill(group, RECORDS);
        await this.begin(group);
      }
      await this.#sync.idle();
    }
  }

  /** Has the first run of a company follow. */
  async begin(group: string): Promise<void> {
    await this.#sync.start({ marketplace: 'uat', groupUid: group });
  }

  /** Runs some companies, which all are due, and resolves with how many a second that were. */
  async saturated(some: readonly string[]): Promise<number> {
    const began = performance.now();
    for (const groupUid of some) await this.#sync.due({ marketplace: 'uat', groupUid });
    await this.#sync.idle();
    return (some.length / (performance.now() - began)) * 1_000;
  }

  /** Runs every company once in an interval from now on. */
  turnEvery(everyMs: number): void {
    const options = this.#app.get<MaestranoSyncOptions>(MAESTRANO_SYNC_OPTIONS, { strict: false });
    const schedule = new SyncSchedule({ ...options, schedule: { everyMs } }, this.#sync);
    // Time that the first runs are over: half an interval after the last one a company may be due again.
    later(everyMs / 2);
    this.#turning = this.#turns(schedule, everyMs / TURNS);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#turning;
    await this.#app.close();
    this.tables.close();
  }

  async #turns(schedule: SyncSchedule, ms: number): Promise<void> {
    while (!this.#stopped) {
      await schedule.turn();
      await pause(ms);
    }
  }
}

/** The value below which so many of a hundred are. */
function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!;
}

/** Has a part of the companies change on both sides and run, twice: the first time is that of the compiler, and of what comes back. */
async function capacityOf(worker: Worker, traffic: CompanyTraffic): Promise<number> {
  const some = worker.groups.slice(0, SATURATING);
  let rate = 0;
  for (let count = 0; count < 2; count += 1) {
    await traffic.all(some, RECORDS);
    rate = await worker.saturated(some);
  }
  return rate;
}

async function manyCompanies(
  world: World,
  folder: string,
  short: boolean,
): Promise<Record<string, ProbeValue>> {
  const count = COMPANIES[short ? 'short' : 'full'];
  const groups = Array.from({ length: count }, (_, n) => `cld-${n}`);
  const worker = await Worker.start(world, folder, groups);
  const traffic = new CompanyTraffic(world, worker.tables, groups, RECORDS);
  try {
    await worker.fill();
    const capacity = await capacityOf(worker, traffic);
    const everyMs = short ? SHORT_MS : Math.ceil((2 * count * 1_000) / capacity);
    worker.turnEvery(everyMs);
    traffic.begin(everyMs);
    // Companies that are due because of the change of the interval.
    await pause(everyMs / 4);
    const alone = await traffic.lags(everyMs);
    const backfill = RECORDS * count;
    worker.tables.fill(BACKFILL, backfill);
    const backfilled = traffic.filled(BACKFILL, backfill);
    await worker.begin(BACKFILL);
    const beside = await traffic.lags(everyMs);
    const overWithin = await backfilled;
    const peakMiB = traffic.peakMiB;
    globalThis.gc?.();
    const keptMiB = process.memoryUsage().heapUsed / 1_048_576;
    const [p99, p99Beside] = [percentile(alone.lags, 0.99), percentile(beside.lags, 0.99)];
    return {
      [`${count} companies: a second, saturated`]: { value: capacity, unit: '' },
      [`${count} companies: interval at half load`]: { value: everyMs / 1_000, unit: 's' },
      [`${count} companies: CPU of the worker at that`]: { value: alone.cpu * 100, unit: '%' },
      [`${count} companies: lag over the interval, p50`]: {
        value: percentile(alone.lags, 0.5) / everyMs,
        unit: 'x',
      },
      [`${count} companies: lag over the interval, p99`]: {
        value: p99 / everyMs,
        unit: 'x',
        goal: { atMost: 2 },
      },
      [`a backfill of ${backfill} beside them: p99 over before`]: {
        value: p99Beside / p99,
        unit: 'x',
        goal: { atMost: 1.2 },
      },
      [`a backfill of ${backfill} beside them: CPU of the worker`]: { value: beside.cpu * 100, unit: '%' },
      [`a backfill of ${backfill} beside them: over within`]: {
        value: overWithin / 1_000,
        unit: 's',
      },
      [`${count} companies and a backfill: heap that is kept`]: { value: keptMiB, unit: 'MiB' },
      [`${count} companies and a backfill: RSS`]: { value: peakMiB, unit: 'MiB', goal: { atMost: 300 } },
    };
  } finally {
    await traffic.end();
    await worker.stop();
  }
}

export default defineBench({
  name: `companies of ${RECORDS} records, all of which change in an interval, on one worker`,
  probe: ({ short }) =>
    inWorld(async (world) => {
      const folder = mkdtempSync(join(tmpdir(), 'bench-sync-'));
      try {
        return await manyCompanies(world, folder, short);
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    }),
});
