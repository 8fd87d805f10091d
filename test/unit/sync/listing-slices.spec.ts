import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { EngineBench, people } from '../../support/sync/engine-bench.js';

const PAGE = 5;
/** More than fit into one slice. */
const RECORDS = 520;
/** How long a page takes, and a slice; milliseconds. */
const [PAGE_MS, SLICE_MS] = [1_000, 20_000];

/** Here as much is changed as a brake is for. */
const OPEN = { floor: 10_000, share: 1, ceiling: 10_000 };

describe('a listing of a large company', () => {
  let bench: EngineBench;
  /** Pages that are read before anything is written. */
  let pages: number;
  /** How long each slice took. */
  let slices: number[];
  beforeEach(() => {
    bench = new EngineBench({ settings: { pageSize: PAGE, batchSize: PAGE, overlapMs: 5_000, brake: OPEN } });
    pages = 0;
    slices = [];
    const write = bench.connec.write.bind(bench.connec);
    // So that not all that is written is of one second.
    bench.connec.write = async (...args) => {
      bench.now += PAGE_MS;
      return write(...args);
    };
    const [page, changes] = [bench.connec.page.bind(bench.connec), bench.source.changes.bind(bench.source)];
    const read = (): void => {
      if (bench.writes === 0) pages += 1;
      bench.now += PAGE_MS;
    };
    bench.connec.page = async (...args) => {
      const answer = await page(...args);
      read();
      return answer;
    };
    bench.source.changes = async (...args) => {
      const answer = await changes(...args);
      read();
      return answer;
    };
  });
  afterEach(() => bench.close());

  /** One slice after the other, each by another process, until nothing is left to do; somebody may do something between two. */
  async function inSlices(options: { readonly full?: boolean } = {}, between = (): void => undefined) {
    for (let more = true, full = options.full ?? false; more; full = false) {
      const began = bench.now;
      const result = await bench.run({ full, until: bench.now + SLICE_MS }, 0);
      slices.push(bench.now - began);
      expect(result.errors).toEqual([]);
      more = result.more;
      between();
      if (slices.length > 1_000) throw new Error('It does not come to an end.');
    }
  }

  function fill(records = RECORDS): void {
    for (let n = 0; n < records; n += 1) {
      bench.now += 7_000;
      bench.connec.add({ first_name: `There ${n}`, last_name: '', status: 'ACTIVE' });
      bench.source.add({ firstName: `Here ${n}` });
    }
  }

  it('is read in slices from where the last one ended, and everything arrives once', async () => {
    fill();
    await inSlices();
    expect(slices.length).toBeGreaterThan(8);
    // A slice ends with the page that it is at, on either side.
    expect(Math.max(...slices)).toBeLessThanOrEqual(SLICE_MS + 4 * PAGE_MS);
    // Nothing is read twice; a last page of each side tells that nothing follows.
    expect(pages).toBeLessThanOrEqual((2 * RECORDS) / PAGE + 2 * slices.length);
    expect(bench.source.list).toHaveLength(2 * RECORDS);
    expect(bench.connec.records.size).toBe(2 * RECORDS);
    expect((await bench.stream()).connecListing).toBeNull();
  });

  it('goes on within records of one second, which no slice leaves half read', async () => {
    for (let n = 0; n < RECORDS; n += 1) {
      if (n % 130 === 0) bench.now += 7_000;
      bench.connec.add({ first_name: `There ${n}`, last_name: '', status: 'ACTIVE' });
    }
    await inSlices();
    expect(new Set(bench.source.list.map(({ firstName }) => firstName)).size).toBe(RECORDS);
    expect(bench.source.list).toHaveLength(RECORDS);
  });

  it('finds in slices what polling missed, while people edit, and takes nobody for deleted who is there', async () => {
    fill();
    await inSlices();
    await bench.runs(3);
    const ids = bench.source.list.map(({ id }) => id);
    const gone = [ids[3]!, ids[RECORDS]!, ids.at(-1)!];
    for (const id of gone) bench.source.rows.delete(id);
    // A change that moved no stamp.
    const quiet = [...bench.connec.records.values()][40]!;
    bench.connec.records.set(quiet.id, { ...quiet, record: { ...quiet.record, first_name: 'Unseen' } });

    const kept = [...bench.connec.records.values()]
      .filter(({ externalIds }) => !gone.some((id) => externalIds.includes(String(id))))
      .map(({ id }) => id);
    let edits = 0;
    const edit = (): void => {
      edits += 1;
      const [here, there] = [ids[(edits * 7) % ids.length]!, kept[(edits * 11) % kept.length]!];
      if (!gone.includes(here)) bench.source.edit(here, { lastName: `Edit ${edits}` });
      bench.connec.edit(there, { last_name: `There ${edits}` });
    };
    slices = [];
    await inSlices({ full: true }, edit);
    expect(slices.length).toBeGreaterThan(12);
    expect(Math.max(...slices)).toBeLessThanOrEqual(SLICE_MS + 4 * PAGE_MS);
    expect(bench.source.list.filter(({ firstName }) => firstName === 'Unseen')).toHaveLength(1);
    const archived = (): number =>
      [...bench.connec.records.values()].filter(({ record }) => record.status !== 'ACTIVE').length;
    // Two lists have to miss a record.
    expect(archived()).toBe(0);
    bench.now += 20 * 60_000;
    await inSlices({ full: true });
    await bench.runs(3);
    expect(archived()).toBe(gone.length);
    expect(bench.source.list).toHaveLength(2 * RECORDS - gone.length);
    expect(bench.connec.records.size).toBe(2 * RECORDS);
    const stream = await bench.stream();
    expect(stream.sweep).toBeNull();
    expect(stream.foundBySweep).toBeGreaterThanOrEqual(1);
  });

  it('is followed by one that finds what became visible behind its slices', async () => {
    let count = 0;
    const come = (hideFor = 0): void => {
      count += 1;
      bench.connec.add({ first_name: `New ${count}`, last_name: '', status: 'ACTIVE' }, { hideFor });
    };
    for (let second = 0; second < 3; second += 1) {
      bench.now += 1_000;
      for (let n = 0; n < 3; n += 1) come();
    }
    // An import goes on as fast as it is listed.
    const page = bench.connec.page.bind(bench.connec);
    let listed = 0;
    bench.connec.page = async (...args) => {
      const answer = await page(...args);
      listed += 1;
      if (slices.length < 2) for (let n = 0; n < 3; n += 1) come();
      // The first slice passes it while it is hidden.
      if (listed === 3) come(4_500);
      return answer;
    };
    await inSlices();
    expect(slices.length).toBeGreaterThan(2);
    await bench.runs(2);
    expect(bench.source.list).toHaveLength(count);
  });

  it('leaves no value in the history where those are not wanted any more since it began', async () => {
    bench.settings = { ...bench.settings, history: 'values', pageSize: 2 };
    fill(110);
    await inSlices();
    await bench.runs(3);
    bench.source.edit(1, { lastName: 'Of the application' });
    const link = (await bench.linkOf({ app: '1' }))!;
    bench.connec.edit(link.connec.id!, { last_name: 'Of Connec!' });
    await bench.run();
    const history = (): ReturnType<typeof bench.store.history> =>
      bench.store.history(bench.scope, 'people', link.key, 20);
    expect((await history())[0]).toHaveProperty('values');
    const page = bench.store.page.bind(bench.store);
    bench.store.page = async (...args) => {
      bench.now += PAGE_MS;
      // Some links are compared: the next slice has other settings.
      if (args[2].after !== undefined) bench.settings = { ...bench.settings, history: 'digests' };
      return page(...args);
    };
    await inSlices({ full: true });
    await bench.run({ full: true, until: bench.now + 10_000_000 });
    expect((await history())[0]).not.toHaveProperty('values');
    expect((await bench.stream()).valuesSince).toBeNull();
  });

  it('lets a plan create nothing before it has come to its end: the same record may follow', async () => {
    bench.entities = [people(bench.source, { match: ['email'] })];
    bench.settings = { ...bench.settings, firstRun: 'plan' };
    for (let n = 0; n < 120; n += 1) {
      bench.now += 7_000;
      const email = `${n}@x.test`;
      bench.connec.add({ first_name: `N${n}`, last_name: '', email, status: 'ACTIVE' });
      bench.source.add({ firstName: `N${n}`, email });
    }
    expect(await bench.run({ until: bench.now + SLICE_MS }, 0)).toMatchObject({ more: true });
    const plan = await bench.plan();
    expect(plan.summary['people']?.createInConnec).toBeGreaterThan(0);
    const { skipped } = await bench.engine.apply(bench.sides, plan);
    expect([skipped.length, bench.writes]).toEqual([plan.entries.length, 0]);
    await inSlices();
    await bench.operations.confirm('people');
    await bench.runs(3);
    expect([bench.source.list.length, bench.connec.records.size]).toEqual([120, 120]);
  });

  it('counts what it finds once, for the side that shows it', async () => {
    bench.settings = { ...bench.settings, pageSize: 2 };
    fill(110);
    await inSlices();
    await bench.runs(3);
    const before = await bench.stream();
    // A change that moved no version.
    const row = bench.source.list[40]!;
    bench.source.rows.set(row.id, { ...row, firstName: 'Unseen' });
    // One slice lists both sides before anything of it is written.
    await bench.run({ full: true, until: bench.now + 10_000_000 });
    expect(bench.connec.by('first_name', 'Unseen')).toBeDefined();
    const { foundBySweep, overlapMs } = await bench.stream();
    expect(foundBySweep).toBe(before.foundBySweep + 1);
    expect(overlapMs).toBe(before.overlapMs);
  });
});
