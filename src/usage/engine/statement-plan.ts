import {
  AMOUNT_PLACES,
  formatExact,
  larger,
  parseAmount,
  parseExact,
  sumOf,
} from '../exact/exact-decimal.js';
import { currencyStep, settle } from '../exact/currency-step.js';
import { cutsWithin, type RatedLine, ratePeriod, type RatingTerms } from '../rating/period-rating.js';
import { priceTerms } from '../rating/price-table.js';
import type {
  KeptFactRow,
  PeriodRow,
  PeriodTerms,
  SeriesSnapshot,
  TallyRow,
  TimeRange,
  UsageChainState,
} from '../store/usage-records.js';
import type { UsageStore } from '../store/usage-store.js';
import type { MeterSettings } from '../usage-settings.js';
import {
  instantOf,
  isMeasured,
  type Measure,
  measureFacts,
  measureTally,
  nominalEnds,
  readFacts,
} from './measure-periods.js';

/** A line of a statement: of its regular period, or the difference of an earlier one. */
export interface PlannedLine {
  readonly kind: RatedLine['kind'] | 'correction' | 'writeOff' | 'transfer';
  readonly period: number | null;
  readonly from: number;
  readonly to: number;
  readonly quantity: bigint;
  readonly amount: bigint;
  readonly steps: RatedLine['steps'];
  readonly share: bigint | null;
}

/** What a statement would say, and what it would claim. */
export interface StatementPlan {
  readonly chain: UsageChainState;
  /** Null for a statement of corrections alone. */
  readonly regular: PeriodRow | null;
  /** The earliest period that it is about. */
  readonly earliest: PeriodRow;
  readonly lines: readonly PlannedLine[];
  readonly opening: bigint;
  readonly bill: bigint;
  readonly closing: bigint;
  /** Of the regular period. */
  readonly quantity: bigint;
  readonly claim: { readonly ranges: readonly TimeRange[]; readonly rows: number };
  readonly lanes: readonly [bigint, bigint];
  readonly stated: readonly Pick<PeriodRow, 'n' | 'sealedBy' | 'stated' | 'terms'>[];
  /** Facts that came after the period of theirs was stated, by period. */
  readonly late: ReadonlyMap<number, number>;
}

/** What to plan for. */
export interface PlanOptions {
  readonly now: number;
  readonly trialEnd: number | null;
  /** Takes the first period that is not stated, although it is not over: for previews. */
  readonly open: boolean;
}

/** A period as far as the company was there. */
export function boundedPeriod(period: PeriodRow, leftAt: number | null): TimeRange {
  const cut = leftAt !== null && leftAt < period.ends;
  return { from: period.starts, to: cut ? Math.max(leftAt, period.starts + 1) : period.ends };
}

/** When a period is stated at the earliest, in milliseconds. */
export function dueAt(period: PeriodRow, leftAt: number | null): number {
  return leftAt === null ? period.ends + period.grace : Math.min(period.ends + period.grace, leftAt);
}

/**
 * Whether no regular statement of the chain follows: since the company left, or has another currency by now. What is too
 * little to be billed is then left out, and a credit is reported.
 */
export function isChainOver(
  { series, periods }: SeriesSnapshot,
  { chain, regular }: Pick<StatementPlan, 'chain' | 'regular'>,
): boolean {
  const isPresent = series.state.chains.at(-1)?.id === chain.id;
  if (isPresent && series.leftAt === null) return false;
  return !periods.some(
    (period) =>
      period.sealedBy === null &&
      period.n !== regular?.n &&
      period.chain === chain.id &&
      (series.leftAt === null || period.starts < series.leftAt),
  );
}

/** Next to each other become one. */
function merged(periods: readonly PeriodRow[]): TimeRange[] {
  const ranges: { from: number; to: number }[] = [];
  for (const { starts, ends } of periods) {
    const last = ranges.at(-1);
    if (last?.to === starts) last.to = ends;
    else ranges.push({ from: starts, to: ends });
  }
  return ranges;
}

const isIn = (at: number, { from, to }: TimeRange): boolean => at >= from && at < to;

/** Computes what a close would state now (usage §5.1 step 2). Reads, and writes nothing. */
export class StatementPlanner {
  readonly #terms = new Map<number, PeriodTerms>();

  constructor(
    private readonly store: UsageStore,
    private readonly snapshot: SeriesSnapshot,
    private readonly meter: MeterSettings,
    private readonly options: PlanOptions,
  ) {}

  /** Null when there is nothing to state. */
  async plan(): Promise<StatementPlan | null> {
    const { periods, series } = this.snapshot;
    const { now, open } = this.options;
    const next = periods.find(
      (period) =>
        period.sealedBy === null &&
        (open ? period.starts <= now : dueAt(period, series.leftAt) <= now && period.starts < now),
    );
    if (next) return this.#planChain(next.chain, next);
    for (const { id } of series.state.chains) {
      const plan = await this.#planChain(id, null);
      if (plan) return plan;
    }
    return null;
  }

  async #planChain(chainId: string, next: PeriodRow | null): Promise<StatementPlan | null> {
    const { periods, series } = this.snapshot;
    const chain = series.state.chains.find(({ id }) => id === chainId)!;
    const covered = periods.filter(
      (period) => period.chain === chainId && (period.sealedBy !== null || period === next),
    );
    if (covered.length === 0) return null;
    for (const period of covered) this.#terms.set(period.n, this.#termsOf(period, chain));
    const cuts = this.#cutsOf(covered);
    const ranges = merged(covered);
    const whole = { from: covered[0]!.starts, to: covered.at(-1)!.ends };
    const tally = await this.store.tally(series.id, { ...whole, cuts, open: true });
    const open = tally.filter((row) => ranges.some((range) => isIn(instantOf(row, cuts), range)));
    if (!next && open.length === 0) return null;

    const rated = this.#toRate(covered, next, open, cuts);
    const measured = await this.#measures(rated, next, open, cuts, ranges);
    const lines: PlannedLine[] = [];
    const stated: StatementPlan['stated'][number][] = [];
    for (const period of rated) {
      const found = this.#rate(period, chain, measured.get(period.n)!);
      const exact = sumOf(found.map(({ amount }) => amount));
      const delta = exact - parseExact(period.stated, AMOUNT_PLACES);
      if (period === next) lines.push(...found.map((line) => ({ ...line, period: period.n })));
      else if (delta !== 0n) lines.push(correctionLine(period, found, delta));
      const changed = period === next || delta !== 0n;
      if (changed) stated.push(this.#statedOf(period, chain, exact));
    }
    const about = periods.filter(({ n }) => stated.some((one) => one.n === n) || n === next?.n);
    return this.#settled(chain, next, about[0] ?? this.#firstOf(covered, open, cuts), lines, {
      claim: { ranges, rows: open.reduce((sum, { rows }) => sum + rows, 0) },
      lanes: [sumOf(open.map(({ lanes }) => lanes[0])), sumOf(open.map(({ lanes }) => lanes[1]))],
      stated,
      late: this.#lateOf(covered, next, open, cuts),
      quantity: sumOf(lines.filter((line) => line.period === next?.n).map((line) => line.quantity)),
    });
  }

  /** Bill and carry, and at the very end what is too little to be billed or paid back. */
  #settled(
    chain: UsageChainState,
    next: PeriodRow | null,
    earliest: PeriodRow,
    lines: readonly PlannedLine[],
    rest: Pick<StatementPlan, 'claim' | 'lanes' | 'stated' | 'late' | 'quantity'>,
  ): StatementPlan {
    const { step } = currencyStep(chain.currency, this.meter.amountsIn);
    const { minBill } = this.meter;
    const least = minBill === null ? step : larger(step, parseAmount(minBill));
    const opening = parseExact(chain.carry, AMOUNT_PLACES);
    const total = opening + sumOf(lines.map(({ amount }) => amount));
    const isLast = isChainOver(this.snapshot, { chain, regular: next });
    const { bill, closing } = settle(total, step, isLast ? step : least);
    const isDust = isLast && closing !== 0n && closing < step && -closing < step;
    const { from, to } = boundedPeriod(earliest, this.snapshot.series.leftAt);
    const dust: PlannedLine = {
      kind: 'writeOff',
      period: null,
      from,
      to,
      quantity: 0n,
      amount: -closing,
      steps: [],
      share: null,
    };
    return {
      chain,
      regular: next,
      earliest,
      lines: isDust ? [...lines, dust] : lines,
      opening,
      bill,
      closing: isDust ? 0n : closing,
      ...rest,
    };
  }

  /** Those whose price may have changed: with new facts; of levels also all that follow the earliest new one. */
  #toRate(
    covered: readonly PeriodRow[],
    next: PeriodRow | null,
    open: readonly TallyRow[],
    cuts: readonly number[],
  ): readonly PeriodRow[] {
    const instants = open.map((row) => instantOf(row, cuts));
    const earliest = Math.min(...instants);
    return covered.filter(
      (period) =>
        period === next ||
        (this.meter.aggregate === 'timeWeighted'
          ? period.ends > earliest
          : instants.some((at) => at >= period.starts && at < period.ends)),
    );
  }

  async #measures(
    rated: readonly PeriodRow[],
    next: PeriodRow | null,
    open: readonly TallyRow[],
    cuts: readonly number[],
    ranges: readonly TimeRange[],
  ): Promise<ReadonlyMap<number, Measure>> {
    const measures = new Map<number, Measure>();
    const { store, meter } = this;
    const { id } = this.snapshot.series;
    if (meter.aggregate === 'timeWeighted') {
      const to = Math.max(...rated.map(({ ends }) => ends));
      const chain = this.snapshot.series.state.chains.find((one) => one.id === rated[0]?.chain);
      const all = await readFacts(store, id, { from: chain?.since ?? Number.MIN_SAFE_INTEGER, to });
      const facts = all.filter((fact) => isCounted(fact, ranges));
      for (const period of rated) measures.set(period.n, measureFacts(meter, facts, period));
      return measures;
    }
    for (const period of rated) {
      const range = { from: period.starts, to: period.ends };
      if (isMeasured(meter.aggregate)) {
        measures.set(period.n, await this.#measured(period, meter.aggregate));
        continue;
      }
      const rows = period === next ? open : await store.tally(id, { ...range, cuts, open: false });
      measures.set(period.n, measureTally(meter, rows, cuts));
    }
    return measures;
  }

  /** Each part of a period by itself, as the database computes it. */
  async #measured(period: PeriodRow, of: 'max' | 'last' | 'uniqueCount'): Promise<Measure> {
    const { prices, trialEnd } = this.#terms.get(period.n)!;
    const bounds = boundedPeriod(period, this.snapshot.series.leftAt);
    const cuts = cutsWithin(bounds, { prices: prices.map(priceTerms), trialEnd });
    const values = new Map<number, bigint>();
    const instants = [bounds.from, ...cuts, bounds.to];
    for (const [index, from] of instants.slice(0, -1).entries()) {
      const range = { from, to: instants[index + 1]! };
      values.set(from, await this.store.measure(this.snapshot.series.id, { ...range, of }));
    }
    return ({ from }) => values.get(from)!;
  }

  #rate(period: PeriodRow, { currency }: UsageChainState, measure: Measure): readonly RatedLine[] {
    const { prices, trialEnd } = this.#terms.get(period.n)!;
    const terms: RatingTerms = {
      aggregate: this.meter.aggregate,
      prices: prices.map(priceTerms),
      trialEnd,
      step: currencyStep(currency, this.meter.amountsIn).step,
    };
    const bounds = boundedPeriod(period, this.snapshot.series.leftAt);
    return ratePeriod({ ...bounds, nominalMs: nominalEnds(period) - period.starts }, terms, measure);
  }

  #statedOf(period: PeriodRow, chain: UsageChainState, exact: bigint): StatementPlan['stated'][number] {
    return {
      n: period.n,
      sealedBy: period.sealedBy ?? chain.seq + 1,
      stated: formatExact(exact, AMOUNT_PLACES),
      terms: this.#terms.get(period.n)!,
    };
  }

  /** A sealed period keeps its own; others have those of now. */
  #termsOf(period: PeriodRow, { currency }: UsageChainState): PeriodTerms {
    if (period.terms) return period.terms;
    const prices = this.meter.prices.get(currency) ?? [];
    return { currency, prices, trialEnd: this.meter.trial === 'free' ? this.options.trialEnd : null };
  }

  /** Moments at which sums have to be kept apart. */
  #cutsOf(covered: readonly PeriodRow[]): readonly number[] {
    const { leftAt } = this.snapshot.series;
    const cuts = covered.flatMap((period) => {
      const { prices, trialEnd } = this.#terms.get(period.n)!;
      const range = { from: period.starts, to: period.ends };
      return [period.starts, period.ends, ...cutsWithin(range, { prices: prices.map(priceTerms), trialEnd })];
    });
    if (leftAt !== null) cuts.push(leftAt);
    // Quarters of an hour are apart anyway.
    return [...new Set(cuts)].filter((at) => at % 900_000 !== 0).toSorted((one, other) => one - other);
  }

  #lateOf(
    covered: readonly PeriodRow[],
    next: PeriodRow | null,
    open: readonly TallyRow[],
    cuts: readonly number[],
  ): ReadonlyMap<number, number> {
    const late = new Map<number, number>();
    for (const row of open) {
      const at = instantOf(row, cuts);
      const period = covered.find(({ starts, ends }) => at >= starts && at < ends);
      if (!period || period === next) continue;
      late.set(period.n, (late.get(period.n) ?? 0) + row.rows);
    }
    return late;
  }

  /** Of a statement that claims facts which change nothing. */
  #firstOf(covered: readonly PeriodRow[], open: readonly TallyRow[], cuts: readonly number[]): PeriodRow {
    const earliest = Math.min(...open.map((row) => instantOf(row, cuts)));
    return covered.find(({ ends }) => ends > earliest) ?? covered[0]!;
  }
}

/** Facts that are stated, will be by this statement, or came with a history. */
function isCounted({ statement, at }: KeptFactRow, ranges: readonly TimeRange[]): boolean {
  return statement !== null || ranges.some((range) => isIn(at, range));
}

function correctionLine(period: PeriodRow, found: readonly RatedLine[], delta: bigint): PlannedLine {
  return {
    kind: 'correction',
    period: period.n,
    from: period.starts,
    to: period.ends,
    quantity: sumOf(found.map(({ quantity }) => quantity)),
    amount: delta,
    steps: [],
    share: null,
  };
}
