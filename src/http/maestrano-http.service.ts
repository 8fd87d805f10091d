import { setMaxListeners } from 'node:events';

import {
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
  Optional,
} from '@nestjs/common';

import type { RequestSent } from '../errors/http.error.js';
import type { HttpHooks } from '../interfaces/http-options.interface.js';
import type { HttpSettings } from '../settings/maestrano-settings.js';
import { HTTP_SETTINGS } from '../settings/settings.providers.js';
import { ShutdownClock } from '../settings/shutdown-clock.service.js';
import { AttemptFailure, type AttemptResponse, HttpAttempt } from './http-attempt.js';
import { toHttpError } from './http-failures.js';
import type { AttemptResult, HttpLimiters, HttpTargetHealth } from './http-limiter.js';
import {
  parseJsonBody,
  requestIdOf,
  withoutCredentials,
  toVisibleRequest,
  type VisibleRequest,
} from './http-messages.js';
import { HttpObservers } from './http-observers.js';
import type { HttpTransport } from './http-transport.js';
import {
  DEFAULT_MAX_RESPONSE_BYTES,
  type HttpResponse,
  type HttpCall,
  type HttpTarget,
} from './http.types.js';
import { backoffMs, CallClock, mayRepeat, retryAfterMs } from './retry-policy.js';

/** Milliseconds that running calls are given at shutdown. */
const SHUTDOWN_GRACE_MS = 5_000;

/**
 * Every call that leaves this package: to the Account API, to Connec!, to the session check, to the developer
 * platform (protocol §0.2 rows a to d). Shared by all marketplaces; what varies is the target and the call.
 *
 * - Never leaves the target's origin, follows no redirect, always verifies certificates.
 * - Repeats GET and DELETE after a failure, POST and PUT only when nothing was sent; one deadline over everything.
 * - One circuit breaker and one concurrency cap for each marketplace and service.
 */
@Injectable()
export class MaestranoHttp implements OnApplicationBootstrap, OnApplicationShutdown {
  readonly #observers: HttpObservers;
  readonly #logger = new Logger(MaestranoHttp.name);
  readonly #closing = new AbortController();
  #loading: Promise<Client> | null = null;
  #client: Client | null = null;

  /** @param shutdown how long the shutdown may still take; some seconds without. */
  constructor(
    @Inject(HTTP_SETTINGS) private readonly settings: HttpSettings,
    @Optional() private readonly shutdown?: ShutdownClock,
  ) {
    setMaxListeners(0, this.#closing.signal);
    this.#observers = new HttpObservers(this.#logger);
    this.#observers.add(settings);
  }

  /**
   * Makes a call and hands on the response, whatever its status.
   *
   * @throws MaestranoHttpError no connection, a broken one, or a certificate that does not verify.
   * @throws MaestranoHttpError no response within the attempt's timeout or the call's deadline.
   * @throws MaestranoHttpError the caller's signal, or the application's shutdown.
   * @throws MaestranoHttpError the server failed repeatedly; nothing was sent.
   * @throws MaestranoHttpError too many calls run and wait; nothing was sent.
   * @throws MaestranoHttpError the response is larger than `maxResponseBytes`.
   * @throws MaestranoHttpError path, headers or body are not acceptable; nothing was sent.
   * @throws MaestranoHttpError an interceptor of the application threw, did not return, or changed what none may;
   *   or `http.configure` failed.
   */
  async request(target: HttpTarget, call: HttpCall): Promise<HttpResponse> {
    const request = toVisibleRequest(target, call);
    const clock = new CallClock(
      call.deadlineMs ?? this.settings.deadlineMs,
      call.signal,
      this.#closing.signal,
    );
    const allowed = call.attempts ?? this.settings.attempts;
    let sent: RequestSent = 'no';
    let last: AttemptResponse | AttemptFailure | null = null;
    for (let attempt = 1; ; attempt += 1) {
      const { ended } = clock;
      if (ended) throw toHttpError(new AttemptFailure(ended, sent), target, call, attempt - 1, sent);
      const startedAt = performance.now();
      const client = this.#client ?? (await this.#load());
      const result = await this.#attempt(client, target, call, request, clock, attempt);
      const rejected = typeof result === 'string';
      if (!rejected) sent = furthest(sent, 'status' in result ? 'yes' : result.sent);
      const pause = rejected || attempt >= allowed ? null : this.#pauseAfter(call, clock, result, attempt);
      this.#observers.outcome(target, call, attempt, startedAt, result, pause);
      if (pause !== null) {
        last = rejected ? last : result;
        await clock.pause(pause);
        continue;
      }
      // A rejection by the limiter says less than the failure before it.
      const final = rejected ? (last ?? result) : result;
      if (typeof final === 'object' && 'status' in final) return toResponse(final, attempt, target);
      throw toHttpError(final, target, call, rejected ? attempt - 1 : attempt, sent);
    }
  }

  /** Breaker and load of each target in use, for health checks. */
  health(): HttpTargetHealth[] {
    return this.#client?.limiters.health() ?? [];
  }

  /** Adds hooks beside those of the options; returns how to remove them. */
  observe(hooks: HttpHooks): () => void {
    return this.#observers.add(hooks);
  }

  /** Loads the client behind the application's back, so that the first call does not pay for it. */
  onApplicationBootstrap(): void {
    setImmediate(() => void this.#load().catch(() => undefined)).unref();
  }

  /** Ends waiting calls, gives running ones some seconds, and closes all connections. */
  async onApplicationShutdown(): Promise<void> {
    this.#closing.abort();
    const graceMs = Math.min(SHUTDOWN_GRACE_MS, this.shutdown?.remainingMs() ?? SHUTDOWN_GRACE_MS);
    await (await this.#loading)?.transport.close(graceMs);
  }

  /** One attempt through the target's limiter, waiting for a free place no longer than the call may take. */
  async #attempt(
    { transport, limiters }: Client,
    target: HttpTarget,
    call: HttpCall,
    request: VisibleRequest,
    clock: CallClock,
    attempt: number,
  ): Promise<AttemptResult> {
    let started = false;
    const run = (): Promise<AttemptResponse | AttemptFailure> => {
      const { ended } = clock;
      if (ended) return Promise.resolve(new AttemptFailure(ended, 'no'));
      started = true;
      this.#observers.attempt(target, call, attempt);
      return transport.send(target, call, request, this.#begin(call, clock));
    };
    if (call.unlimited) return run();
    const limiter = limiters.of(target);
    const mustWait = limiter.isFull;
    const running = limiter.run(run);
    if (!mustWait) return running;
    const result = await clock.race(running);
    // Once it has begun, only the attempt itself knows how far it got.
    if (started) return running;
    if (result === 'aborted' || result === 'deadline' || result === null) {
      return new AttemptFailure(result ?? 'deadline', 'no');
    }
    return result;
  }

  /** An attempt with its limits: size, time, and the signal of the caller. */
  #begin(call: HttpCall, clock: CallClock): HttpAttempt {
    const attempt = new HttpAttempt(call.maxResponseBytes ?? DEFAULT_MAX_RESPONSE_BYTES);
    const timeoutMs = call.timeoutMs ?? this.settings.timeoutMs;
    const { remainingMs } = clock;
    const timer = setTimeout(
      () => attempt.expire(remainingMs < timeoutMs ? 'deadline' : 'timeout'),
      Math.min(timeoutMs, remainingMs),
    );
    const stopListening = clock.onAbort(() => attempt.fail('aborted'));
    attempt.onEnd(() => {
      clearTimeout(timer);
      stopListening();
    });
    return attempt;
  }

  /** Milliseconds until the call may be repeated; null when it may not. */
  #pauseAfter(
    call: HttpCall,
    clock: CallClock,
    result: AttemptResponse | AttemptFailure,
    attempt: number,
  ): number | null {
    if (clock.ended || !mayRepeat(call.method, result)) return null;
    const asked = 'status' in result ? retryAfterMs(result.headers['retry-after'], Date.now()) : null;
    if (asked !== null && asked > this.settings.maxRetryAfterMs) return null;
    const pause = Math.max(asked ?? 0, backoffMs(this.settings.backoffMs, attempt));
    return pause < clock.remainingMs ? pause : null;
  }

  #load(): Promise<Client> {
    // axios, undici and cockatiel are a fifth of the start-up of an application: they are loaded with the first call.
    this.#loading ??= Promise.all([import('./http-transport.js'), import('./http-limiter.js')]).then(
      ([{ HttpTransport: Transport }, { HttpLimiters: Limiters }]) => {
        this.#client = {
          transport: new Transport(this.settings, this.#logger),
          limiters: new Limiters(this.settings),
        };
        return this.#client;
      },
    );
    return this.#loading;
  }
}

/** What the first call needs. */
interface Client {
  readonly transport: HttpTransport;
  readonly limiters: HttpLimiters;
}

function furthest(a: RequestSent, b: RequestSent): RequestSent {
  if (a === 'yes' || b === 'yes') return 'yes';
  return a === 'maybe' || b === 'maybe' ? 'maybe' : 'no';
}

function toResponse(response: AttemptResponse, attempts: number, target: HttpTarget): HttpResponse {
  const { status, headers } = response;
  const text = status >= 400 ? withoutCredentials(response.text, target) : response.text;
  return { status, headers, json: parseJsonBody(text), text, attempts, requestId: requestIdOf(headers) };
}
