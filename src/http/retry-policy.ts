import { randomInt } from 'node:crypto';
import { setMaxListeners } from 'node:events';

import type { AttemptFailure, AttemptResponse } from './http-attempt.js';
import type { HttpMethod } from './http.types.js';

/** Statuses after which the same request may get another response. */
const TRANSIENT_STATUSES: ReadonlySet<number> = new Set([408, 429, 500, 502, 503, 504]);

/** Longest pause that we choose ourselves, in milliseconds. */
const MAX_BACKOFF_MS = 5_000;

/**
 * Whether an attempt may be repeated. Nothing that may charge twice is: POST and PUT only when the request provably
 * never left (protocol §8.4).
 */
export function mayRepeat(method: HttpMethod, result: AttemptResponse | AttemptFailure): boolean {
  const repeatable = method === 'GET' || method === 'DELETE';
  if ('status' in result) return repeatable && TRANSIENT_STATUSES.has(result.status);
  // A certificate stays wrong, a large response stays large, an interceptor does what it did, and who aborted wants
  // no further attempt.
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

/** Why a call must end whatever its attempts say. */
export type CallEnd = 'aborted' | 'deadline';

/**
 * The deadline of one call, its caller's signal and the application's shutdown, for everything that waits. Measured by
 * the monotonic clock: when the system's is set back, a call that was given up must not be sent after all.
 */
export class CallClock {
  readonly #deadlineAt: number;

  constructor(
    deadlineMs: number,
    private readonly signal: AbortSignal | undefined,
    private readonly closing: AbortSignal,
  ) {
    this.#deadlineAt = performance.now() + deadlineMs;
    // Hundreds of calls may listen to one signal: that is no leak to warn of.
    if (signal) setMaxListeners(0, signal);
  }

  /** Milliseconds until the deadline; may be negative. */
  get remainingMs(): number {
    return this.#deadlineAt - performance.now();
  }

  /** Why the call must end now; null while it may go on. */
  get ended(): CallEnd | null {
    if (this.closing.aborted || this.signal?.aborted) return 'aborted';
    return this.remainingMs <= 0 ? 'deadline' : null;
  }

  /** Waits, at most until the call ends. */
  async pause(ms: number): Promise<void> {
    await this.race(new Promise<never>(() => undefined), ms);
  }

  /** The promise's value, or why the call ended before; `null` when `ms` is given and over. */
  race<T>(running: Promise<T>, ms: number = this.remainingMs): Promise<T | CallEnd | null> {
    return new Promise((resolve, reject) => {
      const stop = (): void => {
        clearTimeout(timer);
        this.signal?.removeEventListener('abort', onEnd);
        this.closing.removeEventListener('abort', onEnd);
      };
      const onEnd = (): void => {
        stop();
        resolve(this.ended);
      };
      // Kept referenced: somebody waits for this call, and nothing else may keep the process alive meanwhile.
      const timer = setTimeout(onEnd, Math.max(0, Math.min(ms, this.remainingMs)));
      this.signal?.addEventListener('abort', onEnd);
      this.closing.addEventListener('abort', onEnd);
      running.then(
        (value) => {
          stop();
          resolve(value);
        },
        (error: unknown) => {
          stop();
          reject(error instanceof Error ? error : new Error('rejected'));
        },
      );
    });
  }

  /** Notifies the running attempt when the caller gives up; returns how to unsubscribe. */
  onAbort(listener: () => void): () => void {
    const { signal } = this;
    if (!signal) return () => undefined;
    signal.addEventListener('abort', listener, { once: true });
    return () => signal.removeEventListener('abort', listener);
  }
}
