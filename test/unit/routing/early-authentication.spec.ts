import type { AddressInfo } from 'node:net';

import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { type AbstractHttpAdapter, ApplicationConfig } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';

import type { WebhooksOptions } from '../../../src/interfaces/webhooks-options.interface.js';
import { EffectivePath } from '../../../src/routing/effective-path.js';
import type { EndpointAccess } from '../../../src/routing/endpoint-access.js';
import type { EndpointDefinition } from '../../../src/routing/endpoint-definition.interface.js';
import type { PlatformRequest } from '../../../src/utils/platform-request.js';
import type { RouteMounter } from '../../../src/routing/route-mounter.js';
import { EarlyAuthentication } from '../../../src/routing/early/early-authentication.js';

const ENDPOINTS = [
  { name: 'connec.notification', group: 'connecWebhooks', bodyLimit: 5_000, ownJson: true },
  { name: 'synchronization.start', group: 'synchronization', bodyLimit: 1_000 },
] as unknown as EndpointDefinition[];

/** Decides by the first segment of the path: `/denied`, or the name of an endpoint, or something of the application's. */
const access = {
  decide: (request: PlatformRequest) => {
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

function early(webhooks?: WebhooksOptions): EarlyAuthentication {
  const path = new EffectivePath(new ApplicationConfig());
  return new EarlyAuthentication(
    access,
    mounter,
    path,
    { endpoints: ENDPOINTS, prefix: 'maestrano' },
    { webhooks },
  );
}

const closing: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  jest.restoreAllMocks();
  for (const close of closing.splice(0)) await close();
});

/** Serves an adapter as Nest does, with routes that tell the type of the body they were given, or repeat it. */
async function serve(
  adapter: AbstractHttpAdapter,
  parsers: boolean,
  webhooks?: WebhooksOptions,
): Promise<string> {
  adapter.initHttpServer({});
  if (parsers || adapter.getType() === 'fastify') adapter.registerParserMiddleware?.();
  early(webhooks).install(adapter);
  for (const path of ['/denied', '/own', ...ENDPOINTS.map(({ name }) => `/${name}`)]) {
    adapter.post(path, (request: PlatformRequest, response: unknown) => {
      const { body, headers } = request;
      const answer =
        headers['x-echo'] === undefined
          ? { body: typeof body }
          : { body: body ?? null, type: headers['content-type'] };
      adapter.reply(response, JSON.stringify(answer), 200);
    });
  }
  await new Promise<void>((resolve) => adapter.listen(0, '127.0.0.1', () => resolve()));
  closing.push(() => adapter.close() as Promise<void>);
  const { port } = adapter.getHttpServer().address() as AddressInfo;
  return `http://127.0.0.1:${port}`;
}

async function post(url: string, bytes: number): Promise<[number, unknown]> {
  const body = JSON.stringify('x'.repeat(Math.max(0, bytes - 10)));
  const response = await fetch(url, {
    method: 'POST',
    body: `{"a":${body}}`,
    headers: { 'content-type': 'application/json' },
  });
  return [response.status, await response.json().catch(() => null)];
}

describe.each([
  ['express', true, () => new ExpressAdapter()],
  ['express without parsers', false, () => new ExpressAdapter()],
  ['fastify', true, () => new FastifyAdapter()],
] as const)('on %s', (_platform, parsers, create) => {
  it('refuses before the body, reads the bodies of our routes with their limits, and leaves others alone', async () => {
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

  it('holds a body that tells no length to the limit of its own route', async () => {
    const url = await serve(create(), parsers);
    const send = async (path: string, bytes: number): Promise<number> => {
      const body = new Blob([`{"a":"${'x'.repeat(bytes)}"}`]).stream();
      const init = { method: 'POST', body, duplex: 'half', headers: { 'content-type': 'application/json' } };
      return (await fetch(url + path, init as RequestInit)).status;
    };
    expect(await send('/synchronization.start', 500)).toBe(200);
    expect(await send('/synchronization.start', 3_000)).toBe(413);
    expect(await send('/connec.notification', 3_000)).toBe(200);
  });

  it('parses the JSON of an endpoint that asks for it, however it arrives', async () => {
    const url = await serve(create(), parsers);
    const send = async (type: string, ...chunks: (string | Uint8Array)[]): Promise<unknown> => {
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
    expect(await send(json, '{"a":', '[1]}')).toEqual({ body: { a: [1] }, type: json });
    // One letter of three bytes in two chunks.
    const euro = new TextEncoder().encode('"\u20ac"');
    expect(await send(json, euro.subarray(0, 2), euro.subarray(2))).toEqual({ body: '\u20ac', type: json });
    expect(await send(json, '\ufeff{}')).toEqual({ body: {}, type: json });
    expect(await send(`${json}; charset=UTF-8`, '{"b":2}')).toEqual({
      body: { b: 2 },
      type: expect.stringMatching(/^application\/json/),
    });
    expect(await send(json)).toEqual({ body: null, type: json });
  });

  it('reads what is JSON by its suffix', async () => {
    const url = await serve(create(), parsers);
    const headers = { 'content-type': 'application/vnd.api+json' };
    const response = await fetch(`${url}/connec.notification`, { method: 'POST', body: '{}', headers });
    expect(await response.json()).toEqual({ body: 'object' });
  });

  it('takes the limit of notifications from the options, larger or smaller', async () => {
    const large = await serve(create(), parsers, { bodyLimit: 2_000_000 });
    expect((await post(`${large}/connec.notification`, 1_900_000))[0]).toBe(200);
    const small = await serve(create(), parsers, { bodyLimit: 100 });
    expect((await post(`${small}/connec.notification`, 200))[0]).toBe(413);
    expect((await post(`${small}/synchronization.start`, 900))[0]).toBe(200);
  });
});

it('leaves everything to the guard where the platform is not as expected, and says so', () => {
  const warn = jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
  for (const stack of [undefined, 'odd', [1]]) {
    const use = jest.fn();
    const adapter = { getType: () => 'express', getInstance: () => ({ router: { stack }, use }) };
    early().install(adapter as unknown as AbstractHttpAdapter);
    expect(use).not.toHaveBeenCalled();
  }
  expect(warn).toHaveBeenCalledTimes(3);
});
