import type { SessionOptions } from '../interfaces/session-options.interface.js';
import { numberOption } from '../utils/number-option.js';

/** {@link SessionOptions} with the defaults filled in. */
export interface SessionSettings {
  readonly secrets: readonly string[] | null;
  readonly storage: 'auto' | 'request' | 'cookie';
  readonly maxAgeMs: number;
  readonly graceMs: number;
  readonly recheckTimeoutMs: number;
  readonly marketplaceOf: (request: unknown) => string | null | undefined;
  readonly signInUrl: string | null;
}

const MINUTE = 60_000;
const YEAR = 366 * 24 * 60 * MINUTE;

/**
 * The defaults, in one place.
 *
 * @throws ConfigurationError (`configuration.options`) for what is no number: compared with it, no session would end.
 */
export function resolveSessionSettings(options: SessionOptions = {}): SessionSettings {
  const { secret } = options;
  return {
    secrets: secret === undefined ? null : typeof secret === 'string' ? [secret] : secret,
    storage: options.storage ?? 'auto',
    maxAgeMs: numberOption('session.maxAgeMs', options.maxAgeMs, 12 * 60 * MINUTE, 1_000, YEAR),
    graceMs: numberOption('session.graceMs', options.graceMs, 5 * MINUTE, 0, YEAR),
    recheckTimeoutMs: numberOption('session.recheckTimeoutMs', options.recheckTimeoutMs, 2_000),
    marketplaceOf: options.marketplaceOf ?? (() => null),
    signInUrl: options.signInUrl ?? null,
  };
}
