import type { FieldMessages } from '../errors/account.error.js';
import { isRecord } from './entities/entity-reader.js';

const MAX_FIELDS = 50;
const MAX_MESSAGES = 10;
const MAX_LENGTH = 200;

/**
 * The `errors` of an envelope, field by field with names in camelCase, whatever shape they have: a map of arrays as
 * documented (protocol §8.3), and what else is conceivable: one text, a list, a nested map.
 */
export function toFieldMessages(errors: unknown): FieldMessages {
  if (!isRecord(errors)) {
    const messages = toMessages(errors);
    return messages.length > 0 ? { base: messages } : {};
  }
  const fields = Object.entries(errors).slice(0, MAX_FIELDS);
  return Object.fromEntries(fields.map(([name, value]) => [camelCase(name), toMessages(value)]));
}

/** `price_cents` to `priceCents`. */
export function camelCase(name: string): string {
  return clean(name).replace(/_+([a-z0-9])/gi, (_match, letter: string) => letter.toUpperCase());
}

/** `priceCents` to `price_cents`. */
export function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function toMessages(value: unknown): readonly string[] {
  if (value === null || value === undefined) return [];
  if (Array.isArray(value)) return value.slice(0, MAX_MESSAGES).flatMap((item) => toText(item));
  return toText(value);
}

function toText(value: unknown): string[] {
  if (typeof value === 'string') return [clean(value)];
  if (typeof value === 'number' || typeof value === 'boolean') return [String(value)];
  // A nested value says something, but nothing that can be shown: that it was there is kept.
  return value === null || value === undefined ? [] : ['is invalid'];
}

/** One line of printable text: it ends in logs. */
function clean(text: string): string {
  return text
    .replace(/[\p{C}\s]+/gu, ' ')
    .slice(0, MAX_LENGTH)
    .trim();
}
