import { MaestranoHttpError } from '../../src/errors/http.error.js';
import { knownCompany } from '../../src/usage/engine/usage-company.js';
import { UsageCloser } from '../../src/usage/engine/usage-closer.js';
import type { UsageBilling, UsageContext } from '../../src/usage/engine/usage-context.js';
import { AMOUNT_PLACES, parseExact, sumOf } from '../../src/usage/exact/exact-decimal.js';
import { currencyStep } from '../../src/usage/exact/currency-step.js';
import { MemoryUsageStore } from '../../src/usage/store/memory-usage-store.js';
import { UsageStore } from '../../src/usage/store/usage-store.js';
import { UsageOperations } from '../../src/usage/usage-operations.js';
import { MemoryStore } from '../../src/stores/memory-store.js';
import { UsageWorld } from '../support/usage/usage-world.js';
import type { Scenario } from './scenario.js';
import { digestOf, search, seeded, type System, textOf, type Turns } from './search.js';

const DAY_MS = 86_400_000;
const REF = { marketplace: 'one', group: 'cld-1', meter: 'm' } as const;
const WRITES = new Set(['open', 'append', 'correct', 'seal', 'sealEach', 'mark', 'markEach', 'sweep']);

/** What happens at once, after the period of the facts is over. */
interface Conditions extends Pick<System, 'deaths' | 'faults'> {
  readonly closers: number;
  /** Facts that come late, each by a process of its own; the same name is the same fact. */
  readonly late: readonly string[];
}

/**
 * A fact is unknown, acknowledged, then in one statement; a statement is sealed, then billed. Closers and recorders work
 * at once; closers and recorders die, and the marketplace's answers are lost. In the end each acknowledged fact is in one
 * statement, there is one bill for a statement at most, and all bills and what is carried on are the price of all facts.
 */
function closes({ closers, late, ...limits }: Conditions): System {
  const world = new UsageWorld({
    now: '2018-08-25T05:00:00Z',
    meters: {
      m: {
        aggregate: 'sum',
        label: 'm',
        prices: { AUD: [{ model: 'unit', unit: '1' }] },
        grace: '1d',
      },
    },
    acceptFor: '200d',
  });
  world.company = { zone: 'UTC', currency: 'AUD' };
  const plain = world.store as MemoryUsageStore;
  const written = new Written();
  const acknowledged = new Set<string>();
  const fact = (id: string) => ({ ...REF, id, at: new Date(Date.UTC(2018, 7, 20)), quantity: '1.004' });
  const early = world.usage.record(fact('early')).then(() => {
    acknowledged.add('early');
    world.at('2018-09-03T00:00:00Z');
  });
  const context = (turns: Turns): UsageContext =>
    world.contextOn(stepped(plain, turns, written), risky(world.marketplace, turns));
  const record = (turns: Turns, id: string): Promise<void> =>
    new UsageOperations(context(turns)).record(fact(id)).then(() => void acknowledged.add(id));
  const close = async (turns: Turns): Promise<void> => {
    const [series] = await plain.open([REF]);
    await new UsageCloser(context(turns)).close(series!, knownCompany(world.company!), { send: true });
  };
  const bad: string[] = [];
  return {
    ...limits,
    store: new MemoryStore(),
    processes: [
      ...Array.from({ length: closers }, (_unused, index) => ({
        name: `closer ${index}`,
        run: (turns: Turns) => early.then(() => close(turns)),
      })),
      ...late.map((id, index) => ({
        name: `recorder ${index}`,
        run: (turns: Turns) => early.then(() => record(turns, id)),
      })),
    ],
    after: {
      name: 'later',
      async run(turns) {
        for (const id of new Set(late)) if (!acknowledged.has(id)) await record(turns, id);
        world.now += 40 * DAY_MS;
        for (let round = 0; round < 3 + (limits.faults ?? 0); round += 1) await close(turns);
        const [series] = await plain.open([REF]);
        bad.push(...(await booksOf(world, plain, series!, new Set(['early', ...late]))));
      },
    },
    state: () => [
      written.digest,
      world.now,
      world.marketplace.list.map(({ key, status }) => [key, status]),
      [...acknowledged],
    ],
    check() {
      if (bad.length > 0) throw new Error(`${bad.join('; ')}: ${written.names.join(', ')}`);
    },
  };
}

/** What is wrong with the books. */
async function booksOf(
  world: UsageWorld,
  store: MemoryUsageStore,
  series: string,
  ids: ReadonlySet<string>,
): Promise<string[]> {
  const bad: string[] = [];
  const snapshot = (await store.load(series))!;
  const all = { from: Number.MIN_SAFE_INTEGER, to: Number.MAX_SAFE_INTEGER, after: null, limit: 1e9 };
  const facts = await store.facts(series, all);
  const known = facts.map(({ id }) => id).toSorted();
  if (known.join() !== [...ids].toSorted().join()) bad.push(`the facts are ${known.join()}`);
  if (facts.some(({ statement }) => statement === null)) bad.push('a fact is in no statement');
  const exact = parseExact('1.004', AMOUNT_PLACES) * BigInt(ids.size);
  const { unit } = currencyStep('AUD', undefined);
  const carry = sumOf(snapshot.series.state.chains.map((chain) => parseExact(chain.carry, AMOUNT_PLACES)));
  const got = BigInt(world.marketplace.cents) * unit + carry;
  if (got !== exact) bad.push(`${got} was charged or carried on instead of ${exact}`);
  const statements = await store.statements(series, { limit: 1_000 });
  const bills = statements.flatMap(({ progress }) => progress.bills.flatMap(({ id }) => id ?? []));
  const kept = world.marketplace.list.map(({ id }) => id);
  if (bills.toSorted().join() !== kept.toSorted().join())
    bad.push(`${bills.join()} stand for ${kept.join()}`);
  return bad;
}

/** What was written, in its order: what is in the store follows from it. */
class Written {
  readonly names: string[] = [];
  digest = '';

  note(name: string, what: unknown): void {
    this.names.push(name);
    this.digest = digestOf(`${this.digest} ${name} ${textOf(what)}`);
  }
}

/** A store whose every call is a turn. */
function stepped(store: MemoryUsageStore, turns: Turns, written: Written): UsageStore {
  return new Proxy(store, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function' || !(name in MemoryUsageStore.prototype)) return value;
      return async (...given: unknown[]): Promise<unknown> => {
        await turns.step();
        const result: unknown = await (value as (...all: unknown[]) => unknown).apply(target, given);
        turns.learn(result);
        if (WRITES.has(String(name))) written.note(String(name), [given, result]);
        return result;
      };
    },
  });
}

/** A marketplace that is not reached, or whose answers get lost. */
function risky(billing: UsageBilling, turns: Turns): UsageBilling {
  const call = async <T>(work: () => Promise<T>): Promise<T> => {
    const fault = await turns.fault(2);
    if (fault === 1) throw noAnswer();
    const result = await work();
    turns.learn(result);
    if (fault === 2) throw noAnswer();
    return result;
  };
  return {
    createOnce: (marketplace, key, bill, options) =>
      call(() => billing.createOnce(marketplace, key, bill, options)),
    find: (marketplace, id, options) => call(() => billing.find(marketplace, id, options)),
    cancel: (marketplace, id, options) => call(() => billing.cancel(marketplace, id, options)),
  };
}

function noAnswer(): MaestranoHttpError {
  return new MaestranoHttpError('http.connection', {
    message: 'no answer came.',
    marketplace: 'one',
    operation: 'POST account/bills',
    attempts: 1,
    sent: 'maybe',
  });
}

const ALL = { most: 500_000 };

function sampled(name: string, conditions: Conditions, few: number): Scenario {
  return {
    name,
    whole: 'full',
    search: (full) =>
      search(() => closes(conditions), full ? ALL : { most: few, random: seeded(name.length) }),
  };
}

export const USAGE_CLOSE: readonly Scenario[] = [
  {
    name: 'one close, a lost answer, a death',
    whole: 'always',
    search: () => search(() => closes({ closers: 1, late: [], faults: 1, deaths: 1 }), ALL),
  },
  {
    name: 'one close, a late fact',
    whole: 'always',
    search: () => search(() => closes({ closers: 1, late: ['late'] }), ALL),
  },
  sampled('two closes at once', { closers: 2, late: [] }, 30),
  sampled('two closes, a lost answer', { closers: 2, late: [], faults: 1 }, 30),
  sampled('two closes, a death', { closers: 2, late: [], deaths: 1 }, 30),
  sampled('a close, a late fact, a death', { closers: 1, late: ['late'], deaths: 1 }, 30),
  sampled('a close, a late fact twice', { closers: 1, late: ['late', 'late'] }, 30),
  {
    name: 'three closes, three late facts',
    whole: 'never',
    search: (full) =>
      search(() => closes({ closers: 3, late: ['x', 'y', 'x'], faults: 3, deaths: 2 }), {
        most: full ? 3_000 : 25,
        random: seeded(40),
      }),
  },
];
