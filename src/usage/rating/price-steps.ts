import { divideUp, larger, ONE, smaller, sumOf } from '../exact/exact-decimal.js';
import type { PriceTable, Tier } from './price-table.js';

/** A row of a computation: quantity times unit price plus flat fee is the amount, to the last digit. */
export interface PriceStep {
  /** Units; of `package`, packages. */
  readonly quantity: bigint;
  readonly unit: bigint;
  readonly flat: bigint;
  readonly amount: bigint;
}

function stepOf(quantity: bigint, unit: bigint, flat = 0n): PriceStep {
  return { quantity, unit, flat, amount: quantity * unit + flat };
}

/** Units beyond those that are included. */
function beyond(quantity: bigint, included: bigint): bigint {
  return larger(0n, quantity - included);
}

/** The tier of a whole quantity. */
export function tierOf(tiers: readonly Tier[], quantity: bigint): Tier {
  return tiers.find(({ upTo }) => upTo === null || quantity <= upTo) ?? tiers.at(-1)!;
}

/**
 * What the units between two quantities cost, row by row: the ladder goes on where it was left (usage §3.3). Of `volume`
 * only the whole quantity, from 0, has a price.
 */
export function priceSteps(table: PriceTable, from: bigint, to: bigint): readonly PriceStep[] {
  if (to <= from || to <= 0n) return [];
  switch (table.model) {
    case 'unit': {
      const paid = beyond(to, table.included) - beyond(from, table.included);
      const free = to - from - paid;
      return [...(free > 0n ? [stepOf(free, 0n)] : []), ...(paid > 0n ? [stepOf(paid, table.unit)] : [])];
    }
    case 'package': {
      const packages = (quantity: bigint): bigint =>
        divideUp(beyond(quantity, table.included), table.size) * ONE;
      const begun = packages(to) - packages(from);
      return begun > 0n ? [stepOf(begun, table.each)] : [];
    }
    case 'graduated':
      return graduatedSteps(table.tiers, from, to);
    case 'volume': {
      const { unit, flat } = tierOf(table.tiers, to);
      return [stepOf(to, unit, flat)];
    }
  }
}

function graduatedSteps(tiers: readonly Tier[], from: bigint, to: bigint): PriceStep[] {
  const steps: PriceStep[] = [];
  let low = 0n;
  for (const { upTo, unit, flat } of tiers) {
    const top = upTo === null ? to : smaller(to, upTo);
    const units = top - larger(from, low);
    if (units > 0n) steps.push(stepOf(units, unit, from > low ? 0n : flat));
    if (upTo === null || to <= upTo) break;
    low = upTo;
  }
  return steps;
}

/** What a quantity costs. */
export function priceOf(table: PriceTable, quantity: bigint): bigint {
  return sumOf(priceSteps(table, 0n, quantity).map(({ amount }) => amount));
}
