import assert from 'node:assert/strict';

import type { SeriesSnapshot } from '../usage/store/usage-records.js';
import type { UsageStore } from '../usage/store/usage-store.js';
import type { StoresCheck } from './contract-case.js';
import { append, fact, HOUR, SEPTEMBER, series, statement, step, T } from './usage-store-contract-parts.js';

async function seriesOf(store: UsageStore, count: number): Promise<string[]> {
  const ids: string[] = [];
  for (let index = 0; index < count; index += 1) ids.push(await series(store));
  return ids;
}

async function loaded(store: UsageStore, ids: readonly string[]): Promise<SeriesSnapshot[]> {
  return (await store.loadMany(ids)).map((one) => one!);
}

/** What is asked and written of many series at once: the same as of each by itself. */
export const USAGE_STORE_MANY: Readonly<Record<string, StoresCheck<UsageStore>>> = {
  'loads many series as each by itself, in the order of their ids': async (store, other) => {
    const [one = '', two = '', three = ''] = await seriesOf(store, 3);
    await append(store, one, fact('a', { at: T + 5 }), fact('b', { at: T + 3 }));
    assert.ok(await store.seal([step((await store.load(two))!, 0)]));
    const many = await other.loadMany([three, '999999999', one, two]);
    const each = [await store.load(three), null, await store.load(one), await store.load(two)];
    assert.deepEqual(many, each);
    assert.deepEqual([many[2]?.earliest, many[3]?.periods.length], [T + 3, 1]);
    assert.deepEqual(await store.loadMany([]), []);
  },
  'sums spans of many series as each by itself': async (store, other) => {
    const [one = '', two = ''] = await seriesOf(store, 2);
    const many = 999_999_999_999_999_999n;
    const facts = Array.from({ length: 30 }, (_, index) =>
      fact(`f${index}`, { quantity: many, at: T + index }),
    );
    await append(store, one, ...facts);
    await append(store, two, fact('x', { at: T + 1 }));
    assert.ok(await store.seal([step((await store.load(two))!, 1)]));
    await append(store, two, fact('late', { at: T + 1 }));
    const spans = [
      { series: one, from: T, to: T + 10 },
      { series: two, from: T, to: T + 2 },
      { series: one, from: T + 10, to: T + HOUR },
      { series: two, from: T + 2, to: SEPTEMBER.to },
    ];
    const shown = async (open: boolean) =>
      Array.from(await other.sums(spans, { open }), ({ rows, quantity, counted }) => [
        rows,
        quantity,
        counted,
      ]);
    const nothing = [0, 0n, 0];
    const [first, third] = [
      [10, 10n * many, 10],
      [20, 20n * many, 20],
    ];
    assert.deepEqual(await shown(true), [first, [1, 1_500_000n, 1], third, nothing]);
    assert.deepEqual(await shown(false), [first, [2, 3_000_000n, 2], third, nothing]);
    const [sums] = await store.sums(spans, { open: true });
    const rows = await store.tally(one, { from: T, to: T + 10, cuts: [], open: true });
    assert.deepEqual(sums!.lanes, rows[0]!.lanes);
    assert.deepEqual(await store.sums([], { open: true }), []);
  },
  'seals many series at once, each by itself: one that is another by now keeps none of the others': async (
    store,
    other,
  ) => {
    const ids = await seriesOf(store, 5);
    for (const id of ids) await append(store, id, fact('a'), fact('b'));
    const snapshots = await loaded(store, ids);
    const steps = snapshots.map((snapshot) => step(snapshot, 2));
    // The second was sealed by somebody else, and to the fourth a fact came.
    assert.ok(await other.seal([steps[1]!]));
    await append(other, ids[3]!, fact('c'));
    assert.deepEqual(await store.sealEach(steps.toReversed()), [true, false, true, false, true]);
    const after = await loaded(other, ids);
    assert.deepEqual(
      after.map(({ series: row, periods, earliest }) => [row.version, periods.length, earliest === null]),
      [
        [1, 1, true],
        [1, 1, true],
        [1, 1, true],
        [0, 0, false],
        [1, 1, true],
      ],
    );
    assert.equal(after[0]!.periods[0]!.stated, '0.123456789012345678');
    assert.deepEqual(await store.find(ids[3]!, ['a']).then(([kept]) => kept!.statement), null);
    assert.equal((await store.statement(ids[4]!, 'chain', 1))!.body, statement(1).body);
    assert.deepEqual(await store.sealEach([]), []);
  },
  'writes what a step without a statement changes, of many series at once': async (store, other) => {
    const ids = await seriesOf(store, 3);
    const steps = (await loaded(store, ids)).map((snapshot, index) => {
      const { claim: _, statement: __, stated: ___, ...opening } = step(snapshot, 0);
      return { ...opening, leftAt: index === 1 ? T : null, nextDue: T + index };
    });
    assert.deepEqual(await store.sealEach(steps), [true, true, true]);
    assert.deepEqual(
      (await loaded(other, ids)).map(({ series: row, periods }) => [row.leftAt, row.nextDue, periods.length]),
      [
        [null, T, 1],
        [T, T + 1, 1],
        [null, T + 2, 1],
      ],
    );
  },
  'marks many statements at once, and finds those of many series by their state': async (store, other) => {
    const ids = await seriesOf(store, 4);
    for (const id of ids) assert.ok(await store.seal([step((await store.load(id))!, 0)]));
    const { progress } = statement(1);
    const mark = { chain: 'chain', seq: 1, from: ['sealed', 'held'], to: 'billed', progress } as const;
    assert.ok(await store.mark(ids[2]!, { ...mark, to: 'refused' }));
    const marks = ids.slice(1).map((id, index) => ({
      series: id,
      mark: { ...mark, progress: { ...progress, reason: `r${index}` } },
    }));
    assert.deepEqual(await other.markEach(marks.toReversed()), [true, false, true]);
    const found = await store.statementsOf(ids.toReversed(), ['sealed', 'billed']);
    const shown = Array.from(found, (one) => [one.series, one.status, one.progress.reason]);
    assert.deepEqual(
      shown.toSorted((one, two) => Number(one[0]) - Number(two[0])),
      [
        [ids[0], 'sealed', null],
        [ids[1], 'billed', 'r0'],
        [ids[3], 'billed', 'r2'],
      ],
    );
    assert.equal((await store.statementsOf(ids, ['expired'])).length, 0);
    assert.deepEqual(await store.markEach([]), []);
  },
  'returns the statements of a series oldest first, when those of many are asked for': async (store) => {
    const [id = '', other = ''] = await seriesOf(store, 2);
    for (let seq = 1; seq <= 3; seq += 1) {
      const made = step((await store.load(id))!, 0, seq);
      assert.ok(await store.seal([{ ...made, statement: { ...statement(seq), sealedAt: T + seq } }]));
    }
    const found = await store.statementsOf([other, id], ['sealed']);
    assert.deepEqual(
      Array.from(found, ({ seq }) => seq),
      [1, 2, 3],
    );
  },
  'sweeps many series at once, no more than it is allowed to': async (store, other) => {
    const ids = await seriesOf(store, 3);
    for (const id of ids) {
      await append(store, id, fact('a'), fact('b'));
      assert.ok(await store.seal([step((await store.load(id))!, 2)]));
      await append(store, id, fact('open'));
    }
    const sweeps = ids.slice(0, 2).map((id) => ({ series: id, before: SEPTEMBER.to }));
    assert.equal(await other.sweepEach(sweeps, 3), 3);
    assert.equal(await other.sweepEach(sweeps, 3), 1);
    assert.equal(await other.sweepEach(sweeps, 3), 0);
    const left = await Promise.all(ids.map((id) => store.find(id, ['a', 'b', 'open'])));
    assert.deepEqual(
      left.map((kept) => Array.from(kept, ({ id }) => id).toSorted()),
      [['open'], ['open'], ['a', 'b', 'open']],
    );
  },
};
