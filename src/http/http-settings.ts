import type { HttpOptions } from '../interfaces/http-options.interface.js';

/** The `http` option with its defaults. */
export interface HttpSettings {
  readonly timeoutMs: number;
  readonly deadlineMs: number;
  readonly attempts: number;
  readonly backoffMs: number;
  readonly maxRetryAfterMs: number;
  readonly maxConcurrent: number;
  readonly maxQueued: number;
  readonly breaker: { readonly failures: number; readonly openForMs: number } | null;
  readonly ca: readonly string[] | undefined;
}

/** Bytes of an answer where the call does not say otherwise. */
export const DEFAULT_MAX_RESPONSE_BYTES = 5_000_000;

export function resolveHttpSettings(options: HttpOptions = {}): HttpSettings {
  const { breaker = {}, ca } = options;
  return {
    timeoutMs: options.timeoutMs ?? 15_000,
    deadlineMs: options.deadlineMs ?? 45_000,
    attempts: options.attempts ?? 3,
    backoffMs: options.backoffMs ?? 200,
    maxRetryAfterMs: options.maxRetryAfterMs ?? 10_000,
    maxConcurrent: options.maxConcurrent ?? 64,
    maxQueued: options.maxQueued ?? 1_000,
    breaker:
      breaker === false ? null : { failures: breaker.failures ?? 10, openForMs: breaker.openForMs ?? 10_000 },
    ca: typeof ca === 'string' ? [ca] : ca,
  };
}
