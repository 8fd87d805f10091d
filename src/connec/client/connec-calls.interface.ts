import type { HttpMethod } from '../../http/http.types.js';
import type { ConnecQuery } from './connec-query.js';
import type { ConnecCallOptions } from './connec-transport.js';

/** A call in the platform's own terms, for what has no method here. */
export interface ConnecRawRequest extends ConnecCallOptions {
  readonly method: HttpMethod;
  /** Relative to the scope; each segment is encoded. Text is split at slashes. */
  readonly path: string | readonly string[];
  /** `group` (default): below the group; `base`: below the base path; `host`: below the host. */
  readonly scope?: 'group' | 'base' | 'host';
  readonly query?: ConnecQuery | readonly (readonly [string, string])[];
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What a POST did: a new record, or smart merge found one that was there (protocol §9.3, §9.8). */
export interface ConnecPosted<T> {
  readonly outcome: 'created' | 'merged';
  readonly record: T;
}

/** Options of a POST. */
export interface ConnecPostOptions extends ConnecCallOptions {
  /** Smart merge: combinations of fields that identify a record, such as `[['reference']]` (protocol §9.8). */
  readonly matchingFields?: readonly (readonly string[])[];
}
