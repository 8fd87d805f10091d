import { Agent as HttpsAgent } from 'node:https';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { AxiosInstance } from 'axios';

import { MaestranoHttpError } from '../../../src/errors/http.error.js';
import type { HttpMethod } from '../../../src/http/http.types.js';
import type { HttpOptions, HttpOutcome } from '../../../src/interfaces/http-options.interface.js';
import { errorOf } from '../../support/error-of.js';
import { httpClient } from '../../support/http-client.js';
import {
  call,
  forever,
  httpBench,
  onRequest,
  onResponse,
  type RequestInterceptor,
  target,
  throwing,
} from './calls.js';
import { reply, ScriptedServer } from './scripted-server.js';

const METHODS: readonly HttpMethod[] = ['GET', 'DELETE', 'POST', 'PUT'];

const bench = httpBench();

describe('interceptors of http.configure', () => {
  describe('that throw', () => {
    it.each(METHODS)('before a %s is sent end it, with the proof that nothing left', async (method) => {
      const http = httpClient({ ...onRequest(throwing), breaker: { failures: 1 } });
      for (let time = 0; time < 3; time += 1) {
        const error = await errorOf(
          http.request(target(bench.server.url), call({ method })),
          MaestranoHttpError,
        );
        expect(error).toMatchObject({
          code: 'http.interceptor',
          sent: 'no',
          attempts: 1,
          marketplace: 'acme',
        });
        expect(error.message).toContain('it threw TypeError');
        expect(error.message).not.toContain('Jane');
      }
      expect(bench.server.seen).toHaveLength(0);
      expect(http.health()[0]).toMatchObject({ breaker: 'closed', active: 0 });
    });

    it.each(METHODS)('after the response to a %s end it, and it is not repeated', async (method) => {
      for (const status of [200, 503]) {
        bench.server.seen.length = 0;
        bench.server.respond = reply(status, '{}', { 'x-request-id': 'r-7' });
        const outcomes: HttpOutcome[] = [];
        const http = httpClient({ ...onResponse(throwing), onOutcome: (outcome) => outcomes.push(outcome) });
        const error = await errorOf(
          http.request(target(bench.server.url), call({ method })),
          MaestranoHttpError,
        );
        expect(error).toMatchObject({ code: 'http.interceptor', sent: 'yes', attempts: 1, requestId: 'r-7' });
        expect(outcomes).toHaveLength(1);
        expect(outcomes[0]).toMatchObject({ status, errorCode: 'http.interceptor', retryInMs: null });
        expect(bench.server.seen).toHaveLength(1);
      }
    });

    it('are named in the log once for each marketplace, by place and without their text', async () => {
      const http = httpClient(onRequest(throwing));
      const acme = target(bench.server.url);
      for (const one of [acme, acme, target(bench.server.url, 'other')])
        await errorOf(http.request(one, call()), MaestranoHttpError);
      expect(bench.logged).toHaveLength(2);
      expect(bench.logged[0]).toContain('"acme" threw: TypeError');
      expect(bench.logged[0]).toContain('calls.ts');
      expect(bench.logged.join()).not.toContain('Jane');
    });
  });

  describe('that do not return', () => {
    it('hold a request no longer than its time, and it is never sent', async () => {
      let release: () => void = () => undefined;
      const http = httpClient({
        ...onRequest((config) => new Promise((resolve) => (release = () => resolve(config)))),
        breaker: { failures: 1 },
      });
      const error = await errorOf(
        http.request(target(bench.server.url), call({ timeoutMs: 50 })),
        MaestranoHttpError,
      );
      expect(error).toMatchObject({ code: 'http.interceptor', sent: 'no', attempts: 1 });
      expect(error.message).toContain('it did not return in time');
      release();
      await new Promise((resolve) => setTimeout(resolve, 50));
      expect(bench.server.seen).toHaveLength(0);
      expect(http.health()[0]).toMatchObject({ breaker: 'closed', active: 0 });
    });

    it('hold a response no longer than the deadline', async () => {
      const http = httpClient(onResponse(forever));
      const error = await errorOf(
        http.request(target(bench.server.url), call({ method: 'POST', deadlineMs: 100, body: {} })),
        MaestranoHttpError,
      );
      expect(error).toMatchObject({ code: 'http.interceptor', sent: 'yes', attempts: 1 });
      expect(bench.server.seen).toHaveLength(1);
    });

    it('leave the call to its signal and to the shutdown', async () => {
      const http = httpClient(onRequest(forever));
      const signal = AbortSignal.timeout(30);
      const aborted = await errorOf(
        http.request(target(bench.server.url), call({ signal })),
        MaestranoHttpError,
      );
      expect(aborted).toMatchObject({ code: 'http.aborted', sent: 'no' });
      const running = errorOf(http.request(target(bench.server.url), call()), MaestranoHttpError);
      await new Promise((resolve) => setTimeout(resolve, 10));
      await http.onApplicationShutdown();
      expect(await running).toMatchObject({ code: 'http.aborted', sent: 'no' });
    });
  });

  describe('that change more than they may', () => {
    it.each<[string, RequestInterceptor]>([
      ['url', (config) => Object.assign(config, { url: `${elsewhere.url}/x` })],
      ['url', (config) => Object.assign(config, { url: '/api/v1/other' })],
      ['baseURL', (config) => Object.assign(config, { baseURL: elsewhere.url })],
      ['baseURL', (config) => Object.assign(config, { baseURL: undefined })],
      ['method', (config) => Object.assign(config, { method: 'delete' })],
      ['data', (config) => Object.assign(config, { data: '{"price":1}' })],
      ['data', (config) => Object.assign(config, { transformRequest: [() => 'x'] })],
      ['params', (config) => Object.assign(config, { params: { a: 1 } })],
      ['auth', (config) => Object.assign(config, { auth: { username: 'a', password: 'b' } })],
      ['timeout', (config) => Object.assign(config, { timeout: 60_000 })],
      ['httpsAgent', (config) => Object.assign(config, { httpsAgent: new HttpsAgent() })],
      ['another config', (config) => Object.assign(config, { adapter: 'http' })],
      ['another config', ({ url, baseURL, headers }) => ({ url, baseURL, headers })],
      ['another config', () => undefined as never],
      ['header host', withHeader('Host', 'evil.example')],
      ['header authorization', withHeader('Authorization', 'Bearer x')],
      ['header content-length', withHeader('Content-Length', '5')],
      ['header accept-encoding', withHeader('Accept-Encoding', 'gzip')],
      ['header that cannot be sent', withHeader('x odd', 'a')],
      ['header that cannot be sent', withHeader('x-euro', '€')],
    ])('end the call before it is sent: %s', async (what, interceptor) => {
      const request = call({ method: 'POST', body: { price: 2 } });
      const error = await errorOf(
        httpClient(onRequest(interceptor)).request(target(bench.server.url), request),
        MaestranoHttpError,
      );
      expect(error).toMatchObject({ code: 'http.interceptor', sent: 'no', attempts: 1 });
      expect(error.message).toContain(what);
      expect(bench.server.seen).toHaveLength(0);
      expect(elsewhere.seen).toHaveLength(0);
    });

    it('may authorize themselves where the marketplace takes no credentials', async () => {
      const http = httpClient(onRequest(withHeader('Authorization', 'Bearer x')));
      await http.request({ ...target(bench.server.url), credentials: null }, call());
      expect(bench.server.seen[0]?.headers.authorization).toBe('Bearer x');
    });

    it('cannot send a request twice', async () => {
      let instance: AxiosInstance | null = null;
      const http = httpClient({
        configure: (axios) => {
          instance = axios;
          axios.interceptors.response.use((response) => axios.request(response.config));
        },
      });
      const error = await errorOf(
        http.request(target(bench.server.url), call({ method: 'POST', body: {} })),
        MaestranoHttpError,
      );
      expect(error).toMatchObject({ code: 'http.interceptor', sent: 'yes', attempts: 1 });
      expect(bench.server.seen).toHaveLength(1);
      await expect(instance!.get(bench.server.url)).rejects.toThrow('a request of its own');
      expect(bench.server.seen).toHaveLength(1);
    });

    let elsewhere: ScriptedServer;
    beforeEach(async () => void (elsewhere = await new ScriptedServer().start()));
    afterEach(() => elsewhere.stop());

    function withHeader(name: string, value: string): RequestInterceptor {
      return (config) => (Object.assign(config.headers, { [name]: value }), config);
    }
  });

  describe('that cannot be set up', () => {
    it.each<[string, NonNullable<HttpOptions['configure']>]>([
      ['it threw TypeError', throwing],
      ['it replaced the adapter', (axios) => void (axios.defaults.adapter = 'http')],
      ['it returned a promise', (async () => Promise.reject(new Error('late'))) as () => void],
    ])('end every call that needs them: %s', async (what, broken) => {
      let works = false;
      const http = httpClient({
        configure: (axios, name) => {
          if (!works) return broken(axios, name);
          axios.interceptors.request.use((config) => (config.headers.set('x-set-up', 'yes'), config));
        },
      });
      const acme = target(bench.server.url);
      for (let time = 0; time < 2; time += 1) {
        const error = await errorOf(http.request(acme, call()), MaestranoHttpError);
        expect(error).toMatchObject({ code: 'http.configure', sent: 'no', attempts: 1 });
        expect(error.message).toContain(what);
      }
      expect(bench.server.seen).toHaveLength(0);
      works = true;
      await http.request(acme, call());
      expect(bench.server.seen[0]?.headers['x-set-up']).toBe('yes');
    });

    it('are rejected at once where they are no function', () => {
      const configure = 'axios' as unknown as NonNullable<HttpOptions['configure']>;
      expect(() => httpClient({ configure })).toThrow(
        expect.objectContaining({
          code: 'configuration.options',
          message: expect.stringContaining('http.configure'),
        }),
      );
    });
  });
});
