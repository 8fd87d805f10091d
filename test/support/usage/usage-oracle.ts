import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import type { UsageAggregate } from '../../../src/usage/rating/fact-values.js';
import type { StoredPrice } from '../../../src/usage/rating/price-table.js';
import { formatExact, QUANTITY_PLACES } from '../../../src/usage/exact/exact-decimal.js';
import type { KeptFactRow, PeriodRow } from '../../../src/usage/store/usage-records.js';

const file = join(import.meta.dirname, '..', '..', '..', '..', 'shared', 'usage-model', 'rate.mjs');

/** Whether the executable oracle, of which nothing is the product's, lies beside this checkout. */
export const oraclePresent = existsSync(file);

/** What is asked of the oracle: amounts with 18 places. */
interface Oracle {
  rate(
    meter: object,
    period: { readonly start: number; readonly end: number; readonly zone: string },
    events: readonly object[],
    options: { readonly trialEnd: number | null; readonly step: bigint },
  ): { readonly amount: bigint };
}

const oracle = oraclePresent ? ((await import(pathToFileURL(file).href)) as Oracle) : null;

/** What a period costs by the oracle, in the smallest places; null where it is not there. */
export function oraclePrice(
  meter: { readonly aggregate: UsageAggregate; readonly resolution: 'exact' | 'day' },
  { starts, ends, zone }: Pick<PeriodRow, 'starts' | 'ends' | 'zone'>,
  terms: { readonly prices: readonly StoredPrice[]; readonly trialEnd: number | null; readonly step: bigint },
  facts: readonly KeptFactRow[],
): bigint | null {
  if (!oracle) return null;
  const { trialEnd, step } = terms;
  const prices = terms.prices.map(({ from, ...price }) => (from === null ? price : { ...price, from }));
  const events = facts.map(({ id, at, key, corrects, turn, quantity, value }) => {
    const own = corrects === null ? quantity : value;
    const text = own === null ? null : formatExact(own, QUANTITY_PLACES);
    return { id, at, key, corrects, seq: turn, quantity: text };
  });
  return oracle.rate({ ...meter, prices }, { start: starts, end: ends, zone }, events, { trialEnd, step })
    .amount;
}
