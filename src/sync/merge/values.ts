import { hash } from 'node:crypto';

import { isRecord } from '../../utils/values.js';

/**
 * Characters of a digest: 72 bits, so that one value in 2^72 is taken for unchanged. From 13 on, a part of a text is a view of
 * the whole one to V8, which stays in memory with it and makes comparing slow.
 */
const DIGEST_LENGTH = 12;

/** A value as one text that is the same for equal values: keys sorted, dates as ISO 8601, what is left out as null. */
export function canonical(value: unknown): string {
  if (value === null || value === undefined) return 'null';
  if (typeof value === 'bigint') return value.toString();
  if (typeof value !== 'object') return JSON.stringify(value) ?? 'null';
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'null' : JSON.stringify(value);
  if (value instanceof Uint8Array) return `"${Buffer.from(value).toString('base64')}"`;
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if ('toJSON' in value && typeof value.toJSON === 'function') return canonical(value.toJSON());
  const entries = Object.entries(value).filter(([, item]) => item !== undefined);
  entries.sort(([one], [other]) => (one < other ? -1 : 1));
  return `{${entries.map(([name, item]) => `${JSON.stringify(name)}:${canonical(item)}`).join(',')}}`;
}

/** What is kept of a value: enough to see that it changed, and nothing that tells what it was. */
export function digest(value: unknown): string {
  return hash('sha256', canonical(value), 'base64url').slice(0, DIGEST_LENGTH);
}

/** Whether two values are the same to the engine. */
export function sameValue(one: unknown, other: unknown): boolean {
  return one === other || canonical(one) === canonical(other);
}

/** Null, undefined, an empty text, list or object. */
export function isEmpty(value: unknown): boolean {
  if (value === null || value === undefined || value === '') return true;
  if (Array.isArray(value)) return value.length === 0;
  return isRecord(value) && !(value instanceof Date) && Object.values(value).every(isEmpty);
}

/**
 * Whether `got` is the form that a side gave to the `sent` value, rather than a value that somebody else wrote: cut
 * off, in another Unicode form, letter case or spacing, a number rounded or written with other digits, a time with less
 * precision, empty for empty.
 */
export function isImage(sent: unknown, got: unknown): boolean {
  if (sameValue(sent, got)) return true;
  if (isEmpty(sent) || isEmpty(got)) return isEmpty(sent) && isEmpty(got);
  if (isRecord(sent) && isRecord(got) && !(sent instanceof Date) && !(got instanceof Date)) {
    const names = new Set([...Object.keys(sent), ...Object.keys(got)]);
    return [...names].every((name) => isImage(sent[name], got[name]));
  }
  const [one, other] = [textOf(sent), textOf(got)];
  if (one === null || other === null) return false;
  return (
    one.startsWith(other) ||
    loose(one) === loose(other) ||
    isRoundedNumber(one, other) ||
    isCoarserTime(one, other)
  );
}

function textOf(value: unknown): string | null {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'bigint') return String(value);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
  return null;
}

function loose(text: string): string {
  return text.normalize('NFC').replace(/\s+/gu, ' ').trim().toLowerCase();
}

const DECIMAL = /^[+-]?\d{1,30}(\.\d{1,30})?$/;

/** Whether the second is the first with fewer decimals, rounded or cut, or the same with more zeros. */
function isRoundedNumber(one: string, other: string): boolean {
  if (!DECIMAL.test(one) || !DECIMAL.test(other)) return false;
  const [sent, got] = [Number(one), Number(other)];
  if (sent === got) return true;
  const decimals = other.split('.')[1]?.length ?? 0;
  return Math.abs(sent - got) < 10 ** -decimals && (one.split('.')[1]?.length ?? 0) > decimals;
}

const TIME = /^\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?)?$/;
const PRECISIONS = [1, 1_000, 60_000, 86_400_000];

/** Whether the second is the same time, or the first cut to seconds, minutes or days. */
function isCoarserTime(one: string, other: string): boolean {
  if (!TIME.test(one) || !TIME.test(other)) return false;
  const [sent, got] = [Date.parse(one), Date.parse(other)];
  return PRECISIONS.some((precision) => Math.floor(sent / precision) * precision === got);
}

/** The value at a path of field names joined by dots; undefined where the path ends early. */
export function valueAt(record: unknown, path: string): unknown {
  let value = record;
  for (const name of path.split('.')) {
    if (!isRecord(value) || !Object.hasOwn(value, name)) return undefined;
    value = value[name];
  }
  return value;
}

/** A copy of the record with the value at the path; what the path does not touch is shared. */
export function withValueAt(
  record: Readonly<Record<string, unknown>>,
  path: string,
  value: unknown,
): Record<string, unknown> {
  const [name, ...rest] = path.split('.') as [string, ...string[]];
  if (rest.length === 0) return { ...record, [name]: value };
  const inner = isRecord(record[name]) ? record[name] : {};
  return { ...record, [name]: withValueAt(inner, rest.join('.'), value) };
}
