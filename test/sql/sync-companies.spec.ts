import { setTimeout as pause } from 'node:timers/promises';

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import pg from 'pg';

import { pgExecutor } from '../../src/sql/executors/pg-executor.js';
import { migrateSql } from '../../src/sql/migrations/sql-schema.js';
import { SqlSyncStore } from '../../src/sync/sql/sql-sync-store.js';
import { type CompiledSources, compileSources } from '../support/compiled-sources.js';
import { stormSize } from '../support/sizes.js';
import { type Company, Companies } from '../support/sync/companies.js';
import { generator } from '../support/sync/world.js';
import { CompanyWorker } from './support/company-worker.js';
import { isThere, makeDatabase, type TestDatabase } from './support/databases.js';
import type { WorkerReport } from './support/sync-companies-instance.js';

const INSTANCE = 'test/sql/support/sync-companies-instance.ts';
const COMPANIES = stormSize(24, Number(process.env['STORM_COMPANIES'] ?? 10_000));
/** Records of each company when it begins: half of them on either side. */
const RECORDS = 10;
/** Edits in a minute, over all companies, and how many minutes there are of them. */
const EDITS = stormSize(4, COMPANIES / 50);
const MINUTES = stormSize(20, 60);
const MINUTE = 60_000;
/** Longest that a lease lasts, and more; milliseconds. */
const LEASE_MS = 3_500;

/** An edit that has not arrived on the other side. */
interface Edit {
  readonly company: Company;
  readonly name: string;
  readonly at: number;
}

const onPostgres = isThere('postgres') ? describe : describe.skip;
const realNow = Date.now;

onPostgres('companies of three marketplaces, two processes, and faults all along', () => {
  let database: TestDatabase;
  let sources: CompiledSources;
  let pool: pg.Pool;
  /** How far the clock of the test is ahead. */
  let ahead = 0;

  beforeAll(async () => {
    database = await makeDatabase('postgres');
    pool = new pg.Pool({ connectionString: database.url, max: 4 });
    await migrateSql(pgExecutor(pool));
    sources = compileSources('sync-companies', INSTANCE);
  });
  beforeEach(() => {
    Date.now = () => realNow() + ahead;
  });
  afterEach(() => {
    Date.now = realNow;
  });
  afterAll(async () => {
    sources.remove();
    await pool.end();
    await database.drop();
  });

  it(
    'checks 3, 19, 20 and 38: keep everything the same, in bounds, and apart',
    async () => {
      const random = generator(20);
      const companies = new Companies(COMPANIES, ['m-one', 'm-two', 'm-three'], random);
      for (const { mark, rows, connec } of companies.all) {
        for (let n = 0; n < RECORDS / 2; n += 1) {
          rows.add({ firstName: `App ${n}`, lastName: mark });
          connec.add({ first_name: `Connec ${n}`, last_name: mark, status: 'ACTIVE' });
        }
      }
      const script = sources.path(INSTANCE);
      const workers = [
        await CompanyWorker.start(script, database.url, companies),
        await CompanyWorker.start(script, database.url, companies),
      ] as const;
      const reports: WorkerReport[] = [];
      const noted = (report: WorkerReport | null): void => {
        if (report !== null) reports.push(report);
      };
      const turn = async (worker: CompanyWorker): Promise<void> => {
        ahead += MINUTE / 2;
        noted(await worker.does({ kind: 'turn', now: Date.now() }));
      };
      /** A minute: the workers look one after the other. */
      const minute = async (): Promise<void> => {
        for (const worker of workers) await turn(worker);
      };
      let edits: Edit[] = [];
      const lags: number[] = [];
      const edit = (): void => {
        const company = companies.all[Math.floor(random() * companies.all.length)]!;
        const { mark, rows, connec } = company;
        const name = `Edit ${edits.length + lags.length}`;
        const [row, record] = [rows.list[0], [...connec.records.values()].at(-1)];
        // Records of their own, so that no edit is written over by the next one.
        if (random() < 0.5 || !row || !record) rows.add({ firstName: name, lastName: mark });
        else connec.add({ first_name: name, last_name: mark, status: 'ACTIVE' });
        edits.push({ company, name, at: Date.now() });
        if (row && random() < 0.5) rows.edit(row.id, { firstName: `Changed ${Math.floor(random() * 1e9)}` });
      };
      /** The second worker gets a lot to do at once. */
      const hurry = (): Promise<WorkerReport | null> => {
        const some = companies.all.slice(0, 50);
        for (const { mark, rows } of some) rows.add({ firstName: 'In a hurry', lastName: mark });
        return workers[1].does({ kind: 'ask', groups: some.map(({ group }) => group) });
      };
      const arrived = ({ company: { rows, connec }, name }: Edit): boolean =>
        rows.list.some(({ firstName }) => firstName === name) &&
        [...connec.records.values()].some(({ record }) => record.first_name === name);
      const begin = performance.now();
      /** An hour of one test says now and then how far it is. */
      const progress = (what: string): void => {
        if (!process.env.MAESTRANO_STORM) return;
        const rss = Math.max(0, ...reports.slice(-2).map(({ rssMiB }) => rssMiB));
        process.stderr.write(
          `${Math.round((performance.now() - begin) / 1_000)} s: ${what}, ${Math.round(rss)} MiB\n`,
        );
      };
      const look = (): void => {
        const [there, left] = [edits.filter(arrived), edits.filter((one) => !arrived(one))];
        lags.push(...there.map(({ at }) => Date.now() - at));
        edits = left;
      };

      try {
        await Promise.all(
          workers.map(async (worker, n) => {
            const groups = companies.all.filter((_one, index) => index % 2 === n).map(({ group }) => group);
            noted(await worker.does({ kind: 'ask', groups }));
          }),
        );
        for (let count = 0; count < 5; count += 1) await minute();
        expect(companies.wrong).toEqual({ different: [], crossed: [] });
        const firstSeconds = (performance.now() - begin) / 1_000;
        progress('everything is there');

        // At rest, ten thousand companies are rows of the store: no timer, no handle, nothing that waits.
        const idle = await workers[0].does({ kind: 'measure', now: Date.now() });
        const [handles, idleCpuMs] = [idle!.handles, idle!.cpuMs];
        expect(idleCpuMs / MINUTE).toBeLessThanOrEqual(0.01);

        companies.trouble = 0.02;
        const [awayAt, backAt] = [Math.floor(MINUTES * 0.5), Math.floor(MINUTES * 0.85)];
        const [killAt, stopAt] = [Math.floor(MINUTES * 0.4), Math.floor(MINUTES * 0.7)];
        for (let count = 0; count < MINUTES; count += 1) {
          for (let one = 0; one < EDITS; one += 1) edit();
          if (count === awayAt) companies.away.add('m-two');
          if (count === backAt) companies.away.delete('m-two');
          if (count === killAt) {
            const killed = hurry();
            await pause(60);
            await workers[1].replace();
            noted(await killed);
          }
          if (count === stopAt) {
            const stopped = hurry();
            await pause(60);
            workers[1].stop();
            await pause(LEASE_MS);
            await turn(workers[0]);
            workers[1].goOn();
            noted(await stopped);
          }
          await minute();
          look();
          if (count % 10 === 9)
            progress(`minute ${count + 1} of ${MINUTES}, ${edits.length} edits under way`);
        }

        // What was changed at the end is due within an hour and a half, and later where the marketplace had been away.
        companies.trouble = 0;
        for (let count = 0; count < 100; count += 1) {
          await minute();
          if (edits.length > 0) look();
          if (count % 10 === 9) progress(`minute ${count + 1} of 100 after the faults`);
        }
        expect(companies.wrong).toEqual({ different: [], crossed: [] });
        expect(edits).toEqual([]);
        const store = new SqlSyncStore(pgExecutor(pool));
        const failed: string[] = [];
        let oldest = Date.now();
        for (const { group, mark } of companies.all) {
          const { run } = await store.group(companies.scopeOf(group));
          if (run?.status !== 'SUCCESS') failed.push(`${mark} ${run?.status} ${run?.message}`);
          oldest = Math.min(oldest, run?.endedAt ?? 0);
        }
        expect(failed).toEqual([]);
        expect(Date.now() - oldest).toBeLessThanOrEqual(92 * MINUTE);

        const rest = await workers[0].does({ kind: 'measure', now: Date.now() });
        const rss = Math.max(...reports.map(({ rssMiB }) => rssMiB));
        const sorted = lags.toSorted((one, other) => one - other);
        const at = (share: number): number =>
          Math.round((sorted[Math.floor((sorted.length - 1) * share)] ?? 0) / MINUTE);
        if (process.env.MAESTRANO_STORM) {
          console.log(
            JSON.stringify({
              companies: COMPANIES,
              links: COMPANIES * RECORDS + lags.length,
              edits: lags.length,
              lagMinutes: { p50: at(0.5), p99: at(0.99), max: at(1) },
              rssMiB: Math.round(rss),
              idleTurnCpuMs: Math.round(idleCpuMs),
              handles: [handles, rest!.handles],
              givenUp: reports.reduce((sum, one) => sum + one.givenUp, 0),
              firstSeconds: Math.round(firstSeconds),
              seconds: Math.round((performance.now() - begin) / 1_000),
            }),
          );
        }
        expect(rest!.handles).toBeLessThanOrEqual(handles);
        expect(rss).toBeLessThanOrEqual(300);
      } finally {
        await Promise.all(workers.map((worker) => worker.end()));
      }
    },
    stormSize(120_000, 6_000_000),
  );
});
