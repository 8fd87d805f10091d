import { priceTerms } from '../../../src/usage/rating/price-table.js';
import type { UsageMeter } from '../../../src/usage/meters/usage-meter.js';
import type { UsageContext, UsageBilling } from '../../../src/usage/engine/usage-context.js';
import { boundedPeriod } from '../../../src/usage/engine/statement-plan.js';
import { measureFacts } from '../../../src/usage/engine/measure-periods.js';
import { UsageCloser } from '../../../src/usage/engine/usage-closer.js';
import { StatementSender } from '../../../src/usage/engine/statement-sender.js';
import { knownCompany } from '../../../src/usage/engine/usage-company.js';
import { currencyStep } from '../../../src/usage/exact/currency-step.js';
import { AMOUNT_PLACES, formatExact, parseExact, sumOf } from '../../../src/usage/exact/exact-decimal.js';
import { ratePeriod } from '../../../src/usage/rating/period-rating.js';
import { MemoryUsageStore } from '../../../src/usage/store/memory-usage-store.js';
import type { KeptFactRow, PeriodRow, SeriesSnapshot } from '../../../src/usage/store/usage-records.js';
import type { SealedStatement } from '../../../src/usage/statement/usage-statement.js';
import type { UsageStore } from '../../../src/usage/store/usage-store.js';
import { UsageOperations } from '../../../src/usage/usage-operations.js';
import { type Task, Tasks } from './interleaved-tasks.js';
import { oraclePrice } from './usage-oracle.js';
import { UsageWorld } from './usage-world.js';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const ZONES = [
  'Australia/Lord_Howe',
  'America/Sao_Paulo',
  'Europe/Paris',
  'Asia/Kathmandu',
  'Pacific/Kiritimati',
  'America/St_Johns',
  'UTC',
];

/** Numbers from 0 to 1 that depend on the seed alone. */
export function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state ^ (state >>> 15), 1 | state) + 0x6d2b79f5) | 0;
    return ((state ^ (state >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** A meter of the oracle's kinds (shared usage-model/run.mjs). */
function meterOf(r: () => number, weekly: boolean): { meter: UsageMeter; currency: string } {
  const changes = new Date('2018-09-17T00:00:00Z');
  const unit = { model: 'unit', unit: '0.0755' } as const;
  const graduated = {
    model: 'graduated',
    tiers: [
      { upTo: '20', unit: '0.5' },
      { upTo: '50', unit: '0.333333' },
      { unit: '0.1', flat: '2' },
    ],
  } as const;
  const volume = {
    model: 'volume',
    tiers: [
      { upTo: '25', unit: '0.9' },
      { unit: '0.4', flat: '1' },
    ],
  } as const;
  const packages = { model: 'package', size: '12', each: '3.1', included: '5' } as const;
  const pick = <T>(list: readonly T[]): T => list[Math.floor(r() * list.length)]!;
  const aggregate = weekly
    ? 'timeWeighted'
    : pick(['sum', 'sum', 'count', 'max', 'last', 'uniqueCount', 'timeWeighted', 'timeWeighted'] as const);
  const first = pick([unit, graduated, volume, packages]);
  const more = r() < 0.4 ? [{ ...pick([unit, graduated, packages]), from: changes }] : [];
  const minimum = r() < 0.3 ? { minimum: '4.99' } : {};
  const currency = pick(['AUD', 'AUD', 'JPY', 'KWD']);
  return {
    currency,
    meter: {
      aggregate,
      ...(aggregate === 'timeWeighted' && { resolution: pick(['day', 'exact'] as const) }),
      label: 'm',
      prices: { [currency]: [{ ...first, ...minimum }, ...more] },
      amountsIn: pick(['hundredths', 'minor'] as const),
      cycle: weekly
        ? { every: 'week' }
        : pick([{ every: 'month' }, { every: 'month', day: 31 }, { every: 'week' }] as const),
      grace: '2d',
      maxBill: '1000000000',
    },
  };
}

interface Sent {
  readonly id: string;
  readonly at: Date;
  readonly quantity: string;
  readonly key: string;
}

/** What is switched on to see that the checks find it. */
export interface HistoryOptions {
  /** A store that is wrong on purpose. */
  readonly wrap?: (store: UsageStore) => UsageStore;
  /** A marketplace that is called wrongly on purpose. */
  readonly wrapBilling?: (billing: UsageBilling) => UsageBilling;
  /** Leaves the oracle out, which computes each day anew. */
  readonly withoutOracle?: boolean;
  /** Weeks of seats alone. */
  readonly weekly?: boolean;
}

/** What came of one history. */
export interface HistoryResult {
  readonly bad: readonly string[];
  readonly bills: number;
  readonly facts: number;
}

const REF = { marketplace: 'one', group: 'cld-1', meter: 'm' } as const;

/** One company's hundred days, with two recorders and closers that die, answers that are lost, and late facts. */
export async function usageHistory(seed: number, options: HistoryOptions = {}): Promise<HistoryResult> {
  const r = random(seed);
  let zone = ZONES[Math.floor(r() * ZONES.length)]!;
  const { meter, currency } = meterOf(r, options.weekly === true);
  const world = new UsageWorld({ now: '2018-08-20T05:00:00Z', meters: { m: meter }, acceptFor: '200d' });
  const trialEnd = r() < 0.2 ? new Date(world.now + Math.floor(r() * 40) * DAY) : null;
  const company = (): void => void (world.company = { zone, currency, freeTrialEndAt: trialEnd });
  company();
  const plain = world.store as MemoryUsageStore;
  let faults = true;
  const tasks = new Tasks(r, () => faults);
  const context = (task: Task): UsageContext => {
    const gated = tasks.gate(task, plain, MemoryUsageStore);
    const store = options.wrap?.(gated) ?? gated;
    const billing = tasks.gateBilling(task, world.marketplace);
    return world.contextOn(store, options.wrapBilling?.(billing) ?? billing);
  };
  const bad: string[] = [];
  const sent: Sent[] = [];
  const confirmed = new Set<string>();
  let names = 0;
  const seriesId = async (): Promise<string> => (await plain.open([REF]))[0]!;
  const close = async (task: Task): Promise<void> => {
    await new UsageCloser(context(task)).close(await seriesId(), knownCompany(world.company!), {
      send: true,
    });
  };
  const record = async (task: Task, fact: Sent): Promise<void> => {
    await new UsageOperations(context(task)).record({ ...REF, ...fact });
    confirmed.add(fact.id);
  };
  const correct = async (task: Task, fact: Sent): Promise<void> => {
    const quantity = r() < 0.3 ? null : (Math.floor(r() * 500) / 100).toString();
    names += 1;
    await new UsageOperations(context(task)).correct({
      ...REF,
      id: `c${names}`,
      corrects: fact.id,
      quantity,
    });
  };
  const cancel = async (task: Task): Promise<void> => {
    const [newest] = await plain.statements(await seriesId(), { status: ['billed'], limit: 1 });
    if (!newest) return;
    const progress = { ...newest.progress, since: world.now };
    const mark = {
      chain: newest.chain,
      seq: newest.seq,
      from: ['billed'],
      to: 'cancelling',
      progress,
    } as const;
    if (await plain.mark(newest.series, mark)) {
      await new StatementSender(context(task)).cancel({ ...newest, status: 'cancelling' }, {});
    }
  };

  const end = world.now + 100 * DAY;
  while (world.now < end) {
    world.now += Math.floor(r() * 10 * HOUR);
    const roll = r();
    if (roll < 0.5) {
      const late = r();
      const back = late < 0.7 ? r() * HOUR : late < 0.9 ? r() * 5 * DAY : r() * 45 * DAY;
      const fact = {
        id: `e${(names += 1)}`,
        at: new Date(Math.floor(world.now - back)),
        quantity: (Math.floor(r() * 900) / 100).toString(),
        key: `u${Math.floor(r() * 5)}`,
      };
      sent.push(fact);
      tasks.start((task) => record(task, fact));
    } else if (roll < 0.62 && sent.length > 0) {
      const fact = sent[Math.floor(r() * sent.length)]!;
      tasks.start((task) => record(task, fact));
    } else if (roll < 0.66 && confirmed.size > 0) {
      const name = [...confirmed][Math.floor(r() * confirmed.size)];
      const fact = sent.find(({ id }) => id === name)!;
      tasks.start((task) => correct(task, fact));
    } else if (roll < 0.9) tasks.start(close);
    else if (roll < 0.92) tasks.start(cancel);
    else if (roll < 0.93) {
      zone = ZONES[Math.floor(r() * ZONES.length)]!;
      company();
    }
    await tasks.run(Math.floor(r() * 8));
    if (r() < 0.05) {
      const problem = await previewProblem(world, plain, tasks);
      if (problem) bad.push(problem);
    }
  }
  // No more faults: what was lost is sent again, and everything is over.
  faults = false;
  await tasks.finish();
  for (const fact of sent) {
    tasks.start((task) => record(task, fact));
    await tasks.finish();
  }
  world.now += 120 * DAY;
  for (let round = 0; round < 2; round += 1) {
    tasks.start(close);
    await tasks.finish();
  }
  const bills = world.marketplace.bills.size;
  tasks.start(close);
  await tasks.finish();
  if (world.marketplace.bills.size !== bills) bad.push('closing again billed again');
  bad.push(...tasks.failures.map((error) => `failed: ${String(error)}`));
  const snapshot = await plain.load(await seriesId());
  const priced = (period: PeriodRow, facts: readonly KeptFactRow[]) =>
    exactly(meter, currency, period, facts, options.withoutOracle === true);
  bad.push(...(await booksProblems(world, snapshot, plain, sent, meter, currency, priced)));
  return { bad, bills, facts: sent.length };
}

/** A preview is what the next close states, when nothing arrives between. */
async function previewProblem(
  world: UsageWorld,
  store: MemoryUsageStore,
  tasks: Tasks,
): Promise<string | null> {
  if (tasks.size > 0) return null;
  const [id] = await store.open([REF]);
  const closer = new UsageCloser(world.context);
  await new StatementSender(world.context).send((await store.load(id!))!, null, {});
  let preview;
  try {
    preview = await world.usage.preview(REF);
  } catch {
    return null;
  }
  const closed = await closer.close(id!, knownCompany(world.company!), { send: true });
  const [first] = closed!.sealed;
  // Late facts of closed periods alone are stated when somebody asks; the preview is about the next period.
  if (!first?.regular) return null;
  const shown = ({ lines, opening, billed, closing }: SealedStatement): string =>
    JSON.stringify([lines, opening, billed, closing]);
  return shown(first) === shown(preview) ? null : 'the preview was another statement';
}

/** What all bills and the carry have to be, from what is true. */
async function booksProblems(
  world: UsageWorld,
  snapshot: SeriesSnapshot | null,
  store: MemoryUsageStore,
  sent: readonly Sent[],
  meter: UsageMeter,
  currency: string,
  priced: (period: PeriodRow, facts: readonly KeptFactRow[]) => ReturnType<typeof exactly>,
): Promise<string[]> {
  if (!snapshot) return [];
  const bad: string[] = [];
  const { series, periods } = snapshot;
  const all = { from: Number.MIN_SAFE_INTEGER, to: Number.MAX_SAFE_INTEGER, after: null, limit: 1e9 };
  const facts = await store.facts(series.id, all);
  const missing = sent.filter(({ id }) => !facts.some((fact) => fact.id === id));
  if (missing.length > 0) bad.push(`${missing.length} facts are lost`);
  const past = periods.filter(({ ends }) => ends + 2 * DAY <= world.now);
  const prices = past.map((period) => priced(period, facts));
  if (prices.some(({ ours, oracle }) => oracle !== null && oracle !== ours))
    bad.push('the oracle has another price');
  const exact = sumOf(prices.map(({ ours, oracle }) => oracle ?? ours));
  const { unit, step } = currencyStep(currency, meter.amountsIn);
  const carry = sumOf(series.state.chains.map((chain) => parseExact(chain.carry, AMOUNT_PLACES)));
  const got = BigInt(world.marketplace.cents) * unit + carry;
  if (got !== exact) bad.push(`${got > exact ? 'over' : 'under'} ${formatExact(got - exact, AMOUNT_PLACES)}`);
  if (
    facts.some(
      ({ at, statement }) => statement === null && past.some((one) => at >= one.starts && at < one.ends),
    )
  )
    bad.push('a fact in no statement');
  if (carry * 2n >= step) bad.push('carried too much');
  for (const chain of series.state.chains) {
    const { ok, problem } = await world.usage.verify({ ...REF, chain: chain.id });
    if (!ok) bad.push(`verify: ${problem}`);
  }
  return bad;
}

/** The price of a period, from all facts that are true: as the product rates, and as the oracle does where it is there. */
function exactly(
  meter: UsageMeter,
  currency: string,
  period: PeriodRow,
  facts: readonly KeptFactRow[],
  withoutOracle: boolean,
): { readonly ours: bigint; readonly oracle: bigint | null } {
  const { prices, trialEnd } = period.terms!;
  const { aggregate, resolution = 'exact' } = meter;
  const own =
    aggregate === 'timeWeighted' ? facts : facts.filter(({ at }) => at >= period.starts && at < period.ends);
  const measure = measureFacts({ aggregate, resolution }, own, period);
  const bounds = boundedPeriod(period, null);
  const { step } = currencyStep(currency, meter.amountsIn);
  const terms = { aggregate, prices: prices.map(priceTerms), trialEnd, step };
  const lines = ratePeriod({ ...bounds, nominalMs: period.ends - period.starts }, terms, measure);
  return {
    ours: sumOf(lines.map(({ amount }) => amount)),
    oracle: withoutOracle
      ? null
      : oraclePrice({ aggregate, resolution }, period, { prices, trialEnd, step }, own),
  };
}
