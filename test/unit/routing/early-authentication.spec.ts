import type { AddressInfo } from 'node:net';

import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { type AbstractHttpAdapter, ApplicationConfig, HttpAdapterHost } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';

import type { WebhooksOptions } from '../../../src/interfaces/webhooks-options.interface.js';
import { EffectivePath } from '../../../src/routing/table/effective-path.service.js';
import type { EndpointAccess } from '../../../src/routing/dispatch/endpoint-access.service.js';
import type { EndpointDispatcher } from '../../../src/routing/dispatch/endpoint-dispatcher.service.js';
import type { EndpointDefinition } from '../../../src/routing/endpoint.js';
import type { WebhooksSettings } from '../../../src/settings/maestrano-settings.js';
import type { IncomingRequest } from '../../../src/utils/incoming-request.js';
import type { RouteMounter } from '../../../src/routing/mounting/route-mounter.service.js';
import { EarlyAuthentication } from '../../../src/routing/early/early-authentication.service.js';
import { settingsOf } from '../../support/settings.js';

const ENDPOINTS = [
  {
    name: 'connec.notification',
    group: 'connecWebhooks',
    bodyLimit: ({ bodyLimit }: WebhooksSettings) => bodyLimit,
  },
  { name: 'synchronization.start', group: 'synchronization', bodyLimit: 1_000 },
] as unknown as EndpointDefinition[];

/** Decides by the first segment of the path: `/denied`, or the name of an endpoint, or something of the application's. */
const access = {
  decide: (request: IncomingRequest) => {
    const [, first = ''] = request.url.split('/');
    if (first === 'denied') return 'denied';
    return ENDPOINTS.some(({ name }) => name === first) ? { endpoint: first } : 'unknown';
  },
} as unknown as EndpointAccess;

const mounter = {
  mounted: ['denied', ...ENDPOINTS.map(({ name }) => name)].map((path) => ({
    verb: 'POST',
    path,
    endpoint: path,
    endpoints: [path],
  })),
} as unknown as RouteMounter;

function early(
  adapter: AbstractHttpAdapter,
  webhooks: WebhooksOptions = { bodyLimit: 5_000 },
): EarlyAuthentication {
  const host = new HttpAdapterHost();
  host.httpAdapter = adapter;
  const path = new EffectivePath(new ApplicationConfig());
  return new EarlyAuthentication(
    access,
    { isStopping: false } as EndpointDispatcher,
    mounter,
    path,
    { endpoints: ENDPOINTS, prefix: 'maestrano' },
    settingsOf({ webhooks }).webhooks,
    host,
  );
}

const closing: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  jest.restoreAllMocks();
  for (const close of closing.splice(0)) await close();
});

/** When an application may register parsers of its own. */
type Stage = 'before us' | 'while the module starts' | 'after us';

/** Serves an adapter as Nest does, with routes that tell the type of the body they were given, or repeat it. */
async function serve(
  adapter: AbstractHttpAdapter,
  parsers: boolean,
  webhooks?: WebhooksOptions,
  at: (stage: Stage) => void = () => undefined,
): Promise<string> {
  adapter.initHttpServer({});
  at('before us');
  const authentication = early(adapter, webhooks);
  at('while the module starts');
  if (parsers || adapter.getType() === 'fastify') adapter.registerParserMiddleware?.();
  authentication.install(adapter);
  at('after us');
  for (const path of ['/denied', '/own', ...ENDPOINTS.map(({ name }) => `/${name}`)]) {
    adapter.post(path, (request: IncomingRequest, response: unknown) => {
      const { body, headers } = request;
      const reply =
        headers['x-echo'] === undefined
          ? { body: typeof body }
          : { body: body ?? null, type: headers['content-type'] };
      adapter.reply(response, JSON.stringify(reply), 200);
    });
  }
  await new Promise<void>((resolve) => adapter.listen(0, '127.0.0.1', () => resolve()));
  closing.push(() => adapter.close() as Promise<void>);
  const { port } = adapter.getHttpServer().address() as AddressInfo;
  return `http://127.0.0.1:${port}`;
}

async function post(url: string, bytes: number): Promise<[number, unknown]> {
  const body = JSON.stringify('x'.repeat(Math.max(0, bytes - 10)));
  return send(url, `{"a":${body}}`, 'application/json');
}

/** @returns status and parsed body of the response. */
async function send(url: string, body: string, type: string, headers = {}): Promise<[number, unknown]> {
  const response = await fetch(url, { method: 'POST', body, headers: { 'content-type': type, ...headers } });
  return [response.status, await response.json().catch(() => null)];
}

const JSON_API = 'application/vnd.api+json';
const ECHO = { 'x-echo': '1' };

describe.each([
  ['express', true, () => new ExpressAdapter()],
  ['express without parsers', false, () => new ExpressAdapter()],
  ['fastify', true, () => new FastifyAdapter()],
] as const)('on %s', (platform, parsers, create) => {
  it('rejects before the body, reads the bodies of our routes with their limits, and leaves others alone', async () => {
    jest.spyOn(Logger.prototype, 'error').mockImplementation(() => undefined);
    const url = await serve(create(), parsers);
    const response = await fetch(`${url}/denied`, {
      method: 'POST',
      body: '{',
      headers: { 'content-type': 'application/json' },
    });
    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toBe('Basic realm="maestrano"');
    expect(await response.json()).toEqual({ error: 'Invalid credentials' });

    expect(await post(`${url}/connec.notification`, 4_000)).toEqual([200, { body: 'object' }]);
    expect((await post(`${url}/connec.notification`, 6_000))[0]).toBe(413);
    expect(await post(`${url}/synchronization.start`, 900)).toEqual([200, { body: 'object' }]);
    expect((await post(`${url}/synchronization.start`, 2_000))[0]).toBe(413);
    expect(await post(`${url}/own`, 50_000)).toEqual([200, { body: parsers ? 'object' : 'undefined' }]);
  });

  it('holds a body that has no length to the limit of its own route', async () => {
    const url = await serve(create(), parsers);
    const stream = async (path: string, bytes: number): Promise<number> => {
      const body = new Blob([`{"a":"${'x'.repeat(bytes)}"}`]).stream();
      const init = { method: 'POST', body, duplex: 'half', headers: { 'content-type': 'application/json' } };
      return (await fetch(url + path, init as RequestInit)).status;
    };
    expect(await stream('/synchronization.start', 500)).toBe(200);
    expect(await stream('/synchronization.start', 3_000)).toBe(413);
    expect(await stream('/connec.notification', 3_000)).toBe(200);
  });

  it('parses JSON however it arrives', async () => {
    const url = await serve(create(), parsers);
    const pieces = async (type: string, ...chunks: (string | Uint8Array)[]): Promise<unknown> => {
      const stream = new ReadableStream<Uint8Array>({
        async start(controller) {
          for (const chunk of chunks) {
            controller.enqueue(typeof chunk === 'string' ? new TextEncoder().encode(chunk) : chunk);
            // Chunks that are not written together arrive apart.
            await new Promise((resolve) => setTimeout(resolve, 20));
          }
          controller.close();
        },
      });
      const headers = { 'content-type': type, 'x-echo': '1' };
      const init = { method: 'POST', body: stream, duplex: 'half', headers };
      return (await fetch(`${url}/connec.notification`, init as RequestInit)).json();
    };
    const json = 'application/json';
    expect(await pieces(json, '{"a":', '[1]}')).toEqual({ body: { a: [1] }, type: json });
    // One letter of three bytes in two chunks.
    const euro = new TextEncoder().encode('"\u20ac"');
    expect(await pieces(json, euro.subarray(0, 2), euro.subarray(2))).toEqual({ body: '\u20ac', type: json });
    expect(await pieces(json, '\ufeff{}')).toEqual({ body: {}, type: json });
    const utf8 = `${json}; charset=UTF-8`;
    expect(await pieces(utf8, '{"b":2}')).toEqual({ body: { b: 2 }, type: utf8 });
  });

  it.each(['', `; charset=utf-8`])(
    'reads JSON:API%s, and leaves its content type as it came',
    async (parameters) => {
      const url = await serve(create(), parsers);
      const type = JSON_API + parameters;
      const response = await send(`${url}/connec.notification`, '{"a":1}', type, ECHO);
      expect(response).toEqual([200, { body: { a: 1 }, type }]);
      expect((await send(`${url}/connec.notification`, `{"a":"${'x'.repeat(6_000)}"}`, type))[0]).toBe(413);
    },
  );

  it('takes no empty body for an empty notification', async () => {
    const url = await serve(create(), parsers);
    for (const chunked of [false, true]) {
      const body = chunked ? new Blob([]).stream() : '';
      const headers = { 'content-type': 'application/json', ...ECHO };
      const init = { method: 'POST', body, duplex: 'half', headers };
      const response = await fetch(`${url}/connec.notification`, init as RequestInit);
      if (platform === 'fastify') expect(response.status).toBe(400);
      else expect(await response.json()).toMatchObject({ body: null });
    }
  });

  it("parses JSON:API on our routes only: on the application's it is what it would be without us", async () => {
    const url = await serve(create(), parsers);
    const response = await send(`${url}/own`, '{}', JSON_API);
    if (platform === 'fastify') {
      expect(response).toEqual([415, expect.objectContaining({ code: 'FST_ERR_CTP_INVALID_MEDIA_TYPE' })]);
    } else expect(response).toEqual([200, { body: 'undefined' }]);
  });

  it('takes the limit of notifications from the options, larger or smaller', async () => {
    const large = await serve(create(), parsers, { bodyLimit: 2_000_000 });
    expect((await post(`${large}/connec.notification`, 1_900_000))[0]).toBe(200);
    const small = await serve(create(), parsers, { bodyLimit: 100 });
    expect((await post(`${small}/connec.notification`, 200))[0]).toBe(413);
    expect((await post(`${small}/synchronization.start`, 900))[0]).toBe(200);
  });
});

describe('on fastify', () => {
  type Done = (error: null, body: string) => void;
  const theirs = (_request: unknown, _body: unknown, done: Done): void => done(null, 'theirs');
  const options = { parseAs: 'string' } as const;

  it.each<[Stage, string | RegExp]>([
    ['before us', JSON_API],
    ['while the module starts', JSON_API],
    ['after us', JSON_API],
    ['while the module starts', /^application\/(?:.+\+)?json/],
    ['after us', /^application\/(?:.+\+)?json/],
  ])('a parser that the application registered %s for %s goes before ours', async (stage, type) => {
    const adapter = new FastifyAdapter();
    const url = await serve(adapter, true, undefined, (reached) => {
      if (reached === stage) adapter.getInstance().addContentTypeParser(type, options, theirs);
    });
    for (const path of ['/own', '/connec.notification']) {
      const [, response] = await send(url + path, '{}', JSON_API, ECHO);
      expect(response).toMatchObject({ body: 'theirs' });
    }
  });

  it('a second registration of the module finds the parser of the first', async () => {
    const adapter = new FastifyAdapter();
    const url = await serve(adapter, true, undefined, (stage) => {
      if (stage === 'after us') early(adapter).install(adapter);
    });
    expect(await send(`${url}/connec.notification`, '{}', JSON_API)).toEqual([200, { body: 'object' }]);
  });
});

it('leaves everything to the guard where the platform is not as expected, and says so', () => {
  const warn = jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
  for (const stack of [undefined, 'odd', [1]]) {
    const use = jest.fn();
    const adapter = { getType: () => 'express', getInstance: () => ({ router: { stack }, use }) };
    early(adapter as unknown as AbstractHttpAdapter).install(adapter as unknown as AbstractHttpAdapter);
    expect(use).not.toHaveBeenCalled();
  }
  expect(warn).toHaveBeenCalledTimes(3);
});
