import { afterEach, beforeEach, expect, it } from '@jest/globals';

import { stormSize } from '../support/sizes.js';
import { Companies } from '../support/sync/companies.js';
import { generator } from '../support/sync/world.js';

const COMPANIES = stormSize(240, 10_000);
/** Records of each company when it begins: half of them on either side. */
const RECORDS = 10;
/** Edits in a minute, over all companies. */
const EDITS = stormSize(12, 200);

const MINUTE = 60_000;
const realNow = Date.now;
let now = 0;

beforeEach(() => {
  now = 1_700_000_000_000;
  Date.now = () => now;
});
afterEach(() => {
  Date.now = realNow;
});

it(
  'checks 18, 20 and 38: companies of three marketplaces, two workers, an hour with faults all along',
  async () => {
    const random = generator(20);
    const marketplaces = ['m-one', 'm-two', 'm-three'];
    const companies = new Companies(COMPANIES, marketplaces, random);
    const workers = [companies.worker(), companies.worker()];
    for (const { mark, rows, connec } of companies.all) {
      for (let n = 0; n < RECORDS / 2; n += 1) {
        rows.add({ firstName: `App ${n}`, lastName: mark });
        connec.add({ first_name: `Connec ${n}`, last_name: mark, status: 'ACTIVE' });
      }
    }
    const idle = async (): Promise<void> => {
      for (const { scheduler } of workers) await scheduler.idle();
    };
    /** A minute: the workers look one after the other. */
    const minute = async (): Promise<void> => {
      for (const { schedule } of workers) {
        now += MINUTE / 2;
        await schedule.turn(now);
        await idle();
      }
    };
    const edit = (): void => {
      const { mark, rows, connec } = companies.all[Math.floor(random() * companies.all.length)]!;
      const name = `Edit ${Math.floor(random() * 1e9)}`;
      const [row, record] = [rows.list[0], [...connec.records.values()].at(-1)];
      if (random() < 0.25) rows.add({ firstName: name, lastName: mark });
      else if (random() < 0.6 && row) rows.edit(row.id, { firstName: name });
      else if (record) connec.edit(record.id, { first_name: name });
    };

    const handles = process.getActiveResourcesInfo().length;
    for (const [n, { group }] of companies.all.entries()) await workers[n % 2]!.slices.ask(group, {});
    await idle();
    for (let count = 0; count < 5; count += 1) await minute();
    expect(companies.wrong).toEqual({ different: [], crossed: [] });
    // At rest, ten thousand companies are rows of the store: no timer, no handle, nothing that waits.
    expect(process.getActiveResourcesInfo().length).toBeLessThanOrEqual(handles);

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
      await minute();
      // Three failures tell that a marketplace is away.
      if (count >= 38 && count < 52) probes.push((companies.begun.get('m-two') ?? 0) - before);
    }
    expect(Math.max(...probes)).toBe(1);

    // What was changed at the end is due within an hour and a half, and later where the marketplace had been away.
    companies.trouble = 0;
    for (let count = 0; count < 100; count += 1) await minute();
    expect(companies.wrong).toEqual({ different: [], crossed: [] });
    const states = await Promise.all(
      companies.all.map(({ group }) => companies.store.group(companies.scopeOf(group))),
    );
    expect(states.filter(({ run }) => run?.status !== 'SUCCESS')).toEqual([]);
    const oldest = Math.min(...states.map(({ run }) => run?.endedAt ?? 0));
    expect(now - oldest).toBeLessThanOrEqual(92 * MINUTE);
    expect(process.getActiveResourcesInfo().length).toBeLessThanOrEqual(handles);
  },
  stormSize(120_000, 3_600_000),
);
