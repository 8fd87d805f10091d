import assert from 'node:assert/strict';

import type { UsageStore } from '../usage/store/usage-store.js';
import type { ContractCase } from './contract-case.js';
import { append, fact, SEPTEMBER, series, statement, step, T } from './usage-store-contract-parts.js';

/** Stores that race, each with connections of its own. */
const STORES = 8;

type Race = (stores: readonly UsageStore[]) => Promise<void>;

/** Where a store takes its turn; the last stores are there for all that comes after. */
const at = (stores: readonly UsageStore[], index: number): UsageStore => stores[index % stores.length]!;

/** A step of what is open of a series by now; null where nothing is. */
async function nextStep(store: UsageStore, id: string): Promise<ReturnType<typeof step> | null> {
  const snapshot = (await store.load(id))!;
  const [sums] = await store.sums([{ series: id, ...SEPTEMBER }], { open: true });
  if (sums!.rows === 0) return null;
  return step(snapshot, sums!.rows, (snapshot.series.state.chains[0]?.seq ?? 0) + 1);
}

/** Every fact is in one statement, which is there and states as many as it was sealed with; no other is. */
async function isWhole(store: UsageStore, id: string, names: readonly string[]): Promise<void> {
  const page = await store.facts(id, { ...SEPTEMBER, after: null, limit: 1_000 });
  assert.deepEqual(Array.from(page, (one) => one.id).toSorted(), Array.from(names).toSorted());
  const { series: row } = (await store.load(id))!;
  const seq = row.state.chains[0]?.seq ?? 0;
  const statements = await store.statements(id, { limit: 1_000 });
  assert.equal(statements.length, seq);
  for (const { statement: by } of page) assert.ok(by === null || (by >= 1 && by <= seq));
  assert.equal(row.version, seq);
}

/** Adds a fact to each series, and corrects one of the first two. */
async function record(store: UsageStore, ids: readonly string[], name: string, value: bigint): Promise<void> {
  const appends = ids.map((id) => ({ series: id, fact: fact(name), historical: false }));
  const results = await store.append(appends);
  assert.ok(results.every(({ result }) => result === 'added'));
  for (const id of ids.slice(0, 2)) {
    const correction = { series: id, id: `c${name}`, corrects: 'a', value };
    const corrected = await store.correct({ ...correction, notBefore: 0, receivedAt: T });
    assert.equal(corrected?.result, 'added');
  }
}

const RACES: Readonly<Record<string, Race>> = {
  'never loses or doubles a fact while many record and seal': async (stores) => {
    const id = await series(stores[0]!);
    const over = new AbortController();
    const recorders = Array.from({ length: 6 }, async (_, who) => {
      for (let round = 0; round < 8; round += 1) {
        const names = [`shared-${round}`, `${who}-${round}`];
        await append(at(stores, who), id, ...names.map((name) => fact(name)));
      }
    });
    const closers = [6, 7].map(async (who) => {
      const store = at(stores, who);
      while (!over.signal.aborted) {
        const made = await nextStep(store, id);
        if (made) await (who === 6 ? store.seal([made]) : store.sealEach([made]));
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
    });
    await Promise.all(recorders).finally(() => over.abort());
    await Promise.all(closers);
    const last = await nextStep(stores[0]!, id);
    if (last) assert.ok(await stores[0]!.seal([last]));
    const own = Array.from({ length: 6 }, (_, who) =>
      Array.from({ length: 8 }, (__, round) => `${who}-${round}`),
    );
    const shared = Array.from({ length: 8 }, (_, round) => `shared-${round}`);
    await isWhole(stores[0]!, id, [...own.flat(), ...shared]);
  },
  'takes its locks in the order of the ids: eight that seal, correct and mark the same series in every order, and none fails':
    async (stores) => {
      const ids: string[] = [];
      for (let index = 0; index < 6; index += 1) ids.push(await series(stores[0]!));
      for (const id of ids) await append(stores[0]!, id, fact('a'), fact('b'));
      let sealed = 0;
      const { progress } = statement(1);
      const work = async (who: number): Promise<void> => {
        const store = at(stores, who);
        for (let round = 0; round < 4; round += 1) {
          const turned = ids.map((_, index) => ids[(index + who + round) % ids.length]!);
          const order = who % 2 === 0 ? turned : turned.toReversed();
          // Later nothing comes any more, so that what is open is sealed by one of them.
          if (round < 2) await record(store, order, `${who}-${round}`, BigInt(who));
          const steps = [];
          for (const id of order) {
            const made = await nextStep(store, id);
            if (made) steps.push(made);
          }
          const done = who % 3 === 0 ? await store.sealEach(steps) : [await store.seal(steps.slice(0, 2))];
          if (steps.length > 0 && done.some(Boolean)) sealed += 1;
          const mark = { chain: 'chain', seq: 1, from: ['sealed'], to: 'sealed', progress } as const;
          await store.markEach(order.map((id) => ({ series: id, mark })));
        }
      };
      await Promise.all(Array.from({ length: STORES }, (_, who) => work(who)));
      assert.ok(sealed > 0);
      for (const id of ids) {
        const rest = await nextStep(stores[0]!, id);
        if (rest) assert.ok(await stores[0]!.seal([rest]));
        const page = await stores[0]!.facts(id, { ...SEPTEMBER, after: null, limit: 1_000 });
        const names = Array.from(page, (one) => one.id);
        for (let who = 0; who < STORES; who += 1) assert.ok(names.includes(`${who}-1`));
        assert.ok(page.every(({ statement: by }) => by !== null));
        await isWhole(stores[0]!, id, names);
      }
    },
  'corrects one fact eight times at once, each by what is there by then': async (stores) => {
    const id = await series(stores[0]!);
    await append(stores[0]!, id, fact('a'));
    const values = Array.from({ length: STORES }, (_, who) => BigInt(who + 1) * 1_000n);
    const given = (who: number) => ({ series: id, id: `c${who}`, corrects: 'a', value: values[who]! });
    const done = await Promise.all(
      values.map((_, who) => at(stores, who).correct({ ...given(who), notBefore: 0, receivedAt: T })),
    );
    assert.deepEqual(new Set(done.map((one) => one?.result)), new Set(['added']));
    const [sums] = await stores[0]!.sums([{ series: id, ...SEPTEMBER }], { open: true });
    const kept = await stores[0]!.facts(id, { ...SEPTEMBER, after: null, limit: 100 });
    const last = kept.reduce((newest, one) => (one.turn > newest.turn ? one : newest));
    assert.deepEqual([sums!.quantity, sums!.counted, last.turn], [last.value, 1, STORES]);
  },
};

/** Cases in which many stores write the same series at once; one store many times where they do not share their rows. */
export function usageRaceCases(
  makeStore: () => UsageStore | Promise<UsageStore>,
  { shared = false }: { readonly shared?: boolean },
): readonly ContractCase[] {
  return Object.entries(RACES).map(([name, race]) => ({
    name,
    run: async () => {
      const stores: UsageStore[] = [];
      try {
        for (let index = 0; index < (shared ? STORES : 1); index += 1) stores.push(await makeStore());
        await race(stores);
      } finally {
        for (const store of stores) await store.close();
      }
    },
  }));
}
