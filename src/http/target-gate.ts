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

import { type AttemptAnswer, AttemptFailure } from './http-attempt.js';
import type { HttpSettings } from '../settings/maestrano-settings.js';

/** The gate let nothing through, and nothing was sent. */
export type GateRefusal = 'circuitOpen' | 'busy';

/** What came of an attempt; failures are values here, so that the breaker sees every kind of them. */
export type AttemptResult = AttemptAnswer | AttemptFailure | GateRefusal;

/**
 * The breaker and the concurrency cap of one service of one marketplace, so that a slow or failing marketplace
 * takes nothing from another.
 */
export class TargetGate {
  readonly #capacity: number;
  readonly #queueCapacity: number;
  readonly #bulkhead: BulkheadPolicy;
  readonly #breaker: CircuitBreakerPolicy | null;
  #failuresInARow = 0;
  /** When the gate was last used; milliseconds of the epoch. */
  usedAt = Date.now();

  constructor(settings: HttpSettings) {
    this.#capacity = settings.maxConcurrent;
    this.#queueCapacity = settings.maxQueued;
    this.#bulkhead = bulkhead(settings.maxConcurrent, settings.maxQueued);
    this.#breaker =
      settings.breaker &&
      circuitBreaker(
        handleWhenResult((result) => countsAgainstServer(result as AttemptResult)),
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

  /** Whether nothing would be lost with the gate. */
  get isIdle(): boolean {
    return this.active === 0 && this.queued === 0 && this.state === 'closed' && this.#failuresInARow === 0;
  }

  /** Runs the attempt when the breaker lets it and a place is free. Never rejects. */
  async run(attempt: () => Promise<AttemptAnswer | AttemptFailure>): Promise<AttemptResult> {
    this.usedAt = Date.now();
    try {
      return await this.#bulkhead.execute(() => this.#throughBreaker(attempt));
    } catch (error) {
      if (error instanceof BulkheadRejectedError) return 'busy';
      if (error instanceof BrokenCircuitError) return 'circuitOpen';
      throw error;
    }
  }

  async #throughBreaker(attempt: () => Promise<AttemptAnswer | AttemptFailure>): Promise<AttemptResult> {
    if (!this.#breaker) return attempt();
    // While one call tries whether the server is back, the others fail at once instead of waiting for it.
    if (this.#breaker.state === CircuitState.HalfOpen) return 'circuitOpen';
    const result = await this.#breaker.execute(attempt);
    this.#failuresInARow = countsAgainstServer(result) ? this.#failuresInARow + 1 : 0;
    return result;
  }
}

/** No answer, or an answer that says the server is in trouble. An attempt that the caller ended says nothing. */
function countsAgainstServer(result: AttemptResult): boolean {
  if (typeof result === 'string') return false;
  if (result instanceof AttemptFailure)
    return result.kind !== 'aborted' && result.kind !== 'responseTooLarge';
  return result.status >= 500;
}
