import { ApiError, type AccountErrorDetails } from '../../errors/account.error.js';
import { deepFreeze } from '../../utils/deep-freeze.js';
import { toDecimalText } from '../../utils/decimal.js';
import { parsePlatformDate } from '../../utils/platform-date.js';

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
  readonly details: AccountErrorDetails;
}

/**
 * Reads the fields of one record. Everything but the id may be missing or of another type, and is null then
 * (protocol §8.6 to §8.10).
 */
export class EntityReader {
  /** The fields that all entities share. */
  readonly common: AccountEntity;
  readonly #record: RawRecord;

  /**
   * @param secrets fields to be replaced in `raw`, such as the session token of a user.
   * @throws ApiError when the record is no object, or has no id.
   */
  constructor(record: unknown, origin: RecordOrigin, secrets: RawRecord = {}) {
    if (!isRecord(record)) throw malformed('the answer holds no record where one belongs.', origin);
    this.#record = record;
    this.common = {
      marketplace: origin.marketplace,
      id: this.#id(origin),
      createdAt: this.date('created_at'),
      updatedAt: this.date('updated_at'),
      raw: frozen({ ...record, ...secrets }, origin),
    };
  }

  text(name: string): string | null {
    const value = this.#record[name];
    return typeof value === 'string' ? value : null;
  }

  integer(name: string): number | null {
    const value = this.#record[name];
    const number = typeof value === 'string' && /^-?\d{1,15}$/.test(value) ? Number(value) : value;
    return Number.isSafeInteger(number) ? (number as number) : null;
  }

  /** Rails writes booleans as such; `1`, `"true"` and the like are read too. */
  boolean(name: string): boolean | null {
    const value = this.#record[name];
    if (value === true || value === 1 || value === 'true' || value === '1') return true;
    return value === false || value === 0 || value === 'false' || value === '0' ? false : null;
  }

  /** Exact decimal text. */
  decimal(name: string): string | null {
    return toDecimalText(this.#record[name]);
  }

  date(name: string): Date | null {
    return parsePlatformDate(this.#record[name]);
  }

  record(name: string): RawRecord | null {
    const value = this.#record[name];
    return isRecord(value) ? value : null;
  }

  #id(origin: RecordOrigin): string {
    const { id } = this.#record;
    if (typeof id === 'string' && id !== '') return id;
    if (Number.isSafeInteger(id)) return String(id);
    throw malformed('the answer holds a record without id.', origin);
  }
}

export function isRecord(value: unknown): value is RawRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function frozen(record: RawRecord, origin: RecordOrigin): RawRecord {
  try {
    return deepFreeze(record);
  } catch {
    throw malformed('the answer is nested too deeply.', origin);
  }
}

function malformed(message: string, origin: RecordOrigin): ApiError {
  return new ApiError('account.response', message, origin.details);
}
