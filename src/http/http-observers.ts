import type { LoggerService } from '@nestjs/common';

import type { HttpAttempt, HttpHooks, HttpOutcome } from '../interfaces/http-options.interface.js';
import { AttemptFailure } from './http-attempt.js';
import { failureCode } from './http-failures.js';
import type { HttpCall, HttpTarget } from './http.types.js';
import type { AttemptResult } from './http-limiter.js';
import { requestIdOf } from './http-messages.js';

/** Calls the hooks with attempts and outcomes; a hook that throws disturbs no call. */
export class HttpObservers {
  readonly #hooks = new Set<HttpHooks>();
  #complained = false;

  constructor(private readonly logger: Pick<LoggerService, 'warn'>) {}

  /** Returns how to remove the hooks again. */
  add(hooks: HttpHooks): () => void {
    this.#hooks.add(hooks);
    return () => this.#hooks.delete(hooks);
  }

  attempt(target: HttpTarget, call: HttpCall, attempt: number): void {
    if (this.#hooks.size === 0) return;
    const event: HttpAttempt = {
      target: target.name,
      service: target.service,
      method: call.method,
      operation: call.operation,
      attempt,
    };
    for (const hooks of this.#hooks) {
      try {
        hooks.onAttempt?.(event);
      } catch (error) {
        this.#complain(error);
      }
    }
  }

  outcome(
    target: HttpTarget,
    call: HttpCall,
    attempt: number,
    startedAt: number,
    result: AttemptResult,
    retryInMs: number | null,
  ): void {
    if (this.#hooks.size === 0) return;
    const failed = typeof result === 'string' || result instanceof AttemptFailure;
    const response =
      typeof result === 'string' ? null : result instanceof AttemptFailure ? result.response : result;
    const event: HttpOutcome = {
      target: target.name,
      service: target.service,
      method: call.method,
      operation: call.operation,
      attempt,
      status: response?.status ?? null,
      errorCode: failed ? failureCode(result) : null,
      durationMs: performance.now() - startedAt,
      requestId: response && requestIdOf(response.headers),
      retryInMs,
    };
    for (const hooks of this.#hooks) {
      try {
        hooks.onOutcome?.(event);
      } catch (error) {
        this.#complain(error);
      }
    }
  }

  #complain(error: unknown): void {
    if (this.#complained) return;
    this.#complained = true;
    this.logger.warn(
      `An http hook threw ${error instanceof Error ? error.name : 'something'}; it is ignored.`,
    );
  }
}
