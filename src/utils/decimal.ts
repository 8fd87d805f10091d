/** A decimal number in plain notation. */
const DECIMAL = /^([+-]?)(\d{1,30})(?:\.(\d{1,30}))?$/;

/**
 * Exact decimal text of what the platform sends as a number or as text (protocol §8.6); null for anything else.
 * Text is kept as it came, `2.50` stays `2.50`.
 */
export function toDecimalText(value: unknown): string | null {
  if (typeof value === 'number') return Number.isFinite(value) ? toDecimalText(plainNotation(value)) : null;
  return typeof value === 'string' && DECIMAL.test(value.trim()) ? value.trim() : null;
}

/**
 * Compares two decimal texts exactly: negative when `a` is smaller, 0 when equal (`2.5` and `2.50` are), else positive.
 *
 * @throws RangeError when one of them is no decimal text.
 */
export function compareDecimals(a: string, b: string): number {
  const difference = scaled(a) - scaled(b);
  if (difference === 0n) return 0;
  return difference < 0n ? -1 : 1;
}

/** Digits behind the point that matter: 1 for `2.50`, 0 for `2`. */
export function decimalPlaces(text: string): number {
  return (DECIMAL.exec(text)?.[3] ?? '').replace(/0+$/, '').length;
}

/** As an integer in units of 10^-30, the most places that a decimal text may have. */
function scaled(text: string): bigint {
  const match = DECIMAL.exec(text);
  if (!match) throw new RangeError('Not a decimal number in plain notation.');
  const [, sign, whole = '0', fraction = ''] = match;
  const value = BigInt(whole + fraction.padEnd(30, '0'));
  return sign === '-' ? -value : value;
}

/** JavaScript writes very large and very small numbers with an exponent. */
function plainNotation(value: number): string {
  const text = String(value);
  return text.includes('e') ? value.toFixed(20).replace(/\.?0+$/, '') : text;
}
