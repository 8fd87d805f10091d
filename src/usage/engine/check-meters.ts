import { USAGE_ERROR_CODES, MaestranoUsageError } from '../../errors/usage.error.js';
import { priceTerms, type StoredPrice } from '../rating/price-table.js';
import type { PeriodTerms } from '../store/usage-records.js';
import type { UsageContext } from './usage-context.js';

/**
 * Compares the meters with what the store has of them (usage §3.3, §8): prices with those that periods were billed by, and the
 * grace with that of open periods, which is the one that holds.
 *
 * @returns sentences that warn (`usage.grace`)
 * @throws MaestranoUsageError `usage.priceChanged`
 */
export async function checkMeters({ settings, store }: UsageContext): Promise<readonly string[]> {
  const warnings: string[] = [];
  for (const { name, prices, grace } of settings.meters.values()) {
    for (const [currency, present] of prices) {
      const last = await store.lastTerms(name, currency);
      if (!last || !changedPrice(last.terms, present, last.ends)) continue;
      const message = `The ${currency} price of "${name}" is another than periods until ${new Date(last.ends).toISOString()} were billed by.`;
      throw new MaestranoUsageError('usage.priceChanged', { meter: name, message });
    }
    const others = (await store.openGraces(name)).filter((one) => one !== grace);
    if (others.length === 0) continue;
    const { meaning, remedy } = USAGE_ERROR_CODES['usage.grace'];
    const waits = `"${name}" waits ${hours(grace)}, open periods ${others.map(hours).join(', ')}.`;
    warnings.push(`usage.grace: ${meaning} ${waits} ${remedy}`);
  }
  return warnings;
}

function hours(milliseconds: number): string {
  return `${milliseconds / 3_600_000} h`;
}

/** What prices say of everything before an instant, as one text. */
function saidBefore(prices: readonly StoredPrice[], before: number): string {
  const terms = prices.filter(({ from }) => (from ?? -Infinity) < before).map(priceTerms);
  return JSON.stringify(terms, (_name, value: unknown) =>
    typeof value === 'bigint' ? value.toString() : value,
  );
}

/** Whether prices differ where periods are billed already (usage §3.3). */
function changedPrice(billed: string, present: readonly StoredPrice[], until: number): boolean {
  const { prices } = JSON.parse(billed) as PeriodTerms;
  return saidBefore(prices, until) !== saidBefore(present, until);
}
