import { trimInvisible } from './visible-text.js';

/** Whether a value from outside is a JSON object: neither null nor a list. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * A yes or no that came from outside, as a value, a number or a text in any case (protocol §1.7 step 9); null for
 * anything else.
 */
export function toBoolean(value: unknown): boolean | null {
  const text = typeof value === 'string' ? trimInvisible(value).toLowerCase() : value;
  if (text === true || text === 'true' || text === 1 || text === '1') return true;
  return text === false || text === 'false' || text === 0 || text === '0' ? false : null;
}
