import { randomInt } from 'node:crypto';

import type { AttemptAnswer, AttemptFailure } from './http-attempt.js';
import type { HttpMethod } from './http.types.js';

/** Statuses after which the same question may get another answer. */
const TRANSIENT_STATUSES: ReadonlySet<number> = new Set([408, 429, 500, 502, 503, 504]);

/** Longest pause that we choose ourselves, in milliseconds. */
const MAX_BACKOFF_MS = 5_000;

/**
 * Whether an attempt may be repeated. Nothing that may charge twice is: POST and PUT only when the request provably
 * never left (protocol §8.4).
 */
export function mayRepeat(method: HttpMethod, result: AttemptAnswer | AttemptFailure): boolean {
  const repeatable = method === 'GET' || method === 'DELETE';
  if ('status' in result) return repeatable && TRANSIENT_STATUSES.has(result.status);
  // A certificate stays wrong, a large answer stays large, and who aborted wants no further attempt.
  if (result.kind !== 'connection' && result.kind !== 'timeout') return false;
  return repeatable || result.sent === 'no';
}

/** The pause that a Retry-After header asks for (seconds or a date), in milliseconds; null without one. */
export function retryAfterMs(header: string | undefined, now: number): number | null {
  const value = header?.trim();
  if (!value) return null;
  if (/^\d{1,9}(\.\d+)?$/.test(value)) return Math.ceil(Number(value) * 1000);
  const date = Date.parse(value);
  return Number.isNaN(date) ? null : Math.max(0, date - now);
}

/** Half of an exponentially growing pause, plus a random part of the other half, in milliseconds. */
export function backoffMs(base: number, attempt: number): number {
  const full = Math.min(MAX_BACKOFF_MS, base * 2 ** (attempt - 1));
  const half = Math.ceil(full / 2);
  return half + randomInt(half + 1);
}
