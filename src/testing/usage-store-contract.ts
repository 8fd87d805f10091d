import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';

import type { UsageStore } from '../usage/store/usage-store.js';
import { casesOnStores, type ContractCase, type StoresCheck } from './contract-case.js';
import { usageKillCases, type UsageStoreWorker } from './usage-store-contract-kills.js';
import { USAGE_STORE_MANY } from './usage-store-contract-many.js';
import { append, fact, HOUR, SEPTEMBER, series, statement, step, T } from './usage-store-contract-parts.js';
import { usageRaceCases } from './usage-store-contract-races.js';

/** How a store of usage is put through {@link usageStoreContract}. */
export interface UsageStoreContractOptions {
  /** Whether all stores that `makeStore` returns see the same rows; races are then run across eight of them. */
  readonly shared?: boolean;
  /**
   * Starts a process that opens a store on the same rows and calls {@link usageStoreWork} with the series: it is killed with
   * SIGKILL while it writes. Without, nothing is killed.
   */
  readonly startWorker?: (series: string) => UsageStoreWorker;
}

type UsageStoreCheck = StoresCheck<UsageStore>;

const FACTS: Readonly<Record<string, UsageStoreCheck>> = {
  'finds a series by its subject, and makes it once': async (store, other) => {
    const subject = { marketplace: 'contract', group: `cld-${randomUUID()}`, meter: 'contract' };
    const all = await Promise.all([store, other, store, other].map((one) => one.open([subject])));
    assert.equal(new Set(all.flat()).size, 1);
    const [row] = await other.list(subject, null, 10);
    assert.ok(row);
    assert.equal(row.id, all[0]![0]);
    assert.deepEqual(
      await store.open([subject, { ...subject, meter: 'x' }, subject]).then((ids) => ids[2]),
      row.id,
    );
  },
  'adds a fact once, whoever comes first, and says what was there': async (store, other) => {
    const id = await series(store);
    const both = await Promise.all([
      append(store, id, fact('a')),
      append(other, id, fact('a', { quantity: 2n })),
    ]);
    assert.deepEqual(both.flat().toSorted(), ['added', 'known']);
    const [known] = await store.append([{ series: id, fact: fact('a'), historical: false }]);
    assert.equal(known!.result, 'known');
    assert.equal((await store.find(id, ['a', 'b'])).length, 1);
  },
  'takes a batch with the same id twice': async (store) => {
    const id = await series(store);
    assert.deepEqual(await append(store, id, fact('a'), fact('b'), fact('a')), ['added', 'added', 'known']);
    // With other contents, the first one holds, and is what is said to be known.
    const others = Array.from({ length: 20 }, (_, index) => fact('c', { quantity: 20n - BigInt(index) }));
    const results = await store.append(others.map((one) => ({ series: id, fact: one, historical: false })));
    assert.equal(results[0]!.result, 'added');
    for (const one of results.slice(1)) {
      assert.ok(one.result === 'known');
      assert.equal(one.fact.quantity, 20n);
    }
    assert.equal((await store.find(id, ['c']))[0]!.quantity, 20n);
  },
  'compares ids byte by byte, and returns everything as it was': async (store, other) => {
    const id = await series(store);
    const ids = ['A', 'a', 'ä', 'a\u0308', 'a ', '漢', '🙂', "';--", '%_\\'];
    const facts = ids.map((name, index) =>
      fact(name, { key: name, at: T + index, quantity: 999_999_999_999_999_999n }),
    );
    assert.deepEqual(
      await append(store, id, ...facts),
      ids.map(() => 'added'),
    );
    for (const one of facts) {
      const [kept] = await other.find(id, [one.id]);
      assert.deepEqual(kept, { ...one, statement: null });
    }
  },
  'knows no series that is not there': async (store) => {
    assert.deepEqual(await append(store, '999999999', fact('a')), ['noSeries']);
    assert.equal(await store.load('999999999'), null);
  },
  'rejects facts after the company left': async (store) => {
    const id = await series(store);
    await append(store, id, fact('a'));
    const snapshot = (await store.load(id))!;
    assert.ok(await store.seal([{ ...step(snapshot, 1), leftAt: T + 2 * HOUR }]));
    const late = [fact('b'), fact('c', { at: T + 2 * HOUR }), fact('a')];
    assert.deepEqual(await append(store, id, ...late), ['added', 'left', 'known']);
    const twice = [fact('d', { at: T + 2 * HOUR }), fact('d'), fact('d')];
    assert.deepEqual(await append(store, id, ...twice), ['left', 'added', 'known']);
  },
  'sums by quarters of an hour and cuts, exactly': async (store) => {
    const id = await series(store);
    const many = 999_999_999_999_999_999n;
    const facts = Array.from({ length: 30 }, (_, index) =>
      fact(`f${index}`, { quantity: many, at: T + index }),
    );
    await append(store, id, ...facts);
    const rows = await store.tally(id, { ...SEPTEMBER, cuts: [T + 10], open: true });
    assert.deepEqual(
      [...rows]
        .toSorted((one, two) => one.part - two.part)
        .map(({ part, rows: count, quantity }) => [part, count, quantity]),
      [
        [0, 10, 10n * many],
        [1, 20, 20n * many],
      ],
    );
  },
  'measures the highest, the newest and the number of keys, after corrections': async (store, other) => {
    const id = await series(store);
    assert.equal(await store.measure(id, { ...SEPTEMBER, of: 'max' }), 0n);
    const facts = [
      fact('a', { key: 'ann', quantity: 999_999_999_999_999_999n }),
      fact('b', { key: 'bo', quantity: 5n, at: T + 3 * HOUR }),
      fact('c', { key: 'ann', quantity: 7n, at: T + 3 * HOUR }),
      fact('d', { key: 'Ann', quantity: 3n, at: T + 2 * HOUR }),
      fact('e', { key: 'cy', quantity: 1n, at: SEPTEMBER.to }),
    ];
    await append(store, id, ...facts);
    const measured = async (): Promise<bigint[]> => [
      await store.measure(id, { ...SEPTEMBER, of: 'max' }),
      await other.measure(id, { ...SEPTEMBER, of: 'last' }),
      await store.measure(id, { ...SEPTEMBER, of: 'uniqueCount' }),
    ];
    assert.deepEqual(await measured(), [999_999_999_999_999_999n, 7n, 3_000_000n]);
    const correct = (name: string, corrects: string, value: bigint | null) =>
      store.correct({ series: id, id: name, corrects, value, notBefore: 0, receivedAt: T });
    await correct('k1', 'a', 6n);
    await correct('k2', 'c', null);
    await correct('k3', 'd', null);
    assert.deepEqual(await measured(), [6n, 5n, 2_000_000n]);
  },
  'corrects by differences, and the last one holds': async (store, other) => {
    const id = await series(store);
    await append(store, id, fact('a'));
    const correct = (one: UsageStore, name: string, value: bigint | null) =>
      one.correct({ series: id, id: name, corrects: 'a', value, notBefore: 0, receivedAt: T });
    assert.equal((await correct(store, 'c1', 500_000n))!.result, 'added');
    assert.equal((await correct(store, 'c1', 500_000n))!.result, 'known');
    await Promise.all([correct(store, 'c2', null), correct(other, 'c3', null)]);
    await correct(other, 'c4', 7n);
    const rows = await store.tally(id, { ...SEPTEMBER, cuts: [], open: true });
    assert.equal(
      rows.reduce((sum, { quantity }) => sum + quantity, 0n),
      7n,
    );
    assert.equal(
      rows.reduce((sum, { counted }) => sum + counted, 0),
      1,
    );
    assert.equal(await correct(store, 'c5', 1n).then((done) => done?.result), 'added');
    assert.equal(
      await store.correct({ series: id, id: 'c6', corrects: 'no', value: 1n, notBefore: 0, receivedAt: T }),
      null,
    );
  },
};

const SEALS: Readonly<Record<string, UsageStoreCheck>> = {
  'seals once for a version, with the facts that were counted': async (store, other) => {
    const id = await series(store);
    await append(store, id, fact('a'), fact('b'), fact('later', { at: SEPTEMBER.to }));
    const snapshot = (await store.load(id))!;
    assert.equal(snapshot.earliest, T + HOUR);
    const done = await Promise.all([store.seal([step(snapshot, 2)]), other.seal([step(snapshot, 2)])]);
    assert.deepEqual(done.toSorted(), [false, true]);
    const after = (await other.load(id))!;
    assert.equal(after.series.version, snapshot.series.version + 1);
    assert.equal(after.earliest, SEPTEMBER.to);
    assert.deepEqual(await other.statedUntil([await series(store), id]), [null, SEPTEMBER.to]);
    assert.equal(after.periods[0]!.stated, '0.123456789012345678');
    assert.equal(after.series.state.chains[0]!.carry, '-0.005');
    const kept = await store.find(id, ['a', 'b', 'later']);
    assert.deepEqual(Object.fromEntries(kept.map((one) => [one.id, one.statement])), {
      a: 1,
      b: 1,
      later: null,
    });
    assert.equal((await store.statement(id, 'chain', 1))!.body, statement(1).body);
  },
  'ends a period earlier than it was opened, where a step says so': async (store, other) => {
    const id = await series(store);
    assert.ok(await store.seal([step((await store.load(id))!, 0)]));
    const snapshot = (await store.load(id))!;
    const { state, leftAt, nextDue, version } = snapshot.series;
    const ends = SEPTEMBER.from + 5 * HOUR;
    const terms = { currency: 'AUD', prices: [], trialEnd: null, nominalEnds: SEPTEMBER.to };
    const stated = [{ n: 0, sealedBy: 1, stated: '0', terms, ends }];
    assert.ok(await store.seal([{ series: id, version, state, leftAt, nextDue, stated }]));
    const [period] = (await other.load(id))!.periods;
    assert.deepEqual([period?.ends, period?.terms], [ends, terms]);
  },
  'knows every grace of open periods of a meter': async (store, other) => {
    const meter = `contract-${randomUUID()}`;
    assert.equal((await store.openGraces(meter)).length, 0);
    for (const grace of [5, 7, 7]) {
      const [id] = await store.open([{ marketplace: 'contract', group: `cld-${randomUUID()}`, meter }]);
      const made = step((await store.load(id!))!, 0);
      const { claim: _, statement: __, stated: ___, ...opening } = made;
      const opened = made.opened!.map((period) => ({ ...period, grace }));
      assert.ok(await store.seal([{ ...opening, opened }]));
    }
    const found = await other.openGraces(meter);
    assert.deepEqual(
      Array.from(found).toSorted((one, two) => one - two),
      [5, 7],
    );
  },
  'leaves nothing behind when a fact came meanwhile': async (store) => {
    const id = await series(store);
    await append(store, id, fact('a'));
    const snapshot = (await store.load(id))!;
    await append(store, id, fact('b'));
    assert.equal(await store.seal([step(snapshot, 1)]), false);
    const after = (await store.load(id))!;
    assert.deepEqual([after.periods.length, after.series.version], [0, snapshot.series.version]);
    assert.equal(await store.statement(id, 'chain', 1), null);
    assert.ok((await store.find(id, ['a', 'b'])).every(({ statement: by }) => by === null));
  },
  'seals several series, all or none': async (store, other) => {
    const [one, two] = [await series(store), await series(store)];
    await append(store, one, fact('a'));
    const steps = [step((await store.load(two))!, 0), step((await store.load(one))!, 0)];
    assert.equal(await store.seal(steps), false);
    assert.equal((await other.load(two))!.series.version, 0);
    assert.equal(await store.seal([steps[0]!, step((await store.load(one))!, 1)]), true);
  },
  'marks a statement from the states that it is in': async (store, other) => {
    const id = await series(store);
    assert.ok(await store.seal([step((await store.load(id))!, 0)]));
    assert.deepEqual([...(await store.due(0, String(Number(id) - 1), 1))], [id]);
    const bill = { key: 'usage/chain/1', priceCents: 9278, description: 'SMS', id: `bill-${randomUUID()}` };
    const progress = { ...statement(1).progress, bills: [bill] };
    const mark = { chain: 'chain', seq: 1, from: ['sealed'], to: 'billed', progress } as const;
    const done = await Promise.all([store.mark(id, mark), other.mark(id, mark)]);
    assert.deepEqual(done.toSorted(), [false, true]);
    assert.equal((await other.statementOfBill(bill.id))!.status, 'billed');
    assert.equal(await other.statementOfBill('bill-nobody'), null);
    assert.deepEqual((await store.statements(id, { status: ['sealed'], limit: 10 })).length, 0);
    assert.deepEqual((await store.statements(id, { chain: 'chain', limit: 10 })).length, 1);
  },
  'finds statements by their state, over all series, the oldest first': async (store, other) => {
    const [one, two] = [await series(store), await series(store)];
    for (const [id, sealedAt] of [
      [one, T + 2],
      [two, T + 1],
    ] as const) {
      await append(store, id, fact('a'));
      const made = step((await store.load(id))!, 1);
      // Far in the past, so that statements of other cases do not come first.
      const row = { ...statement(1), status: 'expired' as const, sealedAt: sealedAt - 10 * T };
      assert.ok(await store.seal([{ ...made, statement: row }]));
    }
    const own = [...(await other.withStatus(['expired', 'held'], 1_000))].filter(({ series: id }) =>
      [one, two].includes(id),
    );
    assert.deepEqual(
      own.map(({ series: id, status }) => [id, status]),
      [
        [two, 'expired'],
        [one, 'expired'],
      ],
    );
    assert.equal((await other.withStatus(['cancelling', 'writtenOff'], 0)).length, 0);
  },
  'sweeps what is stated and old, and keeps what it has to': async (store) => {
    const id = await series(store);
    await append(store, id, fact('a'), fact('b'), fact('c'));
    assert.ok(await store.seal([step((await store.load(id))!, 3)]));
    await append(store, id, fact('open'));
    assert.equal(await store.sweep(id, { before: SEPTEMBER.to, keep: ['b'], limit: 100 }), 2);
    const page = await store.facts(id, { ...SEPTEMBER, after: null, limit: 100 });
    assert.deepEqual(
      Array.from(page, (one) => one.id),
      ['b', 'open'],
    );
  },
};

/**
 * What every {@link UsageStore} must do, as cases for any test runner. Names are random, so a store in use may be tested.
 *
 * ```ts
 * for (const { name, run } of usageStoreContract(() => new MyUsageStore())) it(name, run);
 * ```
 *
 * With `shared`, eight stores at once, each with connections of its own, record, correct, seal and mark the same series: none of
 * them may fail, since locks are taken in the order of keys. With `startWorker`, processes are killed while they write.
 */
export function usageStoreContract(
  makeStore: () => UsageStore | Promise<UsageStore>,
  options: UsageStoreContractOptions = {},
): readonly ContractCase[] {
  return [
    ...casesOnStores<UsageStore>({ ...FACTS, ...SEALS, ...USAGE_STORE_MANY }, makeStore, options),
    ...usageRaceCases(makeStore, options),
    ...usageKillCases(makeStore, options),
  ];
}
