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
  FactSpan,
  FactSums,
  KeptFactRow,
  PeriodRow,
  PeriodTerms,
  SeriesSnapshot,
  TimeRange,
  UsageChainState,
} from '../store/usage-records.js';
import type { UsageStore } from '../store/usage-store.js';
import type { MeterSettings } from '../usage-settings.js';
import {
  isMeasured,
  type Measure,
  measureFacts,
  measureSums,
  nominalEnds,
  readFacts,
  type SummedSpan,
} from './measure-periods.js';
import {
  boundedPeriod,
  dueAt,
  isChainOver,
  type PlannedLine,
  type PlanOptions,
  type StatementPlan,
} from './statement-plan.js';

/** A span of a period, before and after its facts are summed. */
interface PeriodSpan extends FactSpan {
  readonly period: PeriodRow;
}
type SummedPeriodSpan = PeriodSpan & { readonly sums: FactSums };

/** A chain that may have something to state: with its periods that are stated, or would be now. */
interface Candidate {
  readonly chain: UsageChainState;
  readonly covered: readonly PeriodRow[];
  readonly spans: readonly PeriodSpan[];
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

/**
 * What a close would state of one subject now (usage §5.1 step 2), in three steps, so that what is read of many subjects is
 * read at once: `openSpans` are summed, then what `look` returns, then `plan` makes the statement. Writes nothing.
 */
export class StatementDraft {
  /** Spans whose facts matter that no statement states. */
  readonly openSpans: readonly FactSpan[];
  readonly #terms = new Map<number, PeriodTerms>();
  readonly #next: PeriodRow | null;
  readonly #candidates: readonly Candidate[];
  #picked: (Candidate & { readonly open: readonly SummedPeriodSpan[] }) | null = null;
  #rated: readonly PeriodRow[] = [];
  #stated: readonly PeriodSpan[] = [];

  constructor(
    private readonly snapshot: SeriesSnapshot,
    private readonly meter: MeterSettings,
    private readonly options: PlanOptions,
  ) {
    const { periods, series } = snapshot;
    const { now, open } = options;
    this.#next =
      periods.find(
        (period) =>
          period.sealedBy === null &&
          (open ? period.starts <= now : dueAt(period, series.leftAt) <= now && period.starts < now),
      ) ?? null;
    const chains = series.state.chains.filter(({ id }) => !this.#next || this.#next.chain === id);
    this.#candidates = chains.flatMap((chain) => this.#candidate(chain));
    this.openSpans = this.#candidates.flatMap(({ spans }) => spans);
  }

  /**
   * Takes the sums of `openSpans`, in their order.
   *
   * @returns spans whose stated and open facts have to be summed, for `plan`.
   */
  look(sums: readonly FactSums[]): readonly FactSpan[] {
    let begin = 0;
    for (const candidate of this.#candidates) {
      const own = sums.slice(begin, begin + candidate.spans.length);
      begin += candidate.spans.length;
      const summed = candidate.spans.map((span, index) => ({ ...span, sums: own[index]! }));
      const open = summed.filter(({ sums: { rows } }) => rows > 0);
      if (this.#picked || (!this.#next && open.length === 0)) continue;
      this.#picked = { ...candidate, open };
      this.#rated = this.#toRate(candidate.covered, open);
    }
    const { aggregate } = this.meter;
    if (isMeasured(aggregate) || aggregate === 'timeWeighted') return [];
    const again = this.#rated.filter((period) => period !== this.#next);
    this.#stated = again.flatMap((period) => this.#spansOf(period));
    return this.#stated;
  }

  /** Null when there is nothing to state. */
  async plan(store: UsageStore, sums: readonly FactSums[]): Promise<StatementPlan | null> {
    if (!this.#picked) return null;
    const { chain, covered, open } = this.#picked;
    const next = this.#next;
    const ranges = merged(covered);
    const summed = [
      ...open.filter(({ period }) => period === next),
      ...this.#stated.map((span, index) => ({ ...span, sums: sums[index]! })),
    ];
    const measured = await this.#measures(store, summed, ranges);
    const lines: PlannedLine[] = [];
    const stated: StatementPlan['stated'][number][] = [];
    for (const period of this.#rated) {
      const found = this.#rate(period, chain, measured.get(period.n)!);
      const exact = sumOf(found.map(({ amount }) => amount));
      const delta = exact - parseExact(period.stated, AMOUNT_PLACES);
      if (period === next) lines.push(...found.map((line) => ({ ...line, period: period.n })));
      else if (delta !== 0n) lines.push(correctionLine(period, found, delta));
      const changed = period === next || delta !== 0n;
      if (changed) stated.push(this.#statedOf(period, chain, exact));
    }
    const about = this.snapshot.periods.filter(({ n }) => stated.some((one) => one.n === n) || n === next?.n);
    // Of a statement that claims facts which change nothing: the period of the earliest.
    const earliest = about[0] ?? open[0]?.period ?? covered[0]!;
    return this.#settled(chain, earliest, lines, {
      claim: { ranges, rows: open.reduce((sum, { sums: { rows } }) => sum + rows, 0) },
      lanes: [sumOf(open.map((one) => one.sums.lanes[0])), sumOf(open.map((one) => one.sums.lanes[1]))],
      stated,
      late: this.#lateOf(open),
      quantity: sumOf(lines.filter((line) => line.period === next?.n).map((line) => line.quantity)),
    });
  }

  #candidate(chain: UsageChainState): Candidate[] {
    const { periods, earliest } = this.snapshot;
    const next = this.#next;
    const covered = periods.filter(
      (period) => period.chain === chain.id && (period.sealedBy !== null || period === next),
    );
    if (covered.length === 0) return [];
    for (const period of covered) this.#terms.set(period.n, this.#termsOf(period, chain));
    // Before the earliest fact that nobody claimed there is none.
    const touched = covered.filter(
      (period) => period === next || (earliest !== null && period.ends > earliest),
    );
    return [{ chain, covered, spans: touched.flatMap((period) => this.#spansOf(period)) }];
  }

  /** The parts of a period whose facts have to be kept apart. */
  #spansOf(period: PeriodRow): readonly PeriodSpan[] {
    const { prices, trialEnd } = this.#terms.get(period.n)!;
    const { series } = this.snapshot;
    const whole = { from: period.starts, to: period.ends };
    const { to } = boundedPeriod(period, series.leftAt);
    const cuts = cutsWithin(whole, { prices: prices.map(priceTerms), trialEnd });
    const bounds = [...new Set([whole.from, ...cuts, to, whole.to])].toSorted((one, other) => one - other);
    return bounds
      .slice(0, -1)
      .map((from, index) => ({ series: series.id, period, from, to: bounds[index + 1]! }));
  }

  /** Bill and carry, and at the very end what is too little to be billed or paid back. */
  #settled(
    chain: UsageChainState,
    earliest: PeriodRow,
    lines: readonly PlannedLine[],
    rest: Pick<StatementPlan, 'claim' | 'lanes' | 'stated' | 'late' | 'quantity'>,
  ): StatementPlan {
    const next = this.#next;
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
  #toRate(covered: readonly PeriodRow[], open: readonly PeriodSpan[]): readonly PeriodRow[] {
    const instants = open.map(({ from }) => from);
    const earliest = Math.min(...instants);
    return covered.filter(
      (period) =>
        period === this.#next ||
        (this.meter.aggregate === 'timeWeighted'
          ? period.ends > earliest
          : instants.some((at) => at >= period.starts && at < period.ends)),
    );
  }

  async #measures(
    store: UsageStore,
    summed: readonly SummedSpan[],
    ranges: readonly TimeRange[],
  ): Promise<ReadonlyMap<number, Measure>> {
    const measures = new Map<number, Measure>();
    const { meter, snapshot } = this;
    const { id, state } = snapshot.series;
    if (meter.aggregate === 'timeWeighted') {
      const to = Math.max(...this.#rated.map(({ ends }) => ends));
      const chain = state.chains.find((one) => one.id === this.#rated[0]?.chain);
      const all = await readFacts(store, id, { from: chain?.since ?? Number.MIN_SAFE_INTEGER, to });
      const facts = all.filter((fact) => isCounted(fact, ranges));
      for (const period of this.#rated) measures.set(period.n, measureFacts(meter, facts, period));
      return measures;
    }
    const measure = measureSums(meter, summed);
    for (const period of this.#rated) {
      const own = isMeasured(meter.aggregate)
        ? await this.#measured(store, period, meter.aggregate)
        : measure;
      measures.set(period.n, own);
    }
    return measures;
  }

  /** Each part of a period by itself, as the database computes it. */
  async #measured(
    store: UsageStore,
    period: PeriodRow,
    of: 'max' | 'last' | 'uniqueCount',
  ): Promise<Measure> {
    const { prices, trialEnd } = this.#terms.get(period.n)!;
    const bounds = boundedPeriod(period, this.snapshot.series.leftAt);
    const cuts = cutsWithin(bounds, { prices: prices.map(priceTerms), trialEnd });
    const values = new Map<number, bigint>();
    const instants = [bounds.from, ...cuts, bounds.to];
    for (const [index, from] of instants.slice(0, -1).entries()) {
      const range = { from, to: instants[index + 1]! };
      values.set(from, await store.measure(this.snapshot.series.id, { ...range, of }));
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

  #lateOf(open: readonly SummedPeriodSpan[]): ReadonlyMap<number, number> {
    const late = new Map<number, number>();
    for (const { period, sums } of open) {
      if (period !== this.#next) late.set(period.n, (late.get(period.n) ?? 0) + sums.rows);
    }
    return late;
  }
}

/** Facts that are stated, will be by this statement, or came with a history. */
function isCounted({ statement, at }: KeptFactRow, ranges: readonly TimeRange[]): boolean {
  return statement !== null || ranges.some(({ from, to }) => at >= from && at < to);
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
