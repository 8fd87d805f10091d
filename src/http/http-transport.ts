import { rootCertificates } from 'node:tls';

import { HttpService } from '@nestjs/axios';
import { Axios, type AxiosAdapter, AxiosHeaders, type AxiosInstance } from 'axios';
import { Agent } from 'undici';

import { type AttemptAnswer, AttemptFailure, type HttpAttemptExchange } from './http-attempt.js';
import type { HttpMethod } from './http.types.js';

/** One attempt, ready for the wire. */
export interface WireRequest {
  readonly origin: string;
  readonly path: string;
  readonly method: HttpMethod;
  readonly headers: Record<string, string>;
  readonly body: string | null;
}

/** The headers that axios sees of every answer; the real ones are in its data. */
const NO_HEADERS = new AxiosHeaders();

/**
 * What travels through axios, as its `data`. Method, path and headers stay outside its configuration: no AxiosError,
 * interceptor or log of one can show credentials that it never had. A class instance is not merged or copied.
 */
class WireCall {
  constructor(
    readonly request: WireRequest,
    readonly exchange: HttpAttemptExchange,
  ) {}
}

/**
 * The wire: axios as `@nestjs/axios` gives it, over an adapter that uses undici (several times the requests per CPU
 * second of axios' own). One undici agent opens a pool per origin when it is needed and closes it with its last
 * connection. Certificates are always verified, redirects are handed on, compression is not asked for, proxies of
 * the environment are not used.
 */
export class HttpTransport {
  readonly #agent: Agent;
  readonly #http: HttpService;

  constructor(ca: readonly string[] | null) {
    this.#agent = new Agent({
      pipelining: 1,
      headersTimeout: 0,
      bodyTimeout: 0,
      connect: { rejectUnauthorized: true, ...(ca && { ca: [...rootCertificates, ...ca] }) },
    });
    // The bare class: the defaults of `axios.create` are merged anew for every request, and cost more than the wire.
    const bare = new Axios({ adapter: this.#adapter });
    this.#http = new HttpService(bare as AxiosInstance);
  }

  /** @throws AttemptFailure */
  async send(request: WireRequest, exchange: HttpAttemptExchange): Promise<AttemptAnswer> {
    try {
      const data = new WireCall(request, exchange);
      const response = await this.#http.axiosRef.request<AttemptAnswer>({ data });
      return response.data;
    } catch (error) {
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
    const { request, exchange } = config.data as WireCall;
    this.#agent.dispatch(request, exchange);
    const data = await exchange.answer;
    return { status: data.status, statusText: '', headers: NO_HEADERS, data, config };
  };
}
