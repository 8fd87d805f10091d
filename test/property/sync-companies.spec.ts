import { afterEach, beforeEach, expect, it } from '@jest/globals';

import { Bucket, type Pace } from '../../src/sync/engine/pace.js';
import { stormSize } from '../support/sizes.js';
import { Companies } from '../support/sync/companies.js';
import { generator } from '../support/sync/world.js';

const FULL = Number(process.env['STORM_COMPANIES'] ?? 10_000);
const COMPANIES = stormSize(240, FULL);
/** Records of each company when it begins: half of them on either side. */
const RECORDS = 10;
/** Edits in a minute, over all companies. */
const EDITS = stormSize(12, COMPANIES / 50);

const MINUTE = 60_000;
/** Minutes of the day that the platform is away, of its first hour, and until all are admitted again. */
const [DAY, HOUR, BACK] = [1_440, 60, stormSize(120, 240)];
const realNow = Date.now;
let now = 0;

beforeEach(() => {
  now = 1_700_000_000_000;
  Date.now = () => now;
});
afterEach(() => {
  Date.now = realNow;
});

/** Half of the records of each company on either side. */
function fill({ all }: Companies): void {
  for (const { mark, rows, connec } of all) {
    for (let n = 0; n < RECORDS / 2; n += 1) {
      rows.add({ firstName: `App ${n}`, lastName: mark });
      connec.add({ first_name: `Connec ${n}`, last_name: mark, status: 'ACTIVE' });
    }
  }
}

/** What keeps the process waiting; what is about to happen at once does not. */
function waiting(): number {
  return process.getActiveResourcesInfo().filter((kind) => kind !== 'Immediate').length;
}

/** A minute: the workers look one after the other. */
async function minute(workers: readonly ReturnType<Companies['worker']>[]): Promise<void> {
  for (const { schedule } of workers) {
    now += MINUTE / 2;
    await schedule.turn(now);
    for (const { scheduler } of workers) await scheduler.idle();
  }
}

it(
  'checks 18, 20 and 38: companies of three marketplaces, two workers, an hour with faults all along',
  async () => {
    const random = generator(20);
    const marketplaces = ['m-one', 'm-two', 'm-three'];
    const companies = new Companies(COMPANIES, marketplaces, random);
    const workers = [companies.worker(), companies.worker()];
    fill(companies);
    const edit = (): void => {
      const { mark, rows, connec } = companies.all[Math.floor(random() * companies.all.length)]!;
      const name = `Edit ${Math.floor(random() * 1e9)}`;
      const [row, record] = [rows.list[0], [...connec.records.values()].at(-1)];
      if (random() < 0.25) rows.add({ firstName: name, lastName: mark });
      else if (random() < 0.6 && row) rows.edit(row.id, { firstName: name });
      else if (record) connec.edit(record.id, { first_name: name });
    };

    const handles = waiting();
    for (const [n, { group }] of companies.all.entries()) await workers[n % 2]!.slices.ask(group, {});
    for (const { scheduler } of workers) await scheduler.idle();
    for (let count = 0; count < 5; count += 1) await minute(workers);
    expect(companies.wrong).toEqual({ different: [], crossed: [] });
    // At rest, ten thousand companies are rows of the store: no timer, no handle, nothing that waits.
    expect(waiting()).toBeLessThanOrEqual(handles);

    companies.trouble = 0.02;
    const probes: number[] = [];
    for (let count = 0; count < 60; count += 1) {
      for (let one = 0; one < EDITS; one += 1) edit();
      // Companies are due again from half an hour after their first run on.
      if (count === 30) companies.away.add('m-two');
      if (count === 52) companies.away.delete('m-two');
      // A worker that is killed leaves leases and runs behind that nobody ends.
      if (count === 34) {
        for (const { group } of companies.all.slice(0, 20)) {
          const scope = companies.scopeOf(group);
          await companies.store.acquire(scope, 90_000);
          const run = { id: 'dead', status: 'RUNNING', message: '', startedAt: now, endedAt: null } as const;
          await companies.store.setGroup(scope, { run });
        }
        workers[1] = companies.worker();
      }
      const before = companies.begun.get('m-two') ?? 0;
      await minute(workers);
      // Three failures tell that a marketplace is away.
      if (count >= 38 && count < 52) probes.push((companies.begun.get('m-two') ?? 0) - before);
    }
    expect(Math.max(...probes)).toBe(1);

    // What was changed at the end is due within an hour and a half, and later where the marketplace had been away.
    companies.trouble = 0;
    for (let count = 0; count < 100; count += 1) await minute(workers);
    expect(companies.wrong).toEqual({ different: [], crossed: [] });
    const states = await Promise.all(
      companies.all.map(({ group }) => companies.store.group(companies.scopeOf(group))),
    );
    expect(states.filter(({ run }) => run?.status !== 'SUCCESS')).toEqual([]);
    const oldest = Math.min(...states.map(({ run }) => run?.endedAt ?? 0));
    expect(now - oldest).toBeLessThanOrEqual(92 * MINUTE);
    expect(waiting()).toBeLessThanOrEqual(handles);
  },
  stormSize(120_000, 3_600_000),
);

/** Requests of one process to the Connec! of a marketplace. */
const RATE = { perSecond: 5, burst: 10 };

it(
  'check 38: a platform that is away for a day is asked once a minute; nothing is given up, everything arrives, at the rate that is allowed',
  async () => {
    const random = generator(38);
    const companies = new Companies(stormSize(20, FULL), ['m-one'], random);
    fill(companies);
    /** A process waits as long as its bucket says; the clock of all goes on meanwhile. */
    const paced = (): Pace => {
      const bucket = new Bucket(RATE);
      const reserve: Pace['reserve'] = (side) => {
        if (side === 'connec') now += Math.ceil(bucket.reserve(now));
        return 0;
      };
      return { reserve };
    };
    const workers = [companies.worker(paced()), companies.worker(paced())];
    for (const [n, { group }] of companies.all.entries()) await workers[n % 2]!.slices.ask(group, {});
    for (const { scheduler } of workers) await scheduler.idle();
    for (let count = 0; count < 10; count += 1) await minute(workers);
    expect(companies.wrong).toEqual({ different: [], crossed: [] });

    companies.away.add('m-one');
    const edited = companies.all.filter((_one, n) => n % 20 === 0);
    const probes: number[] = [];
    for (let count = 0; count < DAY; count += 1) {
      // Five of a hundred companies, on both sides, all day long.
      if (count % 60 === 30) {
        for (const { mark, rows, connec } of edited) {
          rows.edit(rows.list[0]!.id, { firstName: `Edited ${count}` });
          rows.add({ firstName: `New ${count}`, lastName: mark });
          connec.edit([...connec.records.keys()].at(-1)!, { first_name: `Edited there ${count}` });
        }
      }
      const before = companies.begun.get('m-one') ?? 0;
      await minute(workers);
      probes.push((companies.begun.get('m-one') ?? 0) - before);
    }
    // As many as are due in one look find out; then it is known.
    expect(Math.max(...probes.slice(HOUR))).toBe(1);

    companies.away.delete('m-one');
    for (let count = 0; count < BACK; count += 1) await minute(workers);
    expect(companies.wrong).toEqual({ different: [], crossed: [] });
    for (const { group } of companies.all) {
      const scope = companies.scopeOf(group);
      expect((await companies.store.count(scope, 'people', now)).holds).toEqual({});
    }
    // Both processes together: each has a bucket of its own.
    const bucket = new Bucket({ perSecond: 2 * RATE.perSecond, burst: 2 * RATE.burst });
    const early = companies.requests.filter((at) => bucket.reserve(at) > 0);
    expect(early).toEqual([]);
  },
  stormSize(60_000, 3_600_000),
);
