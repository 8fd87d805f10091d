import type { HttpOptions } from '../interfaces/http-options.interface.js';
import { numberOption } from '../utils/number-option.js';

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

/** @throws ConfigurationError (`configuration.options`) for a number that makes no sense. */
export function resolveHttpSettings(options: HttpOptions = {}): HttpSettings {
  const { breaker = {}, ca } = options;
  const number = (
    name: Exclude<keyof HttpOptions, 'breaker' | 'ca' | 'onAttempt' | 'onOutcome'>,
    byDefault: number,
    least = 1,
  ) => numberOption(`http.${name}`, options[name], byDefault, least);
  return {
    timeoutMs: number('timeoutMs', 15_000),
    deadlineMs: number('deadlineMs', 45_000),
    attempts: number('attempts', 3),
    backoffMs: number('backoffMs', 200),
    maxRetryAfterMs: number('maxRetryAfterMs', 10_000, 0),
    maxConcurrent: number('maxConcurrent', 64),
    maxQueued: number('maxQueued', 1_000, 0),
    breaker:
      breaker === false
        ? null
        : {
            failures: numberOption('http.breaker.failures', breaker.failures, 10),
            openForMs: numberOption('http.breaker.openForMs', breaker.openForMs, 10_000),
          },
    ca: typeof ca === 'string' ? [ca] : ca,
  };
}
