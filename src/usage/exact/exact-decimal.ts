/**
 * Exact decimals as integers in units of their last place: quantities have 6 places, unit prices 12, amounts 18, so that
 * every product of a quantity and a price is exact (usage §3.4).
 */

/** Places of a quantity. */
export const QUANTITY_PLACES = 6;
/** Places of a unit price. */
export const PRICE_PLACES = 12;
/** Places of an amount of money in the currency's main unit. */
export const AMOUNT_PLACES = QUANTITY_PLACES + PRICE_PLACES;
/** One unit of a quantity. */
export const ONE = tenTo(QUANTITY_PLACES);

/** 10 to the power of a whole number. */
export function tenTo(exponent: number): bigint {
  return 10n ** BigInt(exponent);
}

/**
 * A decimal text as a number of its last places.
 *
 * @throws RangeError for a text that is no decimal in plain notation, or has more places.
 */
export function parseExact(text: string, places: number): bigint {
  const match = /^(-?)(\d{1,40})(?:\.(\d{1,40}))?$/.exec(text);
  if (!match) throw new RangeError('Not a decimal number in plain notation.');
  const [, sign, whole = '0', fraction = ''] = match;
  const kept = fraction.replace(/0+$/, '');
  if (kept.length > places) throw new RangeError(`More than ${places} decimal places.`);
  const value = BigInt(whole + kept.padEnd(places, '0'));
  return sign === '-' ? -value : value;
}

/** {@link parseExact}, or null for what it rejects. */
export function exactOrNull(text: string, places: number): bigint | null {
  try {
    return parseExact(text, places);
  } catch {
    return null;
  }
}

/** The shortest decimal text of a value: `92.775`, `-0.005`, `0`. */
export function formatExact(value: bigint, places: number): string {
  const negative = value < 0n;
  const digits = (negative ? -value : value).toString().padStart(places + 1, '0');
  const whole = digits.slice(0, digits.length - places);
  const fraction = digits.slice(digits.length - places).replace(/0+$/, '');
  return `${negative ? '-' : ''}${whole}${fraction === '' ? '' : `.${fraction}`}`;
}

/** A price of a unit, in amounts' places. */
export function parseAmount(text: string): bigint {
  return parseExact(text, PRICE_PLACES) * ONE;
}

/** Division, half away from zero. The divisor is positive. */
export function divideRounded(value: bigint, divisor: bigint): bigint {
  const negative = value < 0n;
  const rounded = (2n * (negative ? -value : value) + divisor) / (2n * divisor);
  return negative ? -rounded : rounded;
}

/** Division of a value that is not negative, upward. */
export function divideUp(value: bigint, divisor: bigint): bigint {
  return (value + divisor - 1n) / divisor;
}

/** The nearest multiple of a step, half away from zero. */
export function roundTo(value: bigint, step: bigint): bigint {
  return divideRounded(value, step) * step;
}

export function larger(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}

export function smaller(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}

/** The sum of a list. */
export function sumOf(values: Iterable<bigint>): bigint {
  let sum = 0n;
  for (const value of values) sum += value;
  return sum;
}
