import { isRecord } from '../../utils/values.js';
import { milliseconds, type SandboxDuration } from '../clock/duration.js';
import { isReference } from './external-ids.js';

type Document = Record<string, unknown>;

/**
 * What Connec! does where nobody outside knows, or what makes synchronizing hard. Everything is off unless set:
 * `sandbox.connec.manner = { hideFor: '60s' }`, and `= {}` takes it back.
 */
export interface ConnecManner {
  /** Changes become visible that much later on the sandbox's clock, with the stamp of when they were made. */
  readonly hideFor?: SandboxDuration;
  /** Where they are hidden meanwhile: in lists, or when a record is asked for by its id as well. `lists` by default. */
  readonly hideIn?: 'lists' | 'everywhere';
  /** Every change is stamped with one and the same second: that of the first one. */
  readonly sameSecond?: boolean;
  /**
   * What becomes of values that are written. `true`: texts are trimmed, their white-space and Unicode form evened out,
   * empty ones null, numbers rounded to two decimals.
   */
  readonly normalise?: boolean | ((value: string | number, name: string) => unknown);
  /** Longer texts are cut. */
  readonly maxLength?: number;
  /** A batch with more operations is rejected as a whole; none is, by default. */
  readonly maxBatch?: number;
  /** What a part of an object does to the rest of it: `replace` by default. */
  readonly partialObjects?: 'replace' | 'merge';
  /** Whether a write that changes nothing moves `updated_at` and notifies; true by default. */
  readonly unchangedMoves?: boolean;
  /** What another id of the same provider and realm does: `add` by default. */
  readonly newIds?: 'add' | 'replace';
  /** Whether a POST with a known external id changes its record; true by default, false makes another one. */
  readonly upsert?: boolean;
}

/**
 * Whether the manner can be followed.
 *
 * @throws SandboxError `sandbox.duration` when `hideFor` is no span of time
 */
export function checkManner({ hideFor }: ConnecManner): void {
  if (hideFor !== undefined) milliseconds(hideFor);
}

/** A document as Connec! keeps it. References are left as they are. */
export function kept(given: Document, { normalise, maxLength }: ConnecManner): Document {
  if (!normalise && maxLength === undefined) return given;
  const one = (value: unknown, name: string): unknown => {
    if (Array.isArray(value)) return value.map((part) => one(part, name));
    if (isRecord(value)) {
      return Object.fromEntries(
        Object.entries(value).map(([key, part]) => [key, isReference(key) ? part : one(part, key)]),
      );
    }
    if (typeof value !== 'string' && typeof value !== 'number') return value;
    const normal =
      typeof normalise === 'function' ? normalise(value, name) : normalise ? evenedOut(value) : value;
    return typeof normal === 'string' && maxLength !== undefined ? normal.slice(0, maxLength) : normal;
  };
  return one(given, '') as Document;
}

function evenedOut(value: string | number): unknown {
  if (typeof value === 'number') return Math.round(value * 100) / 100;
  const text = value.normalize('NFC').trim().replace(/\s+/g, ' ');
  return text === '' ? null : text;
}

/** A document with another one written over it. */
export function writtenOver(before: Document, given: Document, manner: ConnecManner): Document {
  if (manner.partialObjects !== 'merge') return { ...before, ...given };
  const after = { ...before };
  for (const [name, value] of Object.entries(given)) {
    const old = after[name];
    after[name] = isRecord(old) && isRecord(value) ? writtenOver(old, value, manner) : value;
  }
  return after;
}
