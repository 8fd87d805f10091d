import { parsePlatformDate } from '../../utils/dates.js';
import { toBoolean } from '../../utils/values.js';
import type { AccountErrors } from './envelope.js';

type Fields = Record<string, unknown>;

/** Collects what is wrong with the fields of a creation, in the platform's words. */
export class FieldErrors {
  readonly #errors: Record<string, string[]> = {};

  add(field: string, message: string): void {
    (this.#errors[field] ??= []).push(message);
  }

  get any(): boolean {
    return Object.keys(this.#errors).length > 0;
  }

  get all(): AccountErrors {
    return this.#errors;
  }
}

/** A field as text; null when it is absent or empty. Form bodies have nothing but texts (protocol §8.2). */
export function textField(fields: Fields, name: string): string | null {
  const value = fields[name];
  if (value === undefined || value === null || value === '') return null;
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** A field as number; NaN when it is none, null when it is absent. */
export function numberField(fields: Fields, name: string): number | null {
  const text = textField(fields, name);
  return text === null ? null : Number(text);
}

/** A field as a moment in ISO 8601 seconds; null when it is absent or unreadable. */
export function dateField(fields: Fields, name: string): string | null {
  const text = textField(fields, name);
  const moment = parsePlatformDate(text);
  return moment && `${moment.toISOString().slice(0, 19)}Z`;
}

/** A field as boolean: form bodies say `true`, `1`, `false`, `0`. */
export function booleanField(fields: Fields, name: string): boolean {
  return toBoolean(fields[name]) ?? false;
}

/** What bills and recurring bills have in common. */
export interface ChargeInput {
  readonly priceCents: number;
  readonly description: string;
  readonly currency: string;
}

/** Currency codes that the platform's runtime knows. */
const CURRENCIES = new Set(Intl.supportedValuesOf('currency'));

/** Reads and checks what bills and recurring bills have in common (protocol §8.6). */
export function readCharge(fields: Fields, errors: FieldErrors): ChargeInput {
  const priceCents = numberField(fields, 'price_cents');
  if (priceCents === null || Number.isNaN(priceCents)) errors.add('price_cents', 'is not a number');
  else if (priceCents <= 0) errors.add('price_cents', 'must be greater than 0');
  else if (!Number.isInteger(priceCents)) errors.add('price_cents', 'must be an integer');
  const description = textField(fields, 'description') ?? '';
  if (description.trim() === '') errors.add('description', "can't be blank");
  const currency = textField(fields, 'currency') ?? 'AUD';
  if (!CURRENCIES.has(currency)) errors.add('currency', 'is not included in the list');
  return { priceCents: priceCents ?? 0, description, currency };
}
