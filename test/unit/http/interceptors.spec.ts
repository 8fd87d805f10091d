import { createServer } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { inspect } from 'node:util';

import { describe, expect, it } from '@jest/globals';
import { Test } from '@nestjs/testing';
import axiosItself, { AxiosError, type AxiosInstance, type AxiosResponse } from 'axios';

import { AccountService } from '../../../src/account/account.service.js';
import { MaestranoHttpError } from '../../../src/errors/http.error.js';
import { HttpConfigurationFetcher } from '../../../src/http/http-configuration-fetcher.service.js';
import type { HttpOptions } from '../../../src/interfaces/http-options.interface.js';
import { MaestranoModule } from '../../../src/maestrano.module.js';
import { MarketplaceRegistry } from '../../../src/marketplace/marketplace-registry.js';
import { normaliseMarketplaces } from '../../../src/marketplace/marketplace-normaliser.js';
import { Secret } from '../../../src/utils/secret.js';
import { marketplaceInput } from '../../support/marketplaces.js';
import { errorOf } from '../../support/error-of.js';
import { httpClient } from '../../support/http-client.js';
import {
  BASIC,
  call,
  forever,
  httpBench,
  onRequest,
  onResponse,
  PASSWORD,
  type RequestInterceptor,
  target,
  throwing,
} from './calls.js';
import { hang, reply, reset, script } from './scripted-server.js';

const bench = httpBench();

describe('interceptors of http.configure', () => {
  it('see the request as it is sent, and the response as it came', async () => {
    const seen: unknown[] = [];
    bench.server.respond = reply(404, '{"a":1}', { 'X-Request-Id': 'r-1' });
    const http = httpClient({
      configure: (axios, marketplace) => {
        axios.interceptors.request.use((config) => {
          const { method, baseURL, url, data } = config;
          seen.push({ marketplace, method, baseURL, url, data, type: config.headers.get('Content-Type') });
          return config;
        });
        axios.interceptors.response.use((response) => {
          const { status, data, headers, config } = response;
          seen.push({ status, data, id: headers['x-request-id'], url: config.url });
          return response;
        });
      },
    });
    const base = `${bench.server.url}/gateway`;
    await http.request(target(base), call({ method: 'POST', path: '/bills?x=1', body: { a: 'é' } }));
    expect(seen).toEqual([
      {
        marketplace: 'acme',
        method: 'post',
        baseURL: base,
        url: '/bills?x=1',
        data: '{"a":"é"}',
        type: 'application/json',
      },
      { status: 404, data: '{"a":1}', id: 'r-1', url: '/bills?x=1' },
    ]);
    expect(bench.server.seen[0]).toMatchObject({
      method: 'POST',
      url: '/gateway/bills?x=1',
      body: '{"a":"é"}',
    });
  });

  it('may add headers, by axios defaults too, and set those that the call has', async () => {
    const http = httpClient({
      configure: (axios) => {
        axios.defaults.headers.common['X-App'] = 'timesheets';
        axios.interceptors.request.use((config) => {
          config.headers.set('X-Trace', 'trace-1');
          config.headers.accept = 'application/problem+json';
          return { ...config };
        });
      },
    });
    await http.request(target(bench.server.url), call());
    expect(bench.server.seen[0]?.headers).toMatchObject({
      'x-app': 'timesheets',
      'x-trace': 'trace-1',
      accept: 'application/problem+json',
      'accept-encoding': 'identity',
      authorization: `Basic ${BASIC}`,
    });
  });

  it('run for every attempt', async () => {
    let times = 0;
    bench.server.respond = script(reply(503), reply(200));
    const http = httpClient(onRequest((config) => (config.headers.set('x-time', String(++times)), config)));
    expect(await http.request(target(bench.server.url), call())).toMatchObject({ status: 200, attempts: 2 });
    expect(bench.server.seen.map(({ headers }) => headers['x-time'])).toEqual(['1', '2']);
  });

  it('do not change what the call gets by what they return', async () => {
    bench.server.respond = reply(200, '{"a":1}');
    for (const interceptor of [
      (response: AxiosResponse) => response.data as unknown,
      () => undefined,
      (response: AxiosResponse) => Object.assign(response, { status: 500, data: 'x' }),
    ]) {
      const response = await httpClient(onResponse(interceptor)).request(target(bench.server.url), call());
      expect(response).toMatchObject({ status: 200, json: { a: 1 }, attempts: 1 });
    }
  });

  it('are shown what brought no response, and can neither hide nor replace it', async () => {
    const seen: unknown[] = [];
    const handlers: ((error: unknown) => unknown)[] = [
      (error) => Promise.reject(error as Error),
      throwing,
      () => ({ status: 200, data: '{}', headers: {} }),
      forever,
    ];
    bench.server.respond = reset;
    for (const handler of handlers) {
      const http = httpClient({
        attempts: 2,
        configure: (axios) =>
          void axios.interceptors.response.use(undefined, (error: AxiosError) => {
            seen.push(error.config?.url, axiosItself.isAxiosError(error), typeof error.code);
            return handler(error);
          }),
      });
      const error = await errorOf(http.request(target(bench.server.url), call()), MaestranoHttpError);
      expect(error).toMatchObject({ code: 'http.connection', sent: 'maybe', attempts: 2 });
    }
    expect(new Set(seen)).toEqual(new Set(['/api/v1/ping', true, 'string']));
  });

  describe('of one marketplace', () => {
    it('never touch another, also of the same host and at the same time', async () => {
      bench.server.respond = (request, response) =>
        setTimeout(() => response.end('{}'), request.url.length % 3);
      const http = httpClient({
        configure: (axios, marketplace) => {
          if (marketplace === 'a') {
            axios.defaults.headers.common['X-Default'] = 'of a';
            axios.interceptors.request.use((config) => (config.headers.set('X-Of', 'a'), config));
          }
        },
      });
      const [a, b] = [target(bench.server.url, 'a'), target(bench.server.url, 'b')];
      await Promise.all(
        Array.from({ length: 40 }, (_, n) =>
          http.request(n % 2 ? a : b, call({ path: `/${n % 2 ? 'a' : 'b'}/${n}` })),
        ),
      );
      const leaked = bench.server.seen.filter(
        ({ url, headers }) =>
          url.startsWith('/b/') && (headers['x-of'] ?? headers['x-default']) !== undefined,
      );
      const missing = bench.server.seen.filter(
        ({ url, headers }) => url.startsWith('/a/') && headers['x-of'] !== 'a',
      );
      expect(bench.server.seen).toHaveLength(40);
      expect(leaked).toEqual([]);
      expect(missing).toEqual([]);
    });

    it('end with its snapshot: a refreshed one has an instance of its own', async () => {
      const instances: AxiosInstance[] = [];
      const http = httpClient({
        configure: (axios) => {
          const generation = String(instances.push(axios));
          axios.interceptors.request.use(
            (config) => (config.headers.set('x-generation', generation), config),
          );
        },
      });
      const before = target(bench.server.url);
      const after = target(bench.server.url);
      const other = { ...before, service: 'connec' as const };
      for (const one of [before, before, other, after, before, after]) await http.request(one, call());
      expect(bench.server.seen.map(({ headers }) => headers['x-generation'])).toEqual([
        '1',
        '1',
        '1',
        '2',
        '1',
        '2',
      ]);
      expect(instances).toHaveLength(2);
    });

    it('are made with its first call, and called developer-platform for the configuration', async () => {
      const names: string[] = [];
      const seen: unknown[] = [];
      bench.server.respond = reply(200, `{"key":"${PASSWORD}"}`);
      const http = httpClient({
        configure: (axios, marketplace) => {
          names.push(marketplace);
          axios.interceptors.response.use((response) => (seen.push(response), response));
        },
      });
      const fetcher = new HttpConfigurationFetcher(http);
      expect(names).toEqual([]);
      for (let time = 0; time < 2; time += 1) {
        const response = await fetcher.fetch({
          origin: bench.server.url,
          path: '/api/config/v1/marketplaces',
          user: 'app-1',
          password: new Secret(PASSWORD),
          headers: {},
          maxResponseBytes: 1_000,
          signal: new AbortController().signal,
        });
        expect(response.text).toContain(PASSWORD);
      }
      expect(names).toEqual(['developer-platform']);
      expect(seen).toHaveLength(2);
      // The keys of all marketplaces are in that response.
      expect(inspect(seen, { depth: 10, showHidden: true })).not.toContain(PASSWORD);
    });
  });

  describe('that print what they have', () => {
    const print = (value: unknown): string =>
      [
        inspect(value, { depth: 12, showHidden: true }),
        value instanceof Error ? `${String(value)} ${value.stack}` : '',
        JSON.stringify(value) ?? '',
      ].join('\n');

    it('never print a key, a Basic header or a session token', async () => {
      const printed: string[] = [];
      const keep = <T>(value: T): T => (printed.push(print(value)), value);
      const fail = (error: unknown): never => {
        keep(error);
        throw error;
      };
      const configure = (axios: AxiosInstance): void => {
        keep(axios.defaults);
        axios.interceptors.request.use(keep, fail);
        axios.interceptors.response.use(keep, fail);
      };
      const request = call({ method: 'POST', path: '/x', secretQuery: 'session=tok-secret', body: {} });
      for (const response of [reply(200, '{}'), reply(401), reset, hang]) {
        bench.server.respond = response;
        await httpClient({ configure, timeoutMs: 50 })
          .request(target(bench.server.url), request)
          .catch((error: unknown) => keep(error));
      }
      await httpClient({ configure })
        .request(target('http://127.0.0.1:1'), request)
        .catch((error: unknown) => keep(error));
      const all = printed.join('\n');
      expect(printed.length).toBeGreaterThan(15);
      expect(all).not.toContain(PASSWORD);
      expect(all).not.toContain(BASIC);
      expect(all).not.toContain('tok-secret');
      expect(bench.server.seen[0]).toMatchObject({
        url: '/x?session=tok-secret',
        headers: { authorization: `Basic ${BASIC}` },
      });
    });

    it('nor does what they throw, an error with the config in it included', async () => {
      const interceptor: RequestInterceptor = (config) => {
        throw new AxiosError(`of ${config.url}`, 'ERR_BAD_REQUEST', config);
      };
      const error = await errorOf(
        httpClient(onRequest(interceptor)).request(target(bench.server.url), call()),
        MaestranoHttpError,
      );
      expect(error).toMatchObject({ code: 'http.interceptor', sent: 'no' });
      for (const text of [print(error), bench.logged.join('\n')]) {
        expect(text).not.toContain(PASSWORD);
        expect(text).not.toContain(BASIC);
        expect(text).not.toContain('/api/v1/ping');
      }
    });
  });

  it('serve the marketplaces of an application apart, and after a refresh that changes a key', async () => {
    const seen: { marketplace: string; printed: string }[] = [];
    const configure: HttpOptions['configure'] = (axios, marketplace) => {
      axios.interceptors.request.use((config) => {
        if (marketplace === 'a') config.headers.set('x-of', 'a');
        seen.push({ marketplace, printed: inspect(config, { depth: 8, showHidden: true }) });
        return config;
      });
    };
    const marketplaces = (key: string) => [
      marketplaceInput('a', { api: { key, host: bench.server.url } }),
      marketplaceInput('b', { api: { host: bench.server.url } }),
    ];
    bench.server.respond = reply(200, '{"success":true,"errors":{},"data":[]}');
    const module = await Test.createTestingModule({
      imports: [MaestranoModule.forRoot({ marketplaces: marketplaces('first-key'), http: { configure } })],
    }).compile();
    try {
      await module.init();
      const account = module.get(AccountService);
      const registry = module.get(MarketplaceRegistry);
      await Promise.all(['a', 'b', 'a', 'b'].map((name) => account.ping(name)));
      const { marketplaces: refreshed } = normaliseMarketplaces(marketplaces('second-key'));
      registry.replace(refreshed);
      await Promise.all(['a', 'b', 'a', 'b'].map((name) => account.ping(name)));
    } finally {
      await module.close();
    }
    const basic = (name: string, key: string) =>
      `Basic ${Buffer.from(`app-${name}:${key}`).toString('base64')}`;
    const ofA = bench.server.seen.filter(({ headers }) => headers['x-of'] === 'a');
    const ofB = bench.server.seen.filter(({ headers }) => headers['x-of'] === undefined);
    expect(new Set(ofA.map(({ headers }) => headers.authorization))).toEqual(
      new Set([basic('a', 'first-key'), basic('a', 'second-key')]),
    );
    expect(new Set(ofB.map(({ headers }) => headers.authorization))).toEqual(
      new Set([basic('b', 'key-of-b')]),
    );
    expect(ofA).toHaveLength(4);
    expect(ofB).toHaveLength(4);
    expect(seen.filter(({ marketplace }) => marketplace === 'b')).toHaveLength(4);
    for (const secret of ['first-key', 'second-key', 'key-of-b', basic('a', 'second-key')]) {
      expect(seen.map(({ printed }) => printed).join()).not.toContain(secret);
    }
  });

  it('choose a proxy, which sees a tunnel and no credentials of the marketplace', async () => {
    const tunnels: unknown[] = [];
    const proxy = createServer().on('connect', (request, socket, head) => {
      tunnels.push({ to: request.url, as: request.headers['proxy-authorization'], also: request.headers });
      const upstream = connect(Number(request.url?.split(':')[1]), '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n');
        upstream.write(head);
        upstream.pipe(socket).pipe(upstream);
      });
      upstream.on('error', () => undefined);
      socket.on('error', () => undefined);
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    const { port } = proxy.address() as AddressInfo;
    const http = httpClient({
      configure: (axios) =>
        void (axios.defaults.proxy = { host: '127.0.0.1', port, auth: { username: 'me', password: 'pass' } }),
    });
    const acme = target(bench.server.url);
    for (let time = 0; time < 5; time += 1) {
      expect(await http.request(acme, call())).toMatchObject({ status: 200 });
    }
    await http.onApplicationShutdown();
    await new Promise((resolve) => proxy.close(resolve));
    // Connections through it are kept.
    expect(tunnels.length).toBeLessThan(5);
    expect(tunnels[0]).toMatchObject({
      to: bench.server.url.slice('http://'.length),
      as: `Basic ${Buffer.from('me:pass').toString('base64')}`,
    });
    expect(JSON.stringify(tunnels)).not.toContain(BASIC);
    expect(bench.server.seen).toHaveLength(5);
    expect(bench.server.seen[0]?.headers.authorization).toBe(`Basic ${BASIC}`);
  });
});
