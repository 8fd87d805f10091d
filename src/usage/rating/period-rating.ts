import { divideRounded, ONE, roundTo, sumOf } from '../exact/exact-decimal.js';
import { type PriceStep, priceSteps, tierOf } from './price-steps.js';
import type { PriceTable, PriceTerms } from './price-table.js';
import type { Span, UsageAggregate } from './fact-values.js';

/** The period that is rated. */
export interface RatedPeriod extends Span {
  /** How long the period would have been, had nothing cut it short, in milliseconds. */
  readonly nominalMs: number;
}

/** What a period is rated by. */
export interface RatingTerms {
  readonly aggregate: UsageAggregate;
  /** In the order of their moments. */
  readonly prices: readonly PriceTerms[];
  /** Usage before it costs nothing; null for none. */
  readonly trialEnd: number | null;
  /** The smallest amount that can be billed. */
  readonly step: bigint;
}

/** One line of a computation. */
export interface RatedLine extends Span {
  readonly kind: 'usage' | 'free' | 'minimum' | 'cap';
  readonly quantity: bigint;
  readonly amount: bigint;
  readonly steps: readonly PriceStep[];
  /** The part of the period's time that a price held, with 6 places; null where it does not matter. */
  readonly share: bigint | null;
}

interface Part extends Span {
  readonly free: boolean;
  readonly price: PriceTerms;
}

/** The moments within a period at which prices or the trial change. */
export function cutsWithin({ from, to }: Span, terms: Pick<RatingTerms, 'prices' | 'trialEnd'>): number[] {
  const moments = [...terms.prices.map((price) => price.from), terms.trialEnd];
  const inside = moments.filter((at): at is number => at !== null && at > from && at < to);
  return [...new Set(inside)].toSorted((one, other) => one - other);
}

function partsOf(period: Span, terms: RatingTerms): Part[] {
  const bounds = [period.from, ...cutsWithin(period, terms), period.to];
  return bounds.slice(0, -1).map((from, index) => ({
    from,
    to: bounds[index + 1]!,
    free: terms.trialEnd !== null && from < terms.trialEnd,
    price: terms.prices.findLast((price) => (price.from ?? -Infinity) <= from) ?? terms.prices[0]!,
  }));
}

/** Whether quantities of parts add up, so that tiers go on from part to part. */
export function isAdditive(aggregate: UsageAggregate): boolean {
  return aggregate === 'sum' || aggregate === 'count';
}

/**
 * What a period costs (usage §3.3). Pure: the same facts, prices and period give the same lines.
 *
 * @param measure the quantity of a part of the period.
 */
export function ratePeriod(
  period: RatedPeriod,
  terms: RatingTerms,
  measure: (part: Span) => bigint,
): readonly RatedLine[] {
  const parts = partsOf(period, terms).map((part) => ({ ...part, quantity: measure(part) }));
  const total = sumOf(parts.filter(({ free }) => !free).map(({ quantity }) => quantity));
  let before = 0n;
  const lines = parts.map(({ from, to, free, price, quantity }): RatedLine => {
    const line = { kind: free ? 'free' : 'usage', from, to, quantity, share: null } as const;
    if (free) return { ...line, amount: 0n, steps: [] };
    if (!isAdditive(terms.aggregate)) {
      const steps = priceSteps(price.table, 0n, quantity);
      const amount = sumOf(steps.map((step) => step.amount));
      if (terms.aggregate === 'timeWeighted') return { ...line, amount, steps };
      const share = divideRounded(BigInt(to - from) * ONE, BigInt(period.to - period.from));
      return { ...line, amount: (amount * share) / ONE, steps, share: share === ONE ? null : share };
    }
    const steps = additiveSteps(price.table, before, quantity, total);
    before += quantity;
    return { ...line, amount: sumOf(steps.map((step) => step.amount)), steps };
  });
  const lastPaid = parts.findLast(({ free }) => !free);
  if (!lastPaid) return lines;
  const rated = withVolumeFlat(lines, lastPaid.price.table, terms.aggregate, total);
  return [...rated, ...boundaryLines(rated, lastPaid.price, period, terms)];
}

/** Steps of a part whose units follow those of the parts before. */
function additiveSteps(
  table: PriceTable,
  before: bigint,
  quantity: bigint,
  total: bigint,
): readonly PriceStep[] {
  if (table.model !== 'volume') return priceSteps(table, before, before + quantity);
  if (total <= 0n || quantity === 0n) return [];
  // The tier is that of the period's whole quantity.
  const { unit } = tierOf(table.tiers, total);
  return [{ quantity, unit, flat: 0n, amount: quantity * unit }];
}

/** The flat fee of a volume tier is charged once, whatever prices the period had. */
function withVolumeFlat(
  lines: readonly RatedLine[],
  table: PriceTable,
  aggregate: UsageAggregate,
  total: bigint,
): readonly RatedLine[] {
  if (!isAdditive(aggregate) || table.model !== 'volume' || total <= 0n) return lines;
  const { flat } = tierOf(table.tiers, total);
  const last = lines.at(-1)!;
  if (flat === 0n) return lines;
  const step = { quantity: 0n, unit: 0n, flat, amount: flat };
  return [...lines.slice(0, -1), { ...last, amount: last.amount + flat, steps: [...last.steps, step] }];
}

/** What a minimum or a maximum adds. */
function boundaryLines(
  lines: readonly RatedLine[],
  price: PriceTerms,
  period: RatedPeriod,
  { trialEnd, step }: RatingTerms,
): RatedLine[] {
  const paidFrom = Math.max(period.from, trialEnd ?? 0);
  const prorated = (amount: bigint): bigint =>
    roundTo(
      divideRounded(amount * BigInt(Math.max(0, period.to - paidFrom)), BigInt(period.nominalMs)),
      step,
    );
  const sum = sumOf(lines.map(({ amount }) => amount));
  const used = lines.some(({ kind, quantity }) => kind === 'usage' && quantity > 0n);
  const line = { from: paidFrom, to: period.to, quantity: 0n, steps: [], share: null };
  if (price.minimum !== null && (used || price.minimumWhen === 'always')) {
    const least = prorated(price.minimum);
    if (sum < least) return [{ ...line, kind: 'minimum', amount: least - sum }];
  }
  if (price.cap !== null) {
    const most = prorated(price.cap);
    if (sum > most) return [{ ...line, kind: 'cap', amount: most - sum }];
  }
  return [];
}
