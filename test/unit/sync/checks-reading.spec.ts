import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import type { SyncChanges } from '../../../src/sync/source/sync-source.js';
import { EngineBench, type Person } from '../../support/sync/engine-bench.js';
import type { Row } from '../../support/sync/memory-source.js';

/** The acceptance checks that are about what is read, and how often. */
describe('reading both sides', () => {
  let bench: EngineBench;

  beforeEach(() => {
    bench = new EngineBench();
  });
  afterEach(() => bench.close());

  const many = (count: number): readonly (Person & Row)[] =>
    Array.from({ length: count }, (_one, index) => bench.source.add({ firstName: `N${index}` }));

  it('check 8: pages in a wrong order, with records twice or older than the cursor, lose nothing and are noted once', async () => {
    const rows = many(5);
    await bench.runs(2);
    const changes = bench.source.changes.bind(bench.source);
    const shuffled = async (query: Parameters<typeof changes>[0]): Promise<SyncChanges<Person & Row>> => {
      const page = await changes(query);
      const records = [...page.records.toReversed(), ...page.records, bench.source.rows.get(rows[0]!.id)!];
      return { ...page, records };
    };
    bench.source.changes = shuffled;
    const results = [];
    for (const lastName of ['New', 'Newer']) {
      for (const { id } of rows) bench.source.edit(id, { lastName });
      results.push(await bench.run(), await bench.run());
    }
    const last = [...bench.connec.records.values()].map(({ record }) => record.last_name);
    expect(last).toEqual(Array.from({ length: 5 }, () => 'Newer'));
    expect(results.flatMap(({ notices }) => notices)).toMatchObject([
      { code: 'sync.changesOrder', field: 'changes', entity: 'people' },
    ]);
    expect((await bench.stream()).notices).toHaveLength(1);
  });

  it('check 9: 3,000 records that were changed within one second all arrive, listed with forty requests at most', async () => {
    for (let count = 0; count < 3_000; count += 1) bench.connec.add({ first_name: `N${count}` });
    await bench.run();
    expect(bench.source.list).toHaveLength(3_000);
    // Each is read once more, fifty at a time, before it is created: what was listed may be old by then.
    expect(bench.connec.pages).toBeLessThanOrEqual(40);
    expect(bench.connec.reads - bench.connec.pages).toBeLessThanOrEqual(60);
    expect((await bench.run()).counters.createdInApp).toBe(0);
  });

  it('writes to the application what a listing showed, and reads a record once more that the application changed too', async () => {
    bench.connec.add({ first_name: 'Ann' });
    await bench.runs(2);
    const [id] = bench.connec.records.keys();
    const gets = async (): Promise<number> => {
      const { reads, pages } = bench.connec;
      await bench.run({}, 3_600);
      return bench.connec.reads - reads - (bench.connec.pages - pages);
    };
    await gets();
    await gets();
    bench.connec.edit(id!, { first_name: 'Anna' });
    expect(await gets()).toBe(0);
    expect(bench.source.list).toMatchObject([{ firstName: 'Anna' }]);

    await gets();
    bench.connec.edit(id!, { first_name: 'Anne' });
    bench.source.edit(bench.source.list[0]!.id, { lastName: 'Lee' });
    expect(await gets()).toBe(1);
    expect(bench.source.list).toMatchObject([{ firstName: 'Anne', lastName: 'Lee' }]);
    expect(bench.connec.records.get(id!)?.record).toMatchObject({ first_name: 'Anne', last_name: 'Lee' });
  });

  it('lists what is new, and the sixteen newest records, once nothing can become visible late any more', async () => {
    bench.settings = { ...bench.settings, brake: { floor: 1_000, share: 1, ceiling: 1_000 } };
    for (let count = 0; count < 300; count += 1) bench.connec.add({ first_name: `N${count}` });
    await bench.runs(2);
    for (const id of bench.connec.records.keys()) {
      bench.now += 1_000;
      bench.connec.edit(id, { last_name: 'Once' });
    }
    await bench.runs(2);
    const listed = async (seconds: number): Promise<number> => (await bench.run({}, seconds)).counters.read;
    expect(await listed(60)).toBeGreaterThan(100);
    // Behind the overlap the same is listed once more, and settled by that.
    expect(await listed(200)).toBeGreaterThan(100);
    expect(await listed(3_600)).toBeLessThan(40);
    bench.connec.edit([...bench.connec.records.keys()][7]!, { last_name: 'Twice' });
    await bench.run({}, 3_600);
    expect(bench.source.list.filter(({ lastName }) => lastName === 'Twice')).toHaveLength(1);
  });

  it('lists an import within one second no longer than it must, and notices a backup from before it all the same', async () => {
    for (let count = 0; count < 300; count += 1) bench.connec.add({ first_name: `N${count}` });
    const backup = new Map(bench.connec.records);
    await bench.run();
    const read = async (seconds: number): Promise<number> => (await bench.run({}, seconds)).counters.read;
    // The records, then the links that were made of them: each is settled by a listing behind the overlap.
    for (const seconds of [60, 200, 200]) expect(await read(seconds)).toBeGreaterThanOrEqual(300);
    const { reads } = bench.connec;
    expect(await read(3_600)).toBe(0);
    // One page, and the newest records by their ids.
    expect(bench.connec.reads - reads).toBe(2);
    bench.now += 5_000;
    bench.connec.edit([...bench.connec.records.keys()][7]!, { last_name: 'Edited' });
    await bench.run();
    expect(bench.source.list.filter(({ lastName }) => lastName === 'Edited')).toHaveLength(1);
    await bench.runs(2);
    for (const [id, record] of backup) bench.connec.records.set(id, record);
    expect(await bench.run({}, 3_600)).toMatchObject({ errors: [{ code: 'sync.restored' }] });
  });

  it('finds a record that becomes visible late, however quiet it is meanwhile', async () => {
    bench.connec.add({ first_name: 'First' });
    await bench.run();
    await bench.run({}, 3_600);
    await bench.run({}, 3_600);
    bench.connec.add({ first_name: 'Late' }, { hideFor: 110_000 });
    bench.now += 1_000;
    bench.connec.add({ first_name: 'Second' });
    await bench.run();
    await bench.run({}, 20);
    expect(bench.names.app).toEqual(['First', 'Second']);
    await bench.run({}, 3_600);
    expect(bench.names.app).toEqual(['First', 'Late', 'Second']);
  });

  it('rests a record by the response to its write, and looks again where that shows more', async () => {
    const row = bench.source.add({ firstName: 'Kim' });
    const reads = async (): Promise<number> => {
      const before = bench.connec.reads;
      await bench.run();
      return bench.connec.reads - before;
    };
    // A page, and nothing by id: there is no record yet, and its response says all.
    expect(await reads()).toBe(1);
    expect(await bench.linkOf({ app: String(row.id) })).toMatchObject({
      dueAt: null,
      externalConfirmed: true,
    });
    bench.connec.form = (values) => ({ ...values, last_name: 'By the platform' });
    bench.source.edit(row.id, { firstName: 'Kimberly' });
    await bench.runs(2);
    expect(bench.source.rows.get(row.id)).toMatchObject({
      firstName: 'Kimberly',
      lastName: 'By the platform',
    });
  });
});

/** Rule 13 of the reference: absence at Connec! is no delete, and in numbers it is a restore. */
describe('records that Connec! does not find any more', () => {
  let bench: EngineBench;

  beforeEach(() => {
    bench = new EngineBench();
  });
  afterEach(() => bench.close());

  /** So many records of thirty are gone, none of them among the newest. */
  const lose = async (count: number): Promise<void> => {
    for (let n = 0; n < 30; n += 1) bench.source.add({ firstName: `Old ${n}` });
    await bench.runs(2);
    bench.now += 600_000;
    for (let n = 0; n < 20; n += 1) bench.source.add({ firstName: `New ${n}` });
    await bench.runs(2);
    for (const { id } of [...bench.connec.records.values()].slice(0, count)) bench.connec.records.delete(id);
  };
  const vanished = async (): Promise<number> =>
    (await bench.links()).filter(({ hold }) => hold?.kind === 'vanished').length;

  it('are looked for, and each is left to a person', async () => {
    await lose(20);
    await bench.run({ full: true });
    expect(await vanished()).toBe(0);
    expect((await bench.run({ full: true }, 900)).errors).toEqual([]);
    expect(await vanished()).toBe(20);
    expect(bench.connec.records.size).toBe(30);
  });

  it('stop the entity once there are more than twenty and a hundredth', async () => {
    await lose(21);
    await bench.run({ full: true });
    expect(await bench.run({ full: true }, 900)).toMatchObject({ errors: [{ code: 'sync.restored' }] });
    expect(await vanished()).toBe(0);
    expect((await bench.stream()).stopped).toMatchObject({ code: 'sync.restored', side: 'connec' });
    await bench.operations.restored('people', 'theOther');
    await bench.runs(2);
    expect(await vanished()).toBe(0);
    expect(bench.connec.records.size).toBe(50);
  });

  it('stop nothing where others have their ids, however little of those a reading shows', async () => {
    for (let n = 0; n < 16; n += 1) bench.source.add({ firstName: `N${n}` });
    await bench.run();
    const [winner, first, second, ...others] = [...bench.connec.records.keys()];
    bench.now += 5_000;
    for (const loser of [first!, second!]) bench.connec.mergeInto(winner!, loser);
    expect((await bench.run()).errors).toEqual([]);
    // Two within one second: listings begin behind it as soon as it is settled.
    for (const id of others.slice(0, 2)) bench.connec.edit(id, { last_name: 'Edited' });
    for (const seconds of [5, 200, 200, 200]) expect((await bench.run({}, seconds)).errors).toEqual([]);
    await bench.run({ full: true }, 900);
    expect((await bench.operations.merges.list('people')).length).toBe(2);
  });

  it('are left to a person where Connec! is said to be right', async () => {
    await lose(21);
    await bench.run({ full: true });
    await bench.run({ full: true }, 900);
    await bench.operations.restored('people', 'theRestored');
    await bench.runs(2);
    expect((await bench.run({ full: true }, 900)).errors).toEqual([]);
    expect(await vanished()).toBe(21);
    expect(bench.connec.records.size).toBe(29);
    expect(bench.source.list).toHaveLength(50);
  });
});
