import {
  BrokenCircuitError,
  bulkhead,
  BulkheadRejectedError,
  type BulkheadPolicy,
  circuitBreaker,
  type CircuitBreakerPolicy,
  CircuitState,
  ConsecutiveBreaker,
  handleWhenResult,
} from 'cockatiel';

import type { HttpSettings } from '../settings/maestrano-settings.js';
import { AttemptFailure, type AttemptResponse } from './http-attempt.js';
import type { HttpTarget } from './http.types.js';

/** The attempt was not made, and nothing was sent. */
export type LimiterRejection = 'circuitOpen' | 'busy';

/** What came of an attempt; failures are values here, so that the breaker sees every kind of them. */
export type AttemptResult = AttemptResponse | AttemptFailure | LimiterRejection;

/** The state of one service of one marketplace, for health checks and metrics. */
export interface HttpTargetHealth {
  readonly target: string;
  readonly service: string;
  readonly breaker: 'closed' | 'open' | 'half-open';
  /** Calls under way. */
  readonly active: number;
  /** Calls that wait for a free place. */
  readonly queued: number;
}

/** Above this number, limiters that have nothing to remember are dropped. */
const IDLE_LIMITERS = 64;

/** Time after which also a limiter that remembers failures is dropped; milliseconds. */
const FORGET_AFTER_MS = 600_000;

/** The limiters in use: made with the first call, dropped when idle, without any timer. */
export class HttpLimiters {
  readonly #limiters = new Map<string, HttpLimiter>();

  constructor(private readonly settings: HttpSettings) {}

  /** The limiter of a target's service. It outlives a refresh of the marketplace: the server is the same. */
  of(target: HttpTarget): HttpLimiter {
    const key = `${target.service} ${target.name}`;
    let limiter = this.#limiters.get(key);
    if (!limiter) {
      if (this.#limiters.size >= IDLE_LIMITERS) this.#sweep();
      limiter = new HttpLimiter(this.settings);
      this.#limiters.set(key, limiter);
    }
    return limiter;
  }

  /** One entry for each limiter in use. */
  health(): HttpTargetHealth[] {
    return [...this.#limiters].map(([key, { state, active, queued }]) => {
      const [service = '', ...name] = key.split(' ');
      return { target: name.join(' '), service, breaker: state, active, queued };
    });
  }

  #sweep(): void {
    const forgetBefore = Date.now() - FORGET_AFTER_MS;
    for (const [key, limiter] of this.#limiters) {
      const forgotten = limiter.usedAt < forgetBefore && limiter.active === 0 && limiter.queued === 0;
      if (limiter.isIdle || forgotten) this.#limiters.delete(key);
    }
  }
}

/**
 * The breaker and the concurrency cap of one service of one marketplace, so that a slow or failing marketplace
 * takes nothing from another.
 */
export class HttpLimiter {
  readonly #capacity: number;
  readonly #queueCapacity: number;
  readonly #bulkhead: BulkheadPolicy;
  readonly #breaker: CircuitBreakerPolicy | null;
  #failuresInARow = 0;
  /** When it was last used; milliseconds of the epoch. */
  usedAt = Date.now();

  constructor(settings: HttpSettings) {
    this.#capacity = settings.maxConcurrent;
    this.#queueCapacity = settings.maxQueued;
    this.#bulkhead = bulkhead(settings.maxConcurrent, settings.maxQueued);
    this.#breaker =
      settings.breaker &&
      circuitBreaker(
        handleWhenResult((result) => this.#count(result as AttemptResult)),
        {
          breaker: new ConsecutiveBreaker(settings.breaker.failures),
          halfOpenAfter: settings.breaker.openForMs,
        },
      );
  }

  /** Whether a call would have to wait for a free place. */
  get isFull(): boolean {
    return this.#bulkhead.executionSlots === 0;
  }

  get active(): number {
    return this.#capacity - this.#bulkhead.executionSlots;
  }

  get queued(): number {
    return this.#queueCapacity - this.#bulkhead.queueSlots;
  }

  get state(): 'closed' | 'open' | 'half-open' {
    if (this.#breaker?.state === CircuitState.Open) return 'open';
    return this.#breaker?.state === CircuitState.HalfOpen ? 'half-open' : 'closed';
  }

  /** Whether nothing would be lost with it. */
  get isIdle(): boolean {
    return this.active === 0 && this.queued === 0 && this.state === 'closed' && this.#failuresInARow === 0;
  }

  /** Runs the attempt when the breaker lets it and a place is free. Never rejects. */
  async run(attempt: () => Promise<AttemptResponse | AttemptFailure>): Promise<AttemptResult> {
    this.usedAt = Date.now();
    try {
      return await this.#bulkhead.execute(() => this.#throughBreaker(attempt));
    } catch (error) {
      if (error instanceof BulkheadRejectedError) return 'busy';
      if (error instanceof BrokenCircuitError) return 'circuitOpen';
      throw error;
    }
  }

  #throughBreaker(attempt: () => Promise<AttemptResponse | AttemptFailure>): Promise<AttemptResult> {
    if (!this.#breaker) return attempt();
    // While one call tries whether the server is back, the others fail at once instead of waiting for it.
    if (this.#breaker.state === CircuitState.HalfOpen) return Promise.resolve('circuitOpen');
    return this.#breaker.execute(attempt);
  }

  /** Whether the breaker counts the result as a failure. */
  #count(result: AttemptResult): boolean {
    const counts = countsAgainstServer(result);
    this.#failuresInARow = counts ? this.#failuresInARow + 1 : 0;
    return counts;
  }
}

/** Failures that say nothing of the server. */
const INNOCENT: ReadonlySet<AttemptFailure['kind']> = new Set([
  'aborted',
  'responseTooLarge',
  'interceptor',
  'configure',
]);

/** No response, or one that says the server is in trouble. */
function countsAgainstServer(result: AttemptResult): boolean {
  if (typeof result === 'string') return false;
  if (result instanceof AttemptFailure) return !INNOCENT.has(result.kind);
  return result.status >= 500;
}
