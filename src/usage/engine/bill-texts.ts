import { currencyStep, type AmountsIn } from '../exact/currency-step.js';
import { AMOUNT_PLACES, divideRounded, formatExact, QUANTITY_PLACES, tenTo } from '../exact/exact-decimal.js';
import { dayOf, isoDay } from '../calendar/local-days.js';
import { periodOfDays } from '../statement/local-words.js';

/** Largest number of cents of one bill: what a column of 32 bits keeps (usage §3.6). */
const MAX_BILL_CENTS = 2_147_483_647n;

/** A period in words: `September 2026` when it is that, else its first and last day. */
export function periodInWords(from: number, to: number, zone: string): string {
  return periodOfDays(isoDay(dayOf(from, zone)), isoDay(dayOf(to - 1, zone)));
}

/** `units` of a bill: two places where that says something, else null (usage §3.6). */
export function billUnits(quantity: bigint): string | null {
  const hundredths = divideRounded(quantity, tenTo(QUANTITY_PLACES - 2));
  return hundredths >= 1n && hundredths <= 9_999_999_999n ? formatExact(hundredths, 2) : null;
}

/** One bill of an amount, or several equal ones where it is too large. */
export function billParts(amount: bigint, currency: string, amountsIn: AmountsIn): readonly number[] {
  const { step, unit } = currencyStep(currency, amountsIn);
  const parts = (amount / unit + MAX_BILL_CENTS - 1n) / MAX_BILL_CENTS;
  const steps = amount / step;
  return Array.from({ length: Number(parts) }, (_, index) => {
    const extra = BigInt(index) < steps % parts ? 1n : 0n;
    return Number(((steps / parts + extra) * step) / unit);
  });
}

/** What the customer reads: ends with the statement's number, so that bills differ in their contents. */
export function billDescription(
  about: {
    readonly label: string;
    readonly period: string;
    readonly regular: boolean;
    /** Said where `units` cannot say it. */
    readonly quantity: bigint | null;
    readonly seq: number;
  },
  part: number,
  parts: number,
): string {
  const { label, period, regular, quantity, seq } = about;
  const what = regular ? period : `corrections from ${period}`;
  const units = quantity === null ? '' : `, ${formatExact(quantity, QUANTITY_PLACES)} units`;
  const of = parts === 1 ? '' : `, ${part} of ${parts}`;
  return `${label} ${what}${units} (statement ${seq}${of})`;
}

/** An amount as text. */
export function amountText(amount: bigint): string {
  return formatExact(amount, AMOUNT_PLACES);
}
