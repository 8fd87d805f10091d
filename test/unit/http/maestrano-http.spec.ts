import { inspect } from 'node:util';

import { describe, expect, it } from '@jest/globals';

import { MaestranoHttpError } from '../../../src/errors/http.error.js';
import type { HttpMethod, HttpTarget } from '../../../src/http/http.types.js';
import type { HttpOptions, HttpOutcome } from '../../../src/interfaces/http-options.interface.js';
import { errorOf } from '../../support/error-of.js';
import { httpClient } from '../../support/http-client.js';
import { BASIC, call, httpBench, PASSWORD, target as targetAt } from './calls.js';
import { type Responder, hang, reply, reset, script } from './scripted-server.js';

const METHODS: readonly HttpMethod[] = ['GET', 'DELETE', 'POST', 'PUT'];

const bench = httpBench();

function target(origin = bench.server.url, name = 'acme'): HttpTarget {
  return targetAt(origin, name);
}

describe('MaestranoHttp', () => {
  describe('a plain call', () => {
    it('sends credentials, agent and JSON, and hands on status, headers and body', async () => {
      bench.server.respond = reply(200, '\uFEFF {"ok":true}', {
        'X-Request-Id': 'r-1',
        'content-type': 'text/plain',
      });
      const response = await httpClient().request(target(), call({ method: 'POST', body: { a: 'é' } }));

      expect(response).toMatchObject({ status: 200, json: { ok: true }, attempts: 1, requestId: 'r-1' });
      const [seen] = bench.server.seen;
      expect(seen).toMatchObject({ method: 'POST', url: '/api/v1/ping', body: '{"a":"é"}' });
      expect(seen?.headers).toMatchObject({
        authorization: `Basic ${BASIC}`,
        'content-type': 'application/json',
        'content-length': '10',
        accept: 'application/json',
        'accept-encoding': 'identity',
      });
      expect(seen?.headers['user-agent']).toMatch(/^nestjs-maestrano\/\d+\.\d+\.\d+ node\/\d+\.\d+\.\d+$/);
    });

    it('sends neither credentials nor body where there are none', async () => {
      await httpClient().request({ ...target(), credentials: null }, call());
      expect(bench.server.seen[0]?.headers).not.toHaveProperty('authorization');
      expect(bench.server.seen[0]?.headers).not.toHaveProperty('content-type');
    });

    it("keeps a gateway's path, and the caller's own headers but for the credentials", async () => {
      await httpClient().request(
        target(`${bench.server.url}/hub`),
        call({ headers: { accept: 'application/vnd.api+json', authorization: 'Basic Zm9yZWlnbg==' } }),
      );
      expect(bench.server.seen[0]?.url).toBe('/hub/api/v1/ping');
      expect(bench.server.seen[0]?.headers.accept).toBe('application/vnd.api+json');
      expect(bench.server.seen[0]?.headers.authorization).not.toContain('Zm9yZWlnbg');
    });

    it('sends secret query parameters behind the others', async () => {
      const secretQuery = 'session=tok%201';
      await httpClient().request(target(), call({ secretQuery }));
      await httpClient().request(target(), call({ path: '/x?a=b', secretQuery }));
      expect(bench.server.seen.map(({ url }) => url)).toEqual([
        '/api/v1/ping?session=tok%201',
        '/x?a=b&session=tok%201',
      ]);
    });

    it.each([
      ['Host', 'evil.example'],
      ['transfer-encoding', 'chunked'],
      ['Accept-Encoding', 'gzip'],
      ['x-line', 'a\r\nb: c'],
      ['x odd', 'a'],
    ])('refuses the header %s: %j', async (name, value) => {
      const error = await errorOf(
        httpClient().request(target(), call({ headers: { [name]: value } })),
        MaestranoHttpError,
      );
      expect(error).toMatchObject({ code: 'http.request', sent: 'no', attempts: 0 });
      expect(bench.server.seen).toHaveLength(0);
    });

    it.each(['', '<html>down</html>', '{"a":', 'null garbage'])(
      'hands on %j as text without JSON',
      async (body) => {
        bench.server.respond = reply(400, body, { 'content-type': 'application/json' });
        expect(await httpClient().request(target(), call())).toMatchObject({
          status: 400,
          text: body,
          json: undefined,
        });
      },
    );

    it('follows no redirect', async () => {
      bench.server.respond = reply(302, '', { location: 'http://127.0.0.1:1/elsewhere' });
      const response = await httpClient().request(target(), call());
      expect(response.status).toBe(302);
      expect(bench.server.seen).toHaveLength(1);
    });

    it.each([
      'http://evil.example/',
      '//evil.example/',
      'relative',
      '/a b',
      '/a\\b',
      '/a\r\nx: y',
      '/é',
      '/a#b',
      '',
    ])('refuses the path %j', async (path) => {
      const error = await errorOf(httpClient().request(target(), call({ path })), MaestranoHttpError);
      expect(error).toMatchObject({ code: 'http.request', sent: 'no', attempts: 0 });
      expect(bench.server.seen).toHaveLength(0);
    });

    it('rejects a body that is no JSON', async () => {
      const body: Record<string, unknown> = {};
      body.self = body;
      const error = await errorOf(
        httpClient().request(target(), call({ method: 'POST', body })),
        MaestranoHttpError,
      );
      expect(error).toMatchObject({ code: 'http.request', sent: 'no' });
    });
  });

  describe('limits', () => {
    it.each([
      ['announced', reply(200, 'x'.repeat(2_000))],
      [
        'streamed',
        ((_request, response) => {
          response.writeHead(200);
          for (let i = 0; i < 20; i += 1) response.write('x'.repeat(100));
          response.end();
        }) as Responder,
      ],
    ])('stops an %s response that is too large', async (_name, response) => {
      bench.server.respond = response;
      const error = await errorOf(
        httpClient().request(target(), call({ maxResponseBytes: 1_000 })),
        MaestranoHttpError,
      );
      expect(error).toMatchObject({ code: 'http.responseTooLarge', attempts: 1, sent: 'yes' });
    });

    it('gives each attempt its timeout', async () => {
      bench.server.respond = hang;
      const error = await errorOf(
        httpClient().request(target(), call({ timeoutMs: 250, attempts: 2 })),
        MaestranoHttpError,
      );
      expect(error).toMatchObject({ code: 'http.timeout', attempts: 2, sent: 'maybe', marketplace: 'acme' });
      expect(bench.server.seen).toHaveLength(2);
    });

    it('gives all attempts one deadline', async () => {
      bench.server.respond = hang;
      const error = await errorOf(
        httpClient().request(target(), call({ timeoutMs: 100, deadlineMs: 300, attempts: 50 })),
        MaestranoHttpError,
      );
      expect(error.attempts).toBeLessThan(5);
    });

    it('also times out a body that stops half way', async () => {
      bench.server.respond = (_request, response) => {
        response.writeHead(200, { 'content-length': '100' });
        response.write('{"a"');
      };
      const error = await errorOf(
        httpClient().request(target(), call({ timeoutMs: 250, attempts: 1 })),
        MaestranoHttpError,
      );
      expect(error).toMatchObject({ code: 'http.timeout', sent: 'yes' });
    });
  });

  describe('repeating', () => {
    it.each(METHODS)('%s after transient statuses, resets and truncated responses', async (method) => {
      for (const bad of [reply(500), reply(502), reply(503), reply(429), reply(504), reset, truncated]) {
        bench.server.seen.length = 0;
        bench.server.respond = script(bad, reply(200, '{}'));
        const response = await httpClient({ breaker: false })
          .request(target(), call({ method }))
          .catch((error: unknown) => error);
        const repeated = method === 'GET' || method === 'DELETE';
        expect(bench.server.seen).toHaveLength(repeated ? 2 : 1);
        if (repeated) expect(response).toMatchObject({ status: 200, attempts: 2 });
      }
    });

    it.each([200, 301, 400, 401, 404, 409, 422, 501])('never after status %i', async (status) => {
      bench.server.respond = reply(status);
      expect((await httpClient().request(target(), call())).attempts).toBe(1);
    });

    it.each(METHODS)('%s when the connection was refused: nothing was sent', async (method) => {
      const error = await errorOf(
        httpClient().request(target('http://127.0.0.1:1'), call({ method })),
        MaestranoHttpError,
      );
      expect(error).toMatchObject({ code: 'http.connection', attempts: 3, sent: 'no' });
      expect(error.message).toContain('ECONNREFUSED');
    });

    it('says that a request may have arrived when the connection broke after it', async () => {
      bench.server.respond = reset;
      const error = await errorOf(
        httpClient().request(target(), call({ method: 'POST', body: {} })),
        MaestranoHttpError,
      );
      expect(error).toMatchObject({ code: 'http.connection', attempts: 1, sent: 'maybe' });
    });

    it('hands on the last response when attempts run out', async () => {
      bench.server.respond = reply(503, '{"x":1}');
      expect(await httpClient().request(target(), call())).toMatchObject({
        status: 503,
        attempts: 3,
        json: { x: 1 },
      });
    });

    it.each([
      ['seconds', '0'],
      ['a date', new Date(Date.now() - 1_000).toUTCString()],
    ])('honours Retry-After in %s', async (_name, value) => {
      bench.server.respond = script(reply(429, '', { 'retry-after': value }), reply(200));
      expect(await httpClient().request(target(), call())).toMatchObject({ status: 200, attempts: 2 });
    });

    it.each([
      ['longer than the cap', '3600', {}],
      ['beyond the deadline', '2', { deadlineMs: 1_000 }],
    ])('hands on the response when Retry-After is %s', async (_name, value, overrides) => {
      bench.server.respond = reply(429, '', { 'retry-after': value });
      expect(await httpClient().request(target(), call(overrides))).toMatchObject({
        status: 429,
        attempts: 1,
      });
    });
  });

  describe('aborting', () => {
    it('before the call', async () => {
      const error = await errorOf(
        httpClient().request(target(), call({ signal: AbortSignal.abort() })),
        MaestranoHttpError,
      );
      expect(error).toMatchObject({ code: 'http.aborted', sent: 'no' });
      expect(bench.server.seen).toHaveLength(0);
    });

    it('during the attempt, and during the pause', async () => {
      for (const result of [hang, reply(503)]) {
        const abort = new AbortController();
        bench.server.respond = (request, response, raw) => {
          result(request, response, raw);
          setTimeout(() => abort.abort(), 20);
        };
        const http = httpClient({ backoffMs: 5_000 });
        const error = await errorOf(
          http.request(target(), call({ signal: abort.signal })),
          MaestranoHttpError,
        );
        expect(error).toMatchObject({ code: 'http.aborted', attempts: 1 });
      }
    });

    it('ends pauses at shutdown and takes no further call', async () => {
      bench.server.respond = reply(503);
      const http = httpClient({ backoffMs: 5_000 });
      const running = errorOf(http.request(target(), call()), MaestranoHttpError);
      await new Promise((resolve) => setTimeout(resolve, 50));
      await http.onApplicationShutdown();
      expect(await running).toMatchObject({ code: 'http.aborted' });
      expect(await errorOf(http.request(target(), call()), MaestranoHttpError)).toMatchObject({
        code: 'http.aborted',
        sent: 'no',
      });
    });
  });

  describe('breaker and cap', () => {
    it('stops calls after failures in a row, tries one, and opens again', async () => {
      bench.server.respond = reply(500);
      const http = httpClient({ breaker: { failures: 2, openForMs: 60 }, attempts: 1 });
      for (let i = 0; i < 2; i += 1) await http.request(target(), call());
      const error = await errorOf(http.request(target(), call()), MaestranoHttpError);
      expect(error).toMatchObject({ code: 'http.circuitOpen', sent: 'no', attempts: 0 });
      expect(http.health()).toEqual([
        { target: 'acme', service: 'account', breaker: 'open', active: 0, queued: 0 },
      ]);
      const seen = bench.server.seen.length;

      await new Promise((resolve) => setTimeout(resolve, 80));
      bench.server.respond = reply(200, '{}');
      expect((await http.request(target(), call())).status).toBe(200);
      expect(http.health()[0]?.breaker).toBe('closed');
      expect(bench.server.seen).toHaveLength(seen + 1);
    });

    it('shows the not the breaker that it opened', async () => {
      bench.server.respond = reply(503);
      const http = httpClient({ breaker: { failures: 1 }, attempts: 3 });
      expect(await http.request(target(), call())).toMatchObject({ status: 503 });
    });

    it('does not count what the caller aborted, nor rejections', async () => {
      const http = httpClient({ breaker: { failures: 1 }, attempts: 1 });
      bench.server.respond = hang;
      for (let i = 0; i < 5; i += 1) {
        await errorOf(http.request(target(), call({ signal: AbortSignal.timeout(10) })), MaestranoHttpError);
      }
      bench.server.respond = reply(400);
      for (let i = 0; i < 5; i += 1) await http.request(target(), call());
      expect(http.health()[0]?.breaker).toBe('closed');
    });

    it('lets a number of calls through at once, keeps a number waiting and rejects the rest', async () => {
      const release: (() => void)[] = [];
      bench.server.respond = (_request, response) => void release.push(() => response.end('{}'));
      const http = httpClient({ maxConcurrent: 2, maxQueued: 1 });
      const running = [1, 2, 3].map(() => http.request(target(), call()));
      await until(() => release.length === 2);
      expect(http.health()[0]).toMatchObject({ active: 2, queued: 1 });
      const error = await errorOf(http.request(target(), call()), MaestranoHttpError);
      expect(error).toMatchObject({ code: 'http.busy', sent: 'no' });
      release.shift()?.();
      await until(() => release.length === 2);
      release.splice(0).forEach((done) => done());
      expect((await Promise.all(running)).map((response) => response.status)).toEqual([200, 200, 200]);
    });

    it('gives up waiting for a place at the deadline or when aborted, and passes the place on', async () => {
      const release: (() => void)[] = [];
      bench.server.respond = (_request, response) => void release.push(() => response.end('{}'));
      const http = httpClient({ maxConcurrent: 1, attempts: 1 });
      const first = http.request(target(), call());
      await until(() => release.length === 1);
      const late = await errorOf(http.request(target(), call({ deadlineMs: 20 })), MaestranoHttpError);
      const aborted = await errorOf(
        http.request(target(), call({ signal: AbortSignal.timeout(20) })),
        MaestranoHttpError,
      );
      expect(late.code).toBe('http.deadline');
      expect(aborted.code).toBe('http.aborted');
      expect(late.sent).toBe('no');
      expect(aborted.sent).toBe('no');
      const next = http.request(target(), call());
      release.shift()?.();
      await first;
      await until(() => release.length === 1);
      release.shift()?.();
      expect((await next).status).toBe(200);
      expect(bench.server.seen).toHaveLength(2);
    });

    it.each([
      ['aborted', 'http.aborted', () => ({ signal: AbortSignal.timeout(150) })],
      ['ended by the deadline', 'http.deadline', () => ({ deadlineMs: 150 })],
    ])(
      'does not call a request unsent that waited for a place, was sent and then %s',
      async (_, code, how) => {
        const http = httpClient({ maxConcurrent: 1, attempts: 1 });
        bench.server.respond = (request, response) => {
          if (request.method === 'GET') setTimeout(() => response.end('{}'), 20);
        };
        const first = http.request(target(), call());
        await until(() => bench.server.seen.length === 1);
        const error = await errorOf(
          http.request(target(), call({ method: 'POST', body: {}, ...how() })),
          MaestranoHttpError,
        );
        expect(error).toMatchObject({ code, sent: 'maybe' });
        expect(bench.server.seen).toHaveLength(2);
        await first;
      },
    );

    it('keeps one hanging marketplace from taking anything from another on the same host', async () => {
      bench.server.respond = (request, response) => {
        if (!request.url.startsWith('/slow')) response.end('{}');
      };
      const http = httpClient({ maxConcurrent: 4, maxQueued: 10, attempts: 1, deadlineMs: 20_000 });
      const abort = new AbortController();
      const order: string[] = [];
      const slow = Array.from({ length: 14 }, () =>
        errorOf(
          http.request(target(bench.server.url, 'slow'), call({ path: '/slow', signal: abort.signal })),
          MaestranoHttpError,
        ).then(() => order.push('slow')),
      );
      const fast = Array.from({ length: 14 }, () =>
        http
          .request(target(bench.server.url, 'fast'), call({ path: '/fast' }))
          .then(() => order.push('fast')),
      );
      await Promise.all(fast);
      expect(order).toEqual(Array.from({ length: 14 }, () => 'fast'));
      expect(bench.server.seen.filter((request) => request.url === '/slow')).toHaveLength(4);
      expect(http.health()).toContainEqual(
        expect.objectContaining({ target: 'slow', active: 4, queued: 10 }),
      );
      abort.abort();
      await Promise.all(slow);
    });

    it('keeps no state of many idle marketplaces', async () => {
      const http = httpClient();
      for (let i = 0; i < 200; i += 1) await http.request(target(bench.server.url, `m-${i}`), call());
      expect(http.health().length).toBeLessThanOrEqual(64);
    });
  });

  describe('hooks', () => {
    it('report every attempt and its outcome, and may be removed', async () => {
      const events: string[] = [];
      bench.server.respond = script(reply(503, '', { 'x-request-id': 'r-1' }), reply(200));
      const outcomes: HttpOutcome[] = [];
      const http = httpClient({
        onAttempt: (event) => events.push(`${event.operation} ${event.attempt}`),
        onOutcome: (event) => outcomes.push(event),
      });
      const remove = http.observe({ onAttempt: () => events.push('second observer') });
      await http.request(target(), call());
      remove();
      await http.request(target(), call());
      expect(events).toEqual([
        'GET ping 1',
        'second observer',
        'GET ping 2',
        'second observer',
        'GET ping 1',
      ]);
      expect(outcomes[0]).toMatchObject({ target: 'acme', status: 503, requestId: 'r-1', errorCode: null });
      expect(outcomes[0]?.retryInMs).toEqual(expect.any(Number));
      expect(outcomes[1]).toMatchObject({ status: 200, attempt: 2, retryInMs: null });
    });

    it('disturb nothing when they throw', async () => {
      const http = httpClient({
        onAttempt: () => {
          throw new Error('hook');
        },
      });
      expect((await http.request(target(), call())).status).toBe(200);
    });
  });

  it.each<[string, HttpOptions]>([
    ['http.timeoutMs', { timeoutMs: 0 }],
    ['http.deadlineMs', { deadlineMs: Number.POSITIVE_INFINITY }],
    ['http.attempts', { attempts: 1.5 }],
    ['http.maxConcurrent', { maxConcurrent: Number.NaN }],
    ['http.maxQueued', { maxQueued: -1 }],
    ['http.breaker.openForMs', { breaker: { openForMs: 2 ** 31 } }],
  ])('refuses an unusable %s', (name, http) => {
    expect(() => httpClient(http)).toThrow(
      expect.objectContaining({ code: 'configuration.options', message: expect.stringContaining(name) }),
    );
  });

  it('shows no secret in any error', async () => {
    const errors: unknown[] = [];
    for (const response of [reset, hang]) {
      bench.server.respond = response;
      errors.push(
        await errorOf(
          httpClient().request(target(), call({ timeoutMs: 20, attempts: 1 })),
          MaestranoHttpError,
        ),
      );
    }
    errors.push(
      await errorOf(
        httpClient().request(
          target('http://127.0.0.1:1'),
          call({ path: '/x?session=tok', secretQuery: 'session=tok' }),
        ),
        MaestranoHttpError,
      ),
    );
    for (const error of errors) {
      const printed = inspect(error, { depth: 10, showHidden: true }) + JSON.stringify(error) + String(error);
      expect(printed).not.toContain(PASSWORD);
      expect(printed).not.toContain(BASIC);
      expect(printed).not.toContain('session=tok');
      expect(printed).not.toContain('AxiosError');
    }
  });
});

const truncated: Responder = (_request, response, raw) => {
  response.writeHead(200, { 'content-length': '100' });
  response.write('{"a"', () => raw.socket.destroy());
};

async function until(condition: () => boolean): Promise<void> {
  for (let i = 0; i < 500 && !condition(); i += 1) await new Promise((resolve) => setTimeout(resolve, 5));
  expect(condition()).toBe(true);
}
