import { afterEach, beforeEach, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import type { AxiosResponse, InternalAxiosRequestConfig } from 'axios';

import type { HttpCall, HttpTarget } from '../../../src/http/http.types.js';
import type { HttpOptions } from '../../../src/interfaces/http-options.interface.js';
import { Secret } from '../../../src/utils/secret.js';
import { closeHttpClients } from '../../support/http-client.js';
import { ScriptedServer } from './scripted-server.js';

export const PASSWORD = 'pa55word-that-must-not-leak';
export const BASIC = Buffer.from(`app-1:${PASSWORD}`).toString('base64');

/** What each test of the client has: a server of its own, and the errors that were logged. */
export interface HttpBench {
  server: ScriptedServer;
  logged: string[];
}

/** Sets up {@link HttpBench} before each test of the file; closes the server and all clients after it. */
export function httpBench(): HttpBench {
  const bench: HttpBench = { server: new ScriptedServer(), logged: [] };
  beforeEach(async () => {
    bench.server = await new ScriptedServer().start();
    bench.logged = [];
    jest
      .spyOn(Logger.prototype, 'error')
      .mockImplementation((line: unknown) => void bench.logged.push(String(line)));
  });
  afterEach(async () => {
    await closeHttpClients();
    await bench.server.stop();
    jest.restoreAllMocks();
  });
  return bench;
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
