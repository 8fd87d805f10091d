import { type AccountErrorFacts, MaestranoApiError } from '../errors/account.error.js';
import { parsePlatformDate } from '../utils/dates.js';
import { compareDecimals, toDecimalText } from '../utils/decimal.js';
import { deepFreeze } from '../utils/deep-freeze.js';
import { Secret } from '../utils/secret.js';
import { isRecord, toBoolean } from '../utils/values.js';

/** A record as the marketplace sent it: every field, known and unknown, spelled as it came. */
export type RawRecord = Readonly<Record<string, unknown>>;

/** What every entity has. */
export interface AccountEntity {
  /** Name of the marketplace it came from. Identifiers are unique within one only. */
  readonly marketplace: string;
  readonly id: string;
  readonly createdAt: Date | null;
  readonly updatedAt: Date | null;
  /** The record as it came, unknown fields and the text of dates included. */
  readonly raw: RawRecord;
}

/** Where a record came from, for errors about it. */
export interface RecordOrigin {
  readonly marketplace: string;
  readonly details: AccountErrorFacts;
}

/** Suffixes of dates in a filter, with the operator that the server applies (protocol §8.5). */
export type DateSuffix = 'StrictlyBefore' | 'Before' | 'StrictlyAfter' | 'After';

/** Suffixes of numbers in a filter (protocol §8.5). */
export type NumberSuffix = 'StrictlyLowerThan' | 'LowerThan' | 'StrictlyGreaterThan' | 'GreaterThan';

/** A suffix, empty for equality, and a value: what a server is asked for. */
export type ServerFilter = readonly [suffix: string, value: string];

/** A value in the JSON body of a request. */
export type PayloadValue = string | number | boolean;

/** The JSON body of a creation: snake_case, dates in ISO 8601 UTC (protocol §8.2). */
export type Payload = Readonly<Record<string, PayloadValue>>;

/**
 * What a field holds: `V` in an entity, `Q` in a filter, where `S` are the suffixes that its name may take. It is
 * the one place that knows how such a value is read, filtered by, sent and compared.
 */
export interface FieldType<V, Q = never, S extends string = never> {
  /** For messages: "must be a date". */
  readonly name: string;
  readonly suffixes: readonly S[];
  /** The value in a record; null when it is missing or of another type (protocol §8.6 to §8.10). */
  readonly read: (value: unknown) => V | null;
  /** Text for the query of a list; null for what is no such value. */
  readonly toQuery: (value: Q) => string | null;
  /** The order of two texts of {@link toQuery}; NaN for different ones where there is none. */
  readonly compare: (found: string, wanted: string) => number;
  /** What a server is asked for where it compares more strictly than we do: never less than the filter lets through. */
  readonly widen?: (comparison: string, wanted: string) => readonly ServerFilter[];
  /** A value of an input that was validated. */
  readonly toJson: (value: unknown) => PayloadValue;
  /** Whether a record that has `found` may have been made from `sent`. */
  readonly mayBe: (sent: PayloadValue, found: unknown) => boolean;
  /** Its value is kept out of the entity's `raw`. */
  readonly secret?: true;
}

/** One field of a resource, by its name in entities, inputs and filters. */
export interface Field<V = unknown> {
  /** Its name in records and in bodies of requests. */
  readonly column: string;
  readonly type: FieldType<V, never, string>;
  /** Another spelling that is read where the column is missing. */
  readonly alias?: string;
  /** The name in filters, where that is not the column's; false where a list is not filtered by it. */
  readonly filter?: string | false;
  /** The real server has no such column, or does not filter this list: only what it lists is filtered (protocol §8.5). */
  readonly local?: true;
  /** The server is known to drop or overwrite it on creation (protocol §8.6, §8.7): it proves nothing afterwards. */
  readonly unreliable?: true;
}

/** The fields of a resource by name. */
export type Fields = Readonly<Record<string, Field>>;

/** A table with every field of an entity: one that is added to the entity is missed here by the compiler. */
export type FieldsOf<T extends AccountEntity> = {
  readonly [K in Exclude<keyof T, 'marketplace' | 'raw'>]: Field<NonNullable<T[K]>>;
};

type SuffixOf<T> = T extends { readonly suffixes: readonly (infer S extends string)[] } ? '' | S : never;
type FilterValueOf<T> = T extends { readonly toQuery: (value: infer Q) => unknown } ? Q : never;

/**
 * The filter that a table of fields allows: `createdAtAfter`, `priceCentsGreaterThan`, `status`. Several are
 * combined by "and". `Before` and `After`, `LowerThan` and `GreaterThan` include the value itself.
 */
export type FilterOf<F extends Fields> = {
  readonly [
    K in keyof F & string as F[K] extends { readonly filter: false } ? never : `${K}${SuffixOf<F[K]['type']>}`
  ]?: FilterValueOf<F[K]['type']>;
};

const NUMBER_SUFFIXES = ['StrictlyLowerThan', 'LowerThan', 'StrictlyGreaterThan', 'GreaterThan'] as const;

/** What the server takes for a moment, anywhere in the value of a filter. */
const MOMENT = /\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}/;

/** Text as it came; compared as databases keep it. */
export const text: FieldType<string, string> = {
  name: 'text',
  suffixes: [],
  read: textOf,
  toQuery: textOf,
  compare: areEqual,
  // The server reads a moment out of any text that has one, and looks for that.
  widen: (comparison, wanted) => (MOMENT.test(wanted) ? [] : [[comparison, wanted]]),
  toJson: asItIs,
  mayBe: (sent, found) => typeof found === 'string' && normalised(String(sent)) === normalised(found),
};

/** A whole number, which may come as text. */
export const integer: FieldType<number, number, NumberSuffix> = {
  name: 'number',
  suffixes: NUMBER_SUFFIXES,
  read: (value) => {
    const number = typeof value === 'string' && /^-?\d{1,15}$/.test(value) ? Number(value) : value;
    return Number.isSafeInteger(number) ? (number as number) : null;
  },
  toQuery: (value) => (Number.isSafeInteger(value) ? String(value) : null),
  compare: (found, wanted) => Number(found) - Number(wanted),
  toJson: asItIs,
  mayBe: isSameNumber,
};

/** Exact decimal text in entities; a number or such text in filters and inputs. */
export const decimal: FieldType<string, number | string, NumberSuffix> = {
  name: 'decimal',
  suffixes: NUMBER_SUFFIXES,
  read: toDecimalText,
  toQuery: toDecimalText,
  compare: compareDecimals,
  // At most ten digits: exact as a number, which is what the official clients send.
  toJson: (value) => Number(toDecimalText(value)),
  mayBe: isSameNumber,
};

/** Rails writes booleans as such; `1`, `"true"` and the like are read too. */
export const boolean: FieldType<boolean, boolean> = {
  name: 'boolean',
  suffixes: [],
  read: toBoolean,
  toQuery: (value) => (typeof value === 'boolean' ? String(value) : null),
  compare: areEqual,
  toJson: asItIs,
  mayBe: (sent, found) => sent === found,
};

/** ISO 8601 in UTC: what the server parses (protocol §8.5). */
export const date: FieldType<Date, Date | string, DateSuffix> = {
  name: 'date',
  suffixes: ['StrictlyBefore', 'Before', 'StrictlyAfter', 'After'],
  read: parsePlatformDate,
  toQuery: (value) => toMoment(value)?.toISOString() ?? null,
  compare: (found, wanted) => Date.parse(found) - Date.parse(wanted),
  widen: wholeSeconds,
  toJson: (value) => toMoment(value)?.toISOString() ?? '',
  // The server keeps seconds.
  mayBe: (sent, found) => {
    const kept = parsePlatformDate(found);
    return kept === null || Math.abs(kept.getTime() - Date.parse(String(sent))) < 1000;
  },
};

/** A token that no log and no JSON may show. */
export const secret: FieldType<Secret> = {
  ...readOnly((value) => (typeof value === 'string' && value !== '' ? new Secret(value) : null)),
  secret: true,
};

/** The fields of every resource; in filters the id is the server's column `uid` (protocol §8.5). */
export const ENTITY_FIELDS = {
  id: {
    column: 'id',
    type: { ...text, read: (value) => (Number.isSafeInteger(value) ? String(value) : textOf(value) || null) },
    filter: 'uid',
  },
  createdAt: { column: 'created_at', type: date },
  updatedAt: { column: 'updated_at', type: date },
} as const satisfies FieldsOf<AccountEntity>;

/** The type of a field that is neither sent nor filtered by; its table entry says `filter: false`. */
export function readOnly<V>(read: (value: unknown) => V | null): FieldType<V> {
  return {
    name: 'value',
    suffixes: [],
    read,
    toQuery: () => null,
    compare: areEqual,
    toJson: String,
    mayBe: () => true,
  };
}

/** The moment that a Date or an ISO 8601 text means; null for anything else. */
export function toMoment(value: unknown): Date | null {
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value;
  return parsePlatformDate(value);
}

/**
 * The entity that a record is.
 *
 * @throws MaestranoApiError (`account.response`) when the record is no object, has no id, or is nested too deeply to freeze.
 */
export function readEntity<T extends AccountEntity>(
  fields: FieldsOf<T>,
  record: unknown,
  origin: RecordOrigin,
): T {
  if (!isRecord(record)) throw malformed('the response holds no record where one belongs.', origin);
  const entity: Record<string, unknown> = {};
  const raw: Record<string, unknown> = { ...record };
  for (const [name, { column, alias, type }] of Object.entries<Field>(fields)) {
    entity[name] = type.read(record[column]) ?? (alias === undefined ? null : type.read(record[alias]));
    if (type.secret && record[column] !== undefined) raw[column] = entity[name];
  }
  if (entity.id === null) throw malformed('the response holds a record without id.', origin);
  return Object.freeze({
    marketplace: origin.marketplace,
    ...entity,
    raw: frozen(raw, origin),
  }) as unknown as T;
}

/** The body of a creation, of the fields that the input has. */
export function toPayload(fields: Fields, input: object): Payload {
  const payload: Record<string, PayloadValue> = {};
  for (const [name, { column, type }] of Object.entries(fields)) {
    const value: unknown = (input as RawRecord)[name];
    if (value !== undefined && value !== null) payload[column] = type.toJson(value);
  }
  return payload;
}

/**
 * Whether a record on the server may be what this payload created. Only a value that is there and differs says no:
 * rather ask a human about one charge too many than charge a customer twice.
 */
export function mayComeFrom(fields: Fields, payload: Payload, record: RawRecord): boolean {
  return Object.values(fields).every(({ column, type, unreliable }) => {
    const sent = payload[column];
    const found = record[column];
    return (
      unreliable || sent === undefined || found === undefined || found === null || type.mayBe(sent, found)
    );
  });
}

/**
 * The server keeps fractions of a second and shows none, so that by its own comparison no record is made at the moment
 * that it shows: it is asked for whole seconds.
 */
function wholeSeconds(comparison: string, wanted: string): readonly ServerFilter[] {
  const moment = Date.parse(wanted);
  const from: ServerFilter = ['After', isoOf(Math.floor(moment / 1000) * 1000)];
  const until: ServerFilter = ['StrictlyBefore', isoOf(Math.floor(moment / 1000) * 1000 + 1000)];
  switch (comparison) {
    case 'After':
    case 'StrictlyAfter':
      return [from];
    case 'Before':
      return [until];
    case 'StrictlyBefore':
      return [['StrictlyBefore', isoOf(Math.ceil(moment / 1000) * 1000)]];
    default:
      return [from, until];
  }
}

function isoOf(moment: number): string {
  return new Date(moment).toISOString();
}

function areEqual(found: string, wanted: string): number {
  return found === wanted ? 0 : Number.NaN;
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

function asItIs(value: unknown): PayloadValue {
  return value as PayloadValue;
}

function isSameNumber(sent: PayloadValue, found: unknown): boolean {
  const kept = toDecimalText(found);
  return kept === null || compareDecimals(kept, toDecimalText(sent) ?? '0') === 0;
}

/** Databases trim, and text may come back composed differently. */
function normalised(value: string): string {
  return value.normalize('NFC').replace(/\s+/g, ' ').trim();
}

function frozen(record: RawRecord, origin: RecordOrigin): RawRecord {
  try {
    return deepFreeze(record);
  } catch {
    throw malformed('the response is nested too deeply.', origin);
  }
}

function malformed(message: string, origin: RecordOrigin): MaestranoApiError {
  return new MaestranoApiError('account.response', { message, ...origin.details });
}
