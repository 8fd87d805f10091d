import { rootCertificates } from 'node:tls';

import type { LoggerService } from '@nestjs/common';
import type { AxiosAdapter, AxiosProxyConfig } from 'axios';
import { Agent, type Dispatcher, ProxyAgent } from 'undici';

import type { HttpSettings } from '../settings/maestrano-settings.js';
import { errorPlace } from '../utils/error-place.js';
import { AxiosInstances, rejectChanges, toAxiosError, toAxiosResponse } from './axios-instances.js';
import { AttemptFailure, type AttemptResponse, type HttpAttempt } from './http-attempt.js';
import { InterceptorError, toWireRequest, type VisibleRequest } from './http-messages.js';
import type { HttpCall, HttpTarget } from './http.types.js';

/** Most proxies that connections are kept to. */
const MAX_PROXIES = 16;

/** Every attempt has its own timer, and one connection carries one request at a time. */
const CONNECTION_OPTIONS = { pipelining: 1, headersTimeout: 0, bodyTimeout: 0 } as const;

/**
 * The wire: requests go through the interceptors of the marketplace's axios instance and then, by an adapter of ours,
 * over undici (several times the requests per CPU second of axios' own). The adapter takes origin, method, path,
 * body, credentials and limits from the call; interceptors may add headers and choose a proxy, and see no
 * credentials: those are added behind them.
 *
 * One undici agent opens a pool per origin when it is needed and closes it with its last connection. Certificates
 * are always verified, redirects are handed on, compression is not asked for, proxies of the environment are not
 * used.
 */
export class HttpTransport {
  readonly #tls: { readonly rejectUnauthorized: true; readonly ca?: string[] };
  readonly #agent: Agent;
  readonly #proxies = new Map<string, ProxyAgent>();
  readonly #instances: AxiosInstances;
  /** The attempts under way, each by the adapter that its request must leave by. */
  readonly #running = new Map<unknown, HttpAttempt>();
  /** Marketplaces whose interceptors have been complained of. */
  readonly #complained = new WeakSet<object>();

  /**
   * @param settings certificate authorities beside Node's, and what the application does with each axios instance.
   * @param logger is given what an interceptor threw.
   */
  constructor(
    { ca, configure }: Pick<HttpSettings, 'ca' | 'configure'>,
    private readonly logger: Pick<LoggerService, 'error'>,
  ) {
    this.#tls = { rejectUnauthorized: true, ...(ca && { ca: [...rootCertificates, ...ca] }) };
    this.#agent = new Agent({ ...CONNECTION_OPTIONS, connect: this.#tls });
    this.#instances = new AxiosInstances(configure, (adapter) => this.#running.has(adapter));
  }

  /** Sends the request; `attempt` holds the limits. Never rejects. */
  send(
    target: HttpTarget,
    call: HttpCall,
    request: VisibleRequest,
    attempt: HttpAttempt,
  ): Promise<AttemptResponse | AttemptFailure> {
    const adapter = this.#adapter(target, call, request, attempt);
    this.#running.set(adapter, attempt);
    attempt.onEnd(() => this.#running.delete(adapter));
    try {
      const instance = this.#instances.of(target);
      instance.request({ ...request, adapter }).then(
        () => attempt.finish(),
        (error: unknown) => this.#stopped(target, attempt, error),
      );
    } catch (error) {
      attempt.fail('configure', whatItDid(error));
      this.logger.error(`http.configure failed for "${target.name}": ${errorPlace(error)}`);
    }
    return attempt.result;
  }

  /** Number of origins with an open connection or a call under way. */
  get openOrigins(): number {
    return Object.keys(this.#agent.stats).length;
  }

  /** Lets running calls end, closes the rest. */
  async close(graceMs: number): Promise<void> {
    const dispatchers = [this.#agent, ...this.#proxies.values()];
    const timer = setTimeout(() => {
      for (const dispatcher of dispatchers) dispatcher.destroy().catch(() => undefined);
    }, graceMs);
    timer.unref();
    await Promise.all(dispatchers.map((dispatcher) => dispatcher.close().catch(() => undefined)));
    clearTimeout(timer);
    // Nothing is on the wire any more: who is left waits for an interceptor.
    for (const attempt of this.#running.values()) attempt.fail('aborted');
  }

  #adapter(target: HttpTarget, call: HttpCall, request: VisibleRequest, attempt: HttpAttempt): AxiosAdapter {
    return (config) =>
      new Promise((resolve, reject) => {
        const ended = (result: AttemptResponse | AttemptFailure): void => {
          if (result instanceof AttemptFailure) reject(toAxiosError(result, config));
          else resolve(toAxiosResponse(result, target, config));
        };
        try {
          rejectChanges(config, request);
          const wire = toWireRequest(target, call, request, config.headers);
          const dispatcher = config.proxy ? this.#proxy(config.proxy) : this.#agent;
          if (attempt.start(ended)) dispatcher.dispatch(wire, attempt);
        } catch (error) {
          attempt.fail('interceptor', whatItDid(error));
        }
        const { failure } = attempt;
        if (failure) reject(toAxiosError(failure, config));
      });
  }

  /** Connections through a proxy that the application chose by axios' own option: always by a tunnel. */
  #proxy({ protocol = 'http', host, port, auth }: AxiosProxyConfig): Dispatcher {
    const uri = `${protocol.replace(/:$/, '')}://${host}:${port}`;
    const token = auth && `Basic ${Buffer.from(`${auth.username}:${auth.password}`).toString('base64')}`;
    const key = `${uri} ${token ?? ''}`;
    let proxy = this.#proxies.get(key);
    if (!proxy) {
      if (this.#proxies.size >= MAX_PROXIES) throw new InterceptorError('it chose too many proxies');
      proxy = new ProxyAgent({
        ...CONNECTION_OPTIONS,
        uri,
        token,
        requestTls: this.#tls,
        proxyTls: this.#tls,
      });
      this.#proxies.set(key, proxy);
    }
    return proxy;
  }

  /** An error came out of axios: that of the attempt itself, or one that an interceptor threw. */
  #stopped(target: HttpTarget, attempt: HttpAttempt, error: unknown): void {
    if (attempt.failure) return;
    attempt.fail('interceptor', whatItDid(error));
    if (error instanceof InterceptorError || this.#complained.has(target.owner)) return;
    this.#complained.add(target.owner);
    this.logger.error(`An axios interceptor of "${target.name}" threw: ${errorPlace(error)}`);
  }
}

/** Without the text of an error that is not ours, which may hold what is personal. */
function whatItDid(error: unknown): string {
  if (error instanceof InterceptorError) return error.message;
  return `it threw ${error instanceof Error && /^\w{1,60}$/.test(error.name) ? error.name : 'something'}`;
}
