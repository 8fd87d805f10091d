import type { SessionOptions } from '../interfaces/session-options.interface.js';

/** {@link SessionOptions} with the defaults filled in. */
export interface SessionSettings {
  readonly secrets: readonly string[] | null;
  readonly carrier: 'auto' | 'request' | 'cookie';
  readonly maxAgeMs: number;
  readonly graceMs: number;
  readonly recheckTimeoutMs: number;
  readonly marketplaceOf: (request: unknown) => string | null | undefined;
  readonly signInUrl: string | null;
}

const MINUTE = 60_000;

/** The defaults, in one place. */
export function resolveSessionSettings(options: SessionOptions = {}): SessionSettings {
  const { secret } = options;
  return {
    secrets: secret === undefined ? null : typeof secret === 'string' ? [secret] : secret,
    carrier: options.carrier ?? 'auto',
    maxAgeMs: options.maxAgeMs ?? 12 * 60 * MINUTE,
    graceMs: options.graceMs ?? 5 * MINUTE,
    recheckTimeoutMs: options.recheckTimeoutMs ?? 2_000,
    marketplaceOf: options.marketplaceOf ?? (() => null),
    signInUrl: options.signInUrl ?? null,
  };
}
