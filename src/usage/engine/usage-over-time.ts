import { dayOf, isoDay, startOfDay } from '../calendar/local-days.js';
import { currencyStep } from '../exact/currency-step.js';
import { AMOUNT_PLACES, formatExact, QUANTITY_PLACES, sumOf } from '../exact/exact-decimal.js';
import { cutsWithin, ratePeriod, type RatingTerms } from '../rating/period-rating.js';
import { priceTerms } from '../rating/price-table.js';
import type { PeriodRow, SeriesSnapshot, TimeRange } from '../store/usage-records.js';
import type { UsageStore } from '../store/usage-store.js';
import type { MeterSettings } from '../usage-settings.js';
import { isMeasured, measureFacts, measureTally, nominalEnds, readFacts } from './measure-periods.js';
import { boundedPeriod } from './statement-plan.js';
import type { UsageContext } from './usage-context.js';

/** Usage of a day or a period. */
export interface UsageOverTime {
  readonly start: Date;
  /** Local date, `2026-09-30`. */
  readonly day: string;
  readonly quantity: string;
  /**
   * What it costs, in the main unit. Of a period: what statements say, or what it costs by now. Of a day: what the period costs
   * until its end and does not until its start, so that tiers go on from day to day, and the days of a period add up to it. Null
   * where the meter has no price in the currency of then.
   */
  readonly amount: string | null;
}

/** What is asked for. */
export interface UsageSpan {
  readonly from: number;
  readonly to: number;
  readonly by: 'day' | 'period';
}

/** A span of a period. */
interface PeriodSpan {
  readonly period: PeriodRow;
  readonly span: TimeRange;
}

/** Quantity of a part of a period; of levels the average over `of`. */
type Measuring = (period: PeriodRow, part: TimeRange, of: TimeRange) => Promise<bigint>;

/** Usage of a subject by local day or by period, of facts that are still kept. Of days to come, nothing is said. */
export async function usageOverTime(
  { store, settings, now }: UsageContext,
  snapshot: SeriesSnapshot,
  { from, to, by }: UsageSpan,
): Promise<readonly UsageOverTime[]> {
  const meter = settings.meters.get(snapshot.series.meter)!;
  const periods = snapshot.periods.filter(({ starts, ends }) => ends > from && starts < to);
  const spans = periods.flatMap((period): PeriodSpan[] => {
    const whole = { from: period.starts, to: period.ends };
    const own = by === 'period' ? [whole] : daysOf(period, from, to);
    return own.filter((span) => span.from <= now()).map((span) => ({ period, span }));
  });
  if (spans.length === 0) return [];
  const costs = new Map(periods.map((period) => [period.n, termsOf(snapshot, meter, period)]));
  const measure = await measuring(store, snapshot, meter, spans, costs);
  const found: UsageOverTime[] = [];
  const until = { n: Number.NaN, at: Number.NaN, cost: 0n };
  for (const { period, span } of spans) {
    const terms = costs.get(period.n) ?? null;
    const nominal = by === 'day' ? span : { from: period.starts, to: nominalEnds(period) };
    const quantity = await measure(period, span, nominal);
    let amount: string | null = null;
    if (by === 'period' && period.sealedBy !== null) amount = period.stated;
    else if (terms) {
      const isNext = until.n === period.n && until.at === span.from;
      const before = isNext ? until.cost : await costUntil(period, span.from, snapshot, terms, measure);
      const end = by === 'day' ? span.to : Math.min(span.to, now() + 1);
      const cost = await costUntil(period, end, snapshot, terms, measure);
      Object.assign(until, { n: period.n, at: span.to, cost });
      amount = formatExact(cost - before, AMOUNT_PLACES);
    }
    const day = isoDay(dayOf(span.from, period.zone));
    found.push({
      start: new Date(span.from),
      day,
      quantity: formatExact(quantity, QUANTITY_PLACES),
      amount,
    });
  }
  return found;
}

/** What a period is, or would be, rated by; null where there is no price. */
function termsOf(
  { series }: SeriesSnapshot,
  meter: MeterSettings,
  { chain, terms }: PeriodRow,
): RatingTerms | null {
  const { currency = '' } = series.state.chains.find(({ id }) => id === chain) ?? {};
  const prices = terms?.prices ?? meter.prices.get(currency) ?? [];
  if (prices.length === 0 && terms === null) return null;
  const trialEnd = meter.trial === 'free' ? (series.state.company?.trialEnd ?? null) : null;
  return {
    aggregate: meter.aggregate,
    prices: prices.map(priceTerms),
    trialEnd: terms ? terms.trialEnd : trialEnd,
    step: currencyStep(currency, meter.amountsIn).step,
  };
}

/** What a period costs until an instant, in the smallest places. */
async function costUntil(
  period: PeriodRow,
  at: number,
  { series }: SeriesSnapshot,
  terms: RatingTerms,
  measure: Measuring,
): Promise<bigint> {
  const { from, to: end } = boundedPeriod(period, series.leftAt);
  const to = Math.min(at, end);
  if (to <= from) return 0n;
  const nominal = { from, to: nominalEnds(period) };
  const bounds = [from, ...cutsWithin({ from, to }, terms), to];
  const quantities = new Map<number, bigint>();
  for (const [index, start] of bounds.slice(0, -1).entries()) {
    quantities.set(start, await measure(period, { from: start, to: bounds[index + 1]! }, nominal));
  }
  const lines = ratePeriod({ from, to, nominalMs: nominal.to - from }, terms, (part) =>
    quantities.get(part.from)!,
  );
  return sumOf(lines.map(({ amount }) => amount));
}

/** Measures with no more facts in memory than levels need. */
async function measuring(
  store: UsageStore,
  { series }: SeriesSnapshot,
  meter: MeterSettings,
  spans: readonly PeriodSpan[],
  costs: ReadonlyMap<number, RatingTerms | null>,
): Promise<Measuring> {
  const { aggregate: of } = meter;
  if (isMeasured(of)) return (_period, part) => store.measure(series.id, { ...part, of });
  const periods = [...new Set(spans.map(({ period }) => period))];
  const to = Math.max(...periods.map(({ ends }) => ends));
  if (of !== 'timeWeighted') {
    const from = Math.min(...periods.map(({ starts }) => starts));
    const changes = periods.flatMap((period) => {
      const terms = costs.get(period.n);
      return terms ? cutsWithin({ from: period.starts, to: period.ends }, terms) : [];
    });
    const bounds = spans.flatMap(({ period, span }) => [period.starts, period.ends, span.from, span.to]);
    const left = series.leftAt === null ? [] : [series.leftAt];
    // Days begin and end with a quarter of an hour; what was asked for, and a price, may not.
    const cuts = [...new Set([...bounds, ...changes, ...left])]
      .filter((at) => at % 900_000 !== 0)
      .toSorted((one, other) => one - other);
    const rows = await store.tally(series.id, { from, to, cuts, open: false });
    const measure = measureTally(meter, rows, cuts);
    return async (_period, part) => measure(part);
  }
  const facts = await readFacts(store, series.id, { from: Number.MIN_SAFE_INTEGER, to });
  const chains = new Map(series.state.chains.map((chain) => [chain.id, chain]));
  return async (period, part, nominal) => {
    const { since = -Infinity } = chains.get(period.chain) ?? {};
    const own = facts.filter(({ at }) => at >= since);
    // Of levels, an average: over a day for its quantity, over the whole period for what it costs.
    return measureFacts(meter, own, { ...period, starts: nominal.from, ends: nominal.to, terms: null })(part);
  };
}

/** Local days of a period between two instants. */
function daysOf(period: PeriodRow, from: number, to: number): TimeRange[] {
  const days: TimeRange[] = [];
  const [begin, end] = [Math.max(period.starts, from), Math.min(period.ends, to)];
  let at = begin;
  while (at < end) {
    const next = startOfDay(dayOf(at, period.zone) + 1, period.zone);
    days.push({ from: at, to: Math.min(next, end) });
    at = next;
  }
  return days;
}
