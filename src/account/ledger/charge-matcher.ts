import { compareDecimals, toDecimalText } from '../../utils/decimal.js';
import { parsePlatformDate } from '../../utils/platform-date.js';
import type { RawRecord } from '../entities/entity-reader.js';
import type { ChargePayload } from '../inputs/charge-payloads.js';

/**
 * Fields that the server is known to drop or to overwrite on creation (protocol §8.6, §8.7): they tell nothing.
 */
const UNRELIABLE: ReadonlySet<string> = new Set(['third_party', 'initial_cents']);

/**
 * Whether a charge on the server may be what this payload created. Only a value that is there and differs says no:
 * rather ask a human about one charge too many than charge a customer twice.
 */
export function mayComeFrom(payload: ChargePayload, charge: RawRecord): boolean {
  return Object.entries(payload).every(
    ([name, sent]) => UNRELIABLE.has(name) || isEqual(name, sent, charge[name]),
  );
}

function isEqual(name: string, sent: string | number | boolean, found: unknown): boolean {
  if (found === null || found === undefined) return true;
  if (name === 'period') {
    return typeof found === 'string' && String(sent).toLowerCase() === found.toLowerCase();
  }
  if (/_(at|date)$/.test(name)) return isSameSecond(String(sent), found);
  if (typeof sent === 'number') {
    const text = toDecimalText(found);
    return text === null || compareDecimals(text, toDecimalText(sent) ?? '0') === 0;
  }
  if (typeof sent === 'string' && typeof found === 'string') return normalised(sent) === normalised(found);
  return sent === found;
}

/** The server keeps seconds. */
function isSameSecond(sent: string, found: unknown): boolean {
  const date = parsePlatformDate(found);
  return date === null || Math.abs(date.getTime() - Date.parse(sent)) < 1000;
}

/** Databases trim, and text may come back composed differently. */
function normalised(text: string): string {
  return text.normalize('NFC').replace(/\s+/g, ' ').trim();
}
