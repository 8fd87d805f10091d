import { setMaxListeners } from 'node:events';

import {
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';

import type { RequestSent } from '../errors/http.error.js';
import type { HttpHooks } from '../interfaces/http-options.interface.js';
import type { HttpSettings } from '../settings/maestrano-settings.js';
import { HTTP_SETTINGS } from '../settings/settings.providers.js';
import { CallClock } from './call-clock.js';
import { type AttemptAnswer, AttemptFailure, HttpAttemptExchange } from './http-attempt.js';
import { toHttpError } from './http-failures.js';
import { HttpObservers, requestIdOf } from './http-observers.js';
import type { HttpTransport, WireRequest } from './http-transport.js';
import { DEFAULT_MAX_RESPONSE_BYTES, type HttpAnswer, type HttpCall, type HttpTarget } from './http.types.js';
import { parseJsonBody } from './json-body.js';
import { backoffMs, mayRepeat, retryAfterMs } from './retry-policy.js';
import type { AttemptResult } from './target-gate.js';
import type { HttpTargetHealth, TargetGates } from './target-gates.js';
import { toWireRequest } from './wire-request.js';

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
  readonly #closing = new AbortController();
  #loading: Promise<Client> | null = null;
  #client: Client | null = null;

  constructor(@Inject(HTTP_SETTINGS) private readonly settings: HttpSettings) {
    setMaxListeners(0, this.#closing.signal);
    this.#observers = new HttpObservers(new Logger(MaestranoHttp.name));
    this.#observers.add(settings);
  }

  /**
   * Makes a call and hands on the answer, whatever its status.
   *
   * @throws MaestranoConnectionError no connection, a broken one, or a certificate that does not verify.
   * @throws MaestranoTimeoutError no answer within the attempt's timeout or the call's deadline.
   * @throws RequestAbortedError the caller's signal, or the application's shutdown.
   * @throws CircuitOpenError the server failed repeatedly; nothing was sent.
   * @throws ConcurrencyLimitError too many calls run and wait; nothing was sent.
   * @throws ResponseTooLargeError the answer is larger than `maxResponseBytes`.
   * @throws HttpRequestError the path or the body is not acceptable; nothing was sent.
   */
  async request(target: HttpTarget, call: HttpCall): Promise<HttpAnswer> {
    const wire = toWireRequest(target, call);
    const clock = new CallClock(
      call.deadlineMs ?? this.settings.deadlineMs,
      call.signal,
      this.#closing.signal,
    );
    const allowed = call.attempts ?? this.settings.attempts;
    let sent: RequestSent = 'no';
    let last: AttemptAnswer | AttemptFailure | null = null;
    for (let attempt = 1; ; attempt += 1) {
      const { ended } = clock;
      if (ended) throw toHttpError(new AttemptFailure(ended, sent), target, call, attempt - 1, sent);
      const startedAt = performance.now();
      const result = await this.#attempt(target, call, wire, clock, attempt);
      const refused = typeof result === 'string';
      if (!refused) sent = furthest(sent, 'status' in result ? 'yes' : result.sent);
      const pause = refused || attempt >= allowed ? null : this.#pauseAfter(call, clock, result, attempt);
      this.#observers.outcome(target, call, attempt, startedAt, result, pause);
      if (pause !== null) {
        last = refused ? last : result;
        await clock.pause(pause);
        continue;
      }
      // A refusal on the way tells less than the failure before it.
      const final = refused ? (last ?? result) : result;
      if (typeof final === 'object' && 'status' in final) return toAnswer(final, attempt);
      throw toHttpError(final, target, call, refused ? attempt - 1 : attempt, sent);
    }
  }

  /** Breaker and load of each target in use, for health checks. */
  health(): HttpTargetHealth[] {
    return this.#client?.gates.health() ?? [];
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
    await (await this.#loading)?.transport.close(SHUTDOWN_GRACE_MS);
  }

  /** One attempt through the target's gate, waiting for a free place no longer than the call may take. */
  async #attempt(
    target: HttpTarget,
    call: HttpCall,
    wire: WireRequest,
    clock: CallClock,
    attempt: number,
  ): Promise<AttemptResult> {
    const { transport, gates } = this.#client ?? (await this.#load());
    const gate = gates.of(target);
    let started = false;
    const run = async (): Promise<AttemptAnswer | AttemptFailure> => {
      if (clock.ended) return new AttemptFailure(clock.ended, 'no');
      started = true;
      this.#observers.attempt(target, call, attempt);
      return this.#exchange(transport, call, wire, clock);
    };
    if (!gate.isFull) return gate.run(run);
    const running = gate.run(run);
    const result = await clock.race(running);
    // Once it has begun, only the attempt itself knows how far it got.
    if (started) return running;
    if (result === 'aborted' || result === 'deadline' || result === null) {
      return new AttemptFailure(result ?? 'deadline', 'no');
    }
    return result;
  }

  async #exchange(
    transport: HttpTransport,
    call: HttpCall,
    wire: WireRequest,
    clock: CallClock,
  ): Promise<AttemptAnswer | AttemptFailure> {
    const exchange = new HttpAttemptExchange(call.maxResponseBytes ?? DEFAULT_MAX_RESPONSE_BYTES);
    const timeoutMs = call.timeoutMs ?? this.settings.timeoutMs;
    const { remainingMs } = clock;
    const timer = setTimeout(
      () => exchange.fail(remainingMs < timeoutMs ? 'deadline' : 'timeout'),
      Math.min(timeoutMs, remainingMs),
    );
    const stopListening = clock.onAbort(() => exchange.fail('aborted'));
    try {
      return await transport.send(wire, exchange);
    } catch (error) {
      if (error instanceof AttemptFailure) return error;
      throw error;
    } finally {
      clearTimeout(timer);
      stopListening();
    }
  }

  /** Milliseconds until the call may be repeated; null when it may not. */
  #pauseAfter(
    call: HttpCall,
    clock: CallClock,
    result: AttemptAnswer | AttemptFailure,
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
    this.#loading ??= Promise.all([import('./http-transport.js'), import('./target-gates.js')]).then(
      ([{ HttpTransport: Transport }, { TargetGates: Gates }]) => {
        this.#client = { transport: new Transport(this.settings.ca), gates: new Gates(this.settings) };
        return this.#client;
      },
    );
    return this.#loading;
  }
}

/** What the first call needs. */
interface Client {
  readonly transport: HttpTransport;
  readonly gates: TargetGates;
}

function furthest(a: RequestSent, b: RequestSent): RequestSent {
  if (a === 'yes' || b === 'yes') return 'yes';
  return a === 'maybe' || b === 'maybe' ? 'maybe' : 'no';
}

function toAnswer(answer: AttemptAnswer, attempts: number): HttpAnswer {
  const { status, headers, text } = answer;
  return { status, headers, json: parseJsonBody(text), text, attempts, requestId: requestIdOf(headers) };
}
