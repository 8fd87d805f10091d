import { AMOUNT_PLACES, formatExact, parseExact } from '../exact/exact-decimal.js';

/** The sum of decimal texts of amounts. */
export function addAmounts(...amounts: readonly string[]): string {
  const sum = amounts.reduce((total, amount) => total + parseExact(amount, AMOUNT_PLACES), 0n);
  return formatExact(sum, AMOUNT_PLACES);
}
