import { AMOUNT_PLACES, roundTo, tenTo } from './exact-decimal.js';

/** What `price_cents` counts for a currency without two decimal places. */
export type AmountsIn = 'hundredths' | 'minor';

/** ISO 4217: currencies whose smallest unit is not a hundredth. */
const EXPONENTS: Readonly<Record<string, number>> = {
  BIF: 0,
  CLP: 0,
  DJF: 0,
  GNF: 0,
  ISK: 0,
  JPY: 0,
  KMF: 0,
  KRW: 0,
  PYG: 0,
  RWF: 0,
  UGX: 0,
  UYI: 0,
  VND: 0,
  VUV: 0,
  XAF: 0,
  XOF: 0,
  XPF: 0,
  BHD: 3,
  IQD: 3,
  JOD: 3,
  KWD: 3,
  LYD: 3,
  OMR: 3,
  TND: 3,
  CLF: 4,
  UYW: 4,
};

/** Decimal places of a currency (ISO 4217). */
export function placesOf(currency: string): number {
  return EXPONENTS[currency] ?? 2;
}

/** How amounts of a currency become bills (usage §3.4). */
export interface CurrencyStep {
  /** The smallest amount that can be billed: not finer than the currency, not finer than the wire. */
  readonly step: bigint;
  /** What one of `price_cents` is worth. */
  readonly unit: bigint;
}

export function currencyStep(currency: string, amountsIn: AmountsIn = 'hundredths'): CurrencyStep {
  const wire = amountsIn === 'hundredths' ? 2 : placesOf(currency);
  return {
    step: tenTo(AMOUNT_PLACES - Math.min(placesOf(currency), wire)),
    unit: tenTo(AMOUNT_PLACES - wire),
  };
}

/**
 * What is billed of a total, and what is carried on (usage §3.4): nothing is billed below the least amount, and nothing
 * is lost.
 */
export function settle(
  total: bigint,
  step: bigint,
  least: bigint = step,
): { readonly bill: bigint; readonly closing: bigint } {
  const rounded = roundTo(total, step);
  const bill = rounded > 0n && rounded >= least ? rounded : 0n;
  return { bill, closing: total - bill };
}
