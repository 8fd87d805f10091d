import { priceTerms, type StoredPrice } from '../rating/price-table.js';
import type { PeriodTerms } from '../store/usage-records.js';

/** What prices say of everything before an instant, as one text. */
function saidBefore(prices: readonly StoredPrice[], before: number): string {
  const terms = prices.filter(({ from }) => (from ?? -Infinity) < before).map(priceTerms);
  return JSON.stringify(terms, (_name, value: unknown) =>
    typeof value === 'bigint' ? value.toString() : value,
  );
}

/** Whether prices differ where periods are billed already (usage §3.3). */
export function changedPrice(billed: string, present: readonly StoredPrice[], until: number): boolean {
  const { prices } = JSON.parse(billed) as PeriodTerms;
  return saidBefore(prices, until) !== saidBefore(present, until);
}
