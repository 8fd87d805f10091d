/** True for everything that means yes, false for what means no (protocol §1.7 step 9); null for anything else. */
export function toBoolean(value: unknown): boolean | null {
  const text = typeof value === 'string' ? value.trim().toLowerCase() : value;
  if (text === true || text === 'true' || text === 1 || text === '1') return true;
  if (text === false || text === 'false' || text === 0 || text === '0') return false;
  return null;
}

/** A number from a number or a numeric text such as `"300.0"`; null for anything else. */
export function toNumber(value: unknown): number | null {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  return typeof number === 'number' && Number.isFinite(number) ? number : null;
}

/** Trimmed text from a text or a number; null for anything else and for blanks. */
export function toText(value: unknown): string | null {
  if (typeof value === 'number' && Number.isFinite(value)) return String(value);
  if (typeof value !== 'string') return null;
  return value.trim() || null;
}
