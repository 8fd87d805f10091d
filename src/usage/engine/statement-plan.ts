import type { RatedLine } from '../rating/period-rating.js';
import type { PeriodRow, SeriesSnapshot, TimeRange, UsageChainState } from '../store/usage-records.js';

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
