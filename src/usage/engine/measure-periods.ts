import { divideRounded, ONE, sumOf } from '../exact/exact-decimal.js';
import { dayOf } from '../calendar/local-days.js';
import {
  effectiveFacts,
  levelDays,
  levelsByKey,
  levelTime,
  type Span,
  spanValue,
  type UsageAggregate,
  type ValuedFact,
} from '../rating/fact-values.js';
import { isAdditive } from '../rating/period-rating.js';
import type { FactSums, KeptFactRow, PeriodRow, TallyRow, TimeRange } from '../store/usage-records.js';
import type { UsageStore } from '../store/usage-store.js';
import type { MeterSettings } from '../usage-settings.js';

const QUARTER_MS = 900_000;
const PAGE = 5_000;

/** Quantity of a part of a period. */
export type Measure = (part: Span) => bigint;

/** The first instant at which a row of a tally may lie: no cut is between it and any of the row's facts. */
export function instantOf({ quarter, part }: TallyRow, cuts: readonly number[]): number {
  return Math.max(quarter * QUARTER_MS, part === 0 ? -Infinity : cuts[part - 1]!);
}

/** All facts within a range. */
export async function readFacts(
  store: UsageStore,
  series: string,
  { from, to }: TimeRange,
): Promise<readonly KeptFactRow[]> {
  const facts: KeptFactRow[] = [];
  for (let after: string | null = null; ; after = facts.at(-1)!.id) {
    const page = await store.facts(series, { from, to, after, limit: PAGE });
    facts.push(...page);
    if (page.length < PAGE) return facts;
  }
}

/** Measures by sums of the store. */
export function measureTally(
  meter: Pick<MeterSettings, 'aggregate'>,
  rows: readonly TallyRow[],
  cuts: readonly number[],
): Measure {
  const placed = rows.map((row) => ({ row, at: instantOf(row, cuts) }));
  return ({ from, to }) =>
    sumOf(
      placed
        .filter(({ at }) => at >= from && at < to)
        .map(({ row }) => (meter.aggregate === 'sum' ? row.quantity : BigInt(row.counted) * ONE)),
    );
}

/** A span with the sums of its facts. */
export interface SummedSpan extends TimeRange {
  readonly sums: FactSums;
}

/** Measures by sums of spans, none of which is partly in what is measured. */
export function measureSums(
  { aggregate }: Pick<MeterSettings, 'aggregate'>,
  spans: readonly SummedSpan[],
): Measure {
  return ({ from, to }) =>
    sumOf(
      spans
        .filter((span) => span.from >= from && span.from < to)
        .map(({ sums }) => (aggregate === 'sum' ? sums.quantity : BigInt(sums.counted) * ONE)),
    );
}

/** Where a period would have ended, had the company not left. */
export function nominalEnds({ ends, terms }: PeriodRow): number {
  return terms?.nominalEnds ?? ends;
}

/** Measures by the facts themselves, of those that are counted. */
export function measureFacts(
  { aggregate, resolution }: Pick<MeterSettings, 'aggregate' | 'resolution'>,
  facts: readonly KeptFactRow[],
  period: PeriodRow,
): Measure {
  const values: readonly ValuedFact[] = effectiveFacts(facts);
  if (aggregate !== 'timeWeighted') return (part) => spanValue(aggregate, values, part);
  const levels = levelsByKey(values.filter(({ at }) => at < period.ends));
  // An average over the nominal period: ten days of thirty are a third (usage §3.2).
  if (resolution === 'exact') {
    const whole = BigInt(nominalEnds(period) - period.starts);
    return (part) => divideRounded(levelTime(levels, part), whole);
  }
  const days = dayOf(nominalEnds(period) - 1, period.zone) - dayOf(period.starts, period.zone) + 1;
  return (part) => divideRounded(levelDays(levels, part, period.zone), BigInt(days));
}

/** What the store measures by itself: sums are added up from quarters of an hour, levels need their facts. */
export function isMeasured(aggregate: UsageAggregate): aggregate is 'max' | 'last' | 'uniqueCount' {
  return !isAdditive(aggregate) && aggregate !== 'timeWeighted';
}
