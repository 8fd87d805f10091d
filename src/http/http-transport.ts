import { rootCertificates } from 'node:tls';

import { HttpService } from '@nestjs/axios';
import { type AxiosAdapter, create, type InternalAxiosRequestConfig } from 'axios';
import { Agent } from 'undici';

import { type AttemptAnswer, AttemptFailure, type HttpAttemptExchange } from './http-attempt.js';
import type { HttpMethod } from './http.types.js';

/** One attempt, ready for the wire. */
export interface WireRequest {
  readonly origin: string;
  readonly path: string;
  readonly method: HttpMethod;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
}

/** The exchange travels through axios as a class instance, which its merging of configurations leaves alone. */
type ExchangeConfig = InternalAxiosRequestConfig & { readonly exchange: HttpAttemptExchange };

/**
 * The wire: axios as `@nestjs/axios` gives it, over an adapter that uses undici (several times the requests per CPU
 * second of axios' own). One undici agent opens a pool per origin when it is needed and closes it with its last
 * connection. Certificates are always verified, redirects are handed on, compression is not asked for, proxies of
 * the environment are not used.
 */
export class HttpTransport {
  readonly #agent: Agent;
  readonly #http: HttpService;

  constructor(ca?: readonly string[]) {
    this.#agent = new Agent({
      pipelining: 1,
      headersTimeout: 0,
      bodyTimeout: 0,
      connect: { rejectUnauthorized: true, ...(ca && { ca: [...rootCertificates, ...ca] }) },
    });
    const instance = create({
      adapter: this.#adapter,
      maxRedirects: 0,
      allowAbsoluteUrls: false,
      transformRequest: [],
      transformResponse: [],
      validateStatus: null,
    });
    instance.defaults.headers = {} as typeof instance.defaults.headers;
    this.#http = new HttpService(instance);
  }

  /** @throws AttemptFailure */
  async send(request: WireRequest, exchange: HttpAttemptExchange): Promise<AttemptAnswer> {
    try {
      const config = {
        method: request.method,
        baseURL: request.origin,
        url: request.path,
        headers: request.headers,
        data: request.body,
        exchange,
      };
      const response = await this.#http.axiosRef.request<AttemptAnswer>(config);
      return response.data;
    } catch (error) {
      // Anything but our own failure may hold the configuration with the password: none of it is handed on.
      throw error instanceof AttemptFailure ? error : new AttemptFailure('connection', 'maybe', 'ADAPTER');
    }
  }

  /** Number of origins with an open connection or a call under way. */
  get openOrigins(): number {
    return Object.keys(this.#agent.stats).length;
  }

  /** Lets running calls end, closes the rest. */
  async close(graceMs: number): Promise<void> {
    const timer = setTimeout(() => void this.#agent.destroy(), graceMs);
    timer.unref();
    await this.#agent.close().catch(() => undefined);
    clearTimeout(timer);
  }

  readonly #adapter: AxiosAdapter = async (config) => {
    const { exchange } = config as ExchangeConfig;
    this.#agent.dispatch(
      {
        origin: config.baseURL ?? '',
        path: config.url ?? '/',
        method: (config.method ?? 'get').toUpperCase() as HttpMethod,
        headers: config.headers.toJSON() as Record<string, string>,
        body: (config.data as string | null) ?? null,
      },
      exchange,
    );
    const answer = await exchange.answer;
    return { status: answer.status, statusText: '', headers: answer.headers, data: answer, config };
  };
}
