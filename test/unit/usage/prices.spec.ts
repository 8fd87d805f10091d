import { describe, expect, it } from '@jest/globals';

import {
  parseExact,
  PRICE_PLACES,
  QUANTITY_PLACES,
  sumOf,
  tenTo,
} from '../../../src/usage/exact/exact-decimal.js';
import { priceTerms, type StoredPrice, type UsageTier } from '../../../src/usage/rating/price-table.js';
import { ratePeriod } from '../../../src/usage/rating/period-rating.js';
import { periodAround, periodFrom } from '../../../src/usage/calendar/billing-cycle.js';
import { random } from '../../support/usage/usage-history.js';

const decimal = (text = '0'): bigint => parseExact(text, PRICE_PLACES);

/** What is counted of a period under one price. */
interface Counted {
  readonly from: number;
  readonly to: number;
  /** Of the whole period. */
  readonly total: number;
  readonly isLast: boolean;
}

/** A price, unit by unit: nothing of the product's arithmetic. */
function slowly(price: StoredPrice, { from, to, total, isLast }: Counted): bigint {
  const amount = (value: bigint): bigint => value * tenTo(QUANTITY_PLACES);
  let sum = 0n;
  if (price.model === 'volume') {
    const tier = price.tiers.find(({ upTo }) => total <= Number(upTo ?? Infinity))!;
    for (let unit = from + 1; unit <= to; unit += 1) sum += amount(decimal(tier.unit));
    return isLast ? sum + amount(decimal(tier.flat)) : sum;
  }
  for (let unit = from + 1; unit <= to; unit += 1) {
    if (price.model === 'unit') sum += unit > Number(price.included ?? 0) ? amount(decimal(price.unit)) : 0n;
    if (price.model === 'package') {
      const beyond = unit - Number(price.included ?? 0);
      if (beyond > 0 && (beyond - 1) % Number(price.size) === 0) sum += amount(decimal(price.each));
    }
    if (price.model === 'graduated') {
      let low = 0;
      for (const tier of price.tiers) {
        const top = tier.upTo === undefined ? Infinity : Number(tier.upTo);
        if (unit > low && unit <= top)
          sum += amount(decimal(tier.unit)) + (unit === low + 1 ? amount(decimal(tier.flat)) : 0n);
        low = top;
      }
    }
  }
  return sum;
}

describe('check 2: prices against a second arithmetic', () => {
  it('are equal to the last place, over a change of the price within the period', () => {
    const r = random(20_260_901);
    const pick = (most: number): number => 1 + Math.floor(r() * most);
    const money = (): string => (Math.floor(r() * 1e9) / 1e6).toFixed(6);
    const tiers = (): UsageTier[] => {
      let top = 0;
      const list: UsageTier[] = Array.from({ length: pick(4) - 1 }, () => ({
        upTo: String((top += pick(40))),
        unit: money(),
        ...(r() < 0.5 && { flat: money() }),
      }));
      return [...list, { unit: money() }];
    };
    const make = (from: number | null): StoredPrice => {
      const roll = r();
      if (roll < 0.25) return { model: 'unit', unit: money(), included: String(pick(30)), from };
      if (roll < 0.5)
        return { model: 'package', size: String(pick(20)), each: money(), included: String(pick(30)), from };
      return { model: roll < 0.75 ? 'graduated' : 'volume', tiers: tiers(), from };
    };
    for (let round = 0; round < 3_000; round += 1) {
      const prices = [make(null), ...(r() < 0.5 ? [make(500)] : [])];
      const [one, two] = [pick(90), pick(90)];
      const lines = ratePeriod(
        { from: 0, to: 1_000, nominalMs: 1_000 },
        { aggregate: 'sum', prices: prices.map(priceTerms), trialEnd: null, step: 1n },
        ({ from, to }) => BigInt((from < 500 ? one : 0) + (to > 500 ? two : 0)) * tenTo(QUANTITY_PLACES),
      );
      const [first, last = first] = prices;
      const total = one + two;
      const slow =
        slowly(first!, { from: 0, to: one, total, isLast: false }) +
        slowly(last!, { from: one, to: total, total, isLast: true });
      expect(sumOf(lines.map(({ amount }) => amount))).toBe(slow);
      for (const { amount, steps } of lines) expect(sumOf(steps.map((step) => step.amount))).toBe(amount);
    }
  });
});

describe('check 12: a midnight that does not exist', () => {
  it('begins a period at the first instant of its day', () => {
    const cycle = { every: 'month', day: 4 } as const;
    const period = periodAround(cycle, Date.parse('2018-11-15T00:00:00Z'), 'America/Sao_Paulo');
    expect(new Date(period.starts).toISOString()).toBe('2018-11-04T03:00:00.000Z');
    expect(new Date(period.ends).toISOString()).toBe('2018-12-04T02:00:00.000Z');
    expect(periodFrom(cycle, period.ends, 'America/Sao_Paulo').starts).toBe(period.ends);
  });
});

describe('check 14: the first period after a company moved', () => {
  const DAY = 86_400_000;
  it.each([
    [{ every: 'month', day: 1 } as const, 3, '2026-03-01', '2026-04-01'],
    [{ every: 'week', weekday: 1 } as const, 2, '2026-03-02', '2026-03-09'],
  ])('ends at the first boundary that is more than some days away: %j', (cycle, days, near, next) => {
    const boundary = Date.parse(`${near}T00:00:00Z`);
    const endOf = (starts: number): string =>
      new Date(periodFrom(cycle, starts, 'UTC').ends).toISOString().slice(0, 10);
    expect(endOf(boundary - days * DAY)).toBe(next);
    expect(endOf(boundary - days * DAY - 1)).toBe(near);
  });
});
