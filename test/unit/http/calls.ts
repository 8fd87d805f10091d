import type { AxiosResponse, InternalAxiosRequestConfig } from 'axios';

import type { HttpCall, HttpTarget } from '../../../src/http/http.types.js';
import { MaestranoHttp } from '../../../src/http/maestrano-http.service.js';
import type { HttpOptions } from '../../../src/interfaces/http-options.interface.js';
import { Secret } from '../../../src/utils/secret.js';
import { settingsOf } from '../../support/settings.js';

export const PASSWORD = 'pa55word-that-must-not-leak';
export const BASIC = Buffer.from(`app-1:${PASSWORD}`).toString('base64');

const open: MaestranoHttp[] = [];

/** A client that hardly pauses between attempts. */
export function client(options: HttpOptions = {}): MaestranoHttp {
  const http = new MaestranoHttp(settingsOf({ http: { backoffMs: 1, ...options } }).http);
  open.push(http);
  return http;
}

/** Closes the clients of a test. */
export async function closeClients(): Promise<void> {
  await Promise.all(open.splice(0).map((http) => http.onApplicationShutdown()));
}

/** The Account API of a marketplace; one without an owner of its own is that of a fresh snapshot. */
export function target(origin: string, name = 'acme', owner: object = {}): HttpTarget {
  const credentials = { user: 'app-1', password: new Secret(PASSWORD) };
  return { name, owner, service: 'account', origin, credentials };
}

export function call(overrides: Partial<HttpCall> = {}): HttpCall {
  return { method: 'GET', path: '/api/v1/ping', operation: 'GET ping', ...overrides };
}

/** An interceptor of requests, as applications write them. */
export type RequestInterceptor = (
  config: InternalAxiosRequestConfig,
) => InternalAxiosRequestConfig | Promise<InternalAxiosRequestConfig>;

/** Options with one interceptor of requests. */
export const onRequest = (interceptor: RequestInterceptor): HttpOptions => ({
  configure: (axios) => void axios.interceptors.request.use(interceptor),
});

/** Options with one interceptor of responses. */
export const onResponse = (interceptor: (response: AxiosResponse) => unknown): HttpOptions => ({
  configure: (axios) =>
    void axios.interceptors.response.use(interceptor as (response: AxiosResponse) => AxiosResponse),
});

/** An interceptor that throws. */
export const throwing = (): never => {
  throw new TypeError('a text that names Jane Doe');
};

/** An interceptor that does not return. */
export const forever = (): Promise<never> => new Promise(() => undefined);
