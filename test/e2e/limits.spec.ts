import { createConnection } from 'node:net';
import { once } from 'node:events';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import type { MaestranoModuleOptions } from '../../src/index.js';
import { basicOf } from '../support/marketplaces.js';
import { HTTP_ADAPTERS } from '../support/http-adapters.js';
import { bootPlatformCalls, type PlatformCallsApp } from './platform-calls-app.js';

const NOTIFICATIONS = '/maestrano/connec/notifications/uat';
const START = '/maestrano/uat/synchronizations';
const CONSUME = '/maestrano/auth/saml/consume/uat';
const JSON_TYPE = { 'content-type': 'application/json' };

function notification(bytes: number): string {
  const filler = 'x'.repeat(Math.max(0, bytes - 100));
  return JSON.stringify({
    items: [{ id: 'e32303c1', group_id: 'cld-1', updated_at: '2016-08-01T15:30:20Z', filler }],
  });
}

describe.each(HTTP_ADAPTERS)('on %s', (httpAdapter) => {
  const apps: PlatformCallsApp[] = [];
  const boot = async (options: Partial<MaestranoModuleOptions> = {}): Promise<PlatformCallsApp> => {
    const booted = await bootPlatformCalls(httpAdapter, { options });
    apps.push(booted);
    return booted;
  };
  const send = async (
    { base }: PlatformCallsApp,
    path: string,
    body: string | URLSearchParams,
    authorization?: string,
    headers: Record<string, string> = JSON_TYPE,
  ): Promise<number> => {
    const response = await fetch(base + path, {
      method: 'POST',
      body,
      headers: { ...headers, ...(authorization ? { authorization } : {}) },
    });
    await response.text();
    return response.status;
  };
  let app: PlatformCallsApp;

  beforeAll(async () => {
    app = await boot();
  });
  afterAll(async () => {
    for (const booted of apps) await booted.close();
  });

  it('looks at credentials before it reads a body', async () => {
    expect(await send(app, NOTIFICATIONS, '{ this is no JSON', basicOf('production'))).toBe(401);
    expect(await send(app, NOTIFICATIONS, '{ this is no JSON', basicOf('uat'))).toBe(400);
    expect(await send(app, NOTIFICATIONS, notification(9_000_000), basicOf('production'))).toBe(401);
  });

  it('rejects wrong credentials before the body has come', async () => {
    const socket = createConnection(app.port, '127.0.0.1');
    const response: Buffer[] = [];
    socket.on('data', (chunk: Buffer) => response.push(chunk));
    socket.write(
      `POST ${NOTIFICATIONS} HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 500000\r\n\r\n{`,
    );
    await once(socket, 'data');
    expect(Buffer.concat(response).toString()).toMatch(/^HTTP\/1\.1 401 /);
    socket.destroy();
  });

  it('takes notifications of megabytes whatever the limit of the application, and responds with 413 beyond its own', async () => {
    expect(await send(app, NOTIFICATIONS, notification(4_000_000), basicOf('uat'))).toBeLessThan(300);
    expect(await send(app, NOTIFICATIONS, notification(6_000_000), basicOf('uat'))).toBe(413);
    // Still alive, and on the same route.
    expect(await send(app, NOTIFICATIONS, notification(1_000), basicOf('uat'))).toBeLessThan(300);
  });

  it.each(['application/json', 'application/vnd.api+json', 'application/json; charset=utf-8'])(
    'reports %s that cannot be parsed in one form, and repeats nothing of it',
    async (type) => {
      for (const [path, body] of [
        [NOTIFICATIONS, '{"items": "s3cr3t'],
        [START, '{"group_id": "s3cr3t'],
      ] as const) {
        const headers = { authorization: basicOf('uat'), 'content-type': type };
        const response = await fetch(app.base + path, { method: 'POST', body, headers });
        expect(await response.json()).toEqual({
          statusCode: 400,
          error: 'Bad Request',
          message: 'The request body is not valid, or not complete',
        });
      }
    },
  );

  it('takes JSON:API, which is what Connec! may send', async () => {
    const headers = { 'content-type': 'application/vnd.api+json' };
    expect(await send(app, NOTIFICATIONS, notification(1_000), basicOf('uat'), headers)).toBeLessThan(300);
    expect(await send(app, START, '{"group_id":"cld-1"}', basicOf('uat'), headers)).toBe(201);
    expect(await send(app, NOTIFICATIONS, notification(6_000_000), basicOf('uat'), headers)).toBe(413);
  });

  it('does not take a body that was lost on the way for a notification of nothing', async () => {
    expect(await send(app, NOTIFICATIONS, '', basicOf('uat'))).toBe(400);
  });

  it('does not believe a body that has no length', async () => {
    const chunk = 'x'.repeat(500_000);
    const body = new ReadableStream({
      start(controller) {
        controller.enqueue(new TextEncoder().encode('{"items":[{"id":"'));
        for (let sent = 0; sent < 20; sent += 1) controller.enqueue(new TextEncoder().encode(chunk));
        controller.close();
      },
    });
    const init = {
      method: 'POST',
      body,
      duplex: 'half',
      headers: { ...JSON_TYPE, authorization: basicOf('uat') },
    };
    const status = await fetch(app.base + NOTIFICATIONS, init as RequestInit).then(
      (response) => response.status,
      () => 413,
    );
    expect(status).toBe(413);
  });

  it('takes the limit of notifications from the options', async () => {
    const small = await boot({ webhooks: { bodyLimit: 10_000 } });
    expect(await send(small, NOTIFICATIONS, notification(9_000), basicOf('uat'))).toBeLessThan(300);
    expect(await send(small, NOTIFICATIONS, notification(11_000), basicOf('uat'))).toBe(413);
  });

  it('keeps the small limit of small requests', async () => {
    const form = { 'content-type': 'application/x-www-form-urlencoded' };
    const large = `group_id=cld-1&opts[x]=${'x'.repeat(70_000)}`;
    expect(await send(app, START, 'group_id=cld-1', basicOf('uat'), form)).toBe(201);
    expect(await send(app, START, large, basicOf('uat'), form)).toBe(413);
  });

  it('lets an answer of 256 KB reach the login checks, and no larger one', async () => {
    const form = { 'content-type': 'application/x-www-form-urlencoded' };
    const response = (bytes: number): string => `SAMLResponse=${'QUFB'.repeat(bytes / 4)}`;
    const status = await send(app, CONSUME, response(250_000), undefined, form);
    expect([400, 403]).toContain(status);
    expect(await send(app, CONSUME, response(2_000_000), undefined, form)).toBe(413);
  });

  it.each([
    ['deep JSON', `{"items":${'['.repeat(50_000)}${']'.repeat(50_000)}}`, JSON_TYPE],
    [
      'many keys',
      JSON.stringify(Object.fromEntries(Array.from({ length: 20_000 }, (_, i) => [`r${i}`, []]))),
      JSON_TYPE,
    ],
    ['a number', '1', JSON_TYPE],
    ['null', 'null', JSON_TYPE],
    ['a prototype', '{"__proto__":{"x":1},"constructor":{"prototype":{"y":1}}}', JSON_TYPE],
    ['nothing', '', JSON_TYPE],
    ['text', 'hello', { 'content-type': 'text/plain' }],
    ['a foreign encoding', '{}', { ...JSON_TYPE, 'content-encoding': 'compress' }],
    [
      'a form of many fields',
      Array.from({ length: 5_000 }, (_, i) => `f${i}=1`).join('&'),
      { 'content-type': 'application/x-www-form-urlencoded' },
    ],
    [
      'a form of deep brackets',
      `opts${'[a]'.repeat(3_000)}=1`,
      { 'content-type': 'application/x-www-form-urlencoded' },
    ],
  ])('survives %s', async (_name, body, headers) => {
    for (const path of [NOTIFICATIONS, START]) {
      const status = await send(app, path, body, basicOf('uat'), headers);
      expect({ path, status, fine: status < 500 }).toEqual({ path, status, fine: true });
    }
    expect(await send(app, START, JSON.stringify({ group_id: 'cld-1' }), basicOf('uat'))).toBe(201);
  });

  it('locks out who keeps guessing, where asked to', async () => {
    const locking = await boot({ webhooks: { lockout: { failures: 3, lockMs: 60_000 } } });
    const status = async (name: string, key?: string): Promise<number> => {
      const authorization = basicOf(name, key);
      return (await fetch(`${locking.base}/maestrano/metadata/${name}`, { headers: { authorization } }))
        .status;
    };
    for (let attempt = 0; attempt < 3; attempt += 1) expect(await status('uat', 'wrong')).toBe(401);
    expect(await status('uat')).toBe(401);
    expect(await status('production')).toBe(200);
  });

  it("leaves the application's own limits alone", async () => {
    expect(await send(app, '/own', notification(50_000))).toBe(201);
    // Express takes 100 KB by default, Fastify 1 MB.
    const beyond = httpAdapter === 'express' ? 200_000 : 1_200_000;
    expect(await send(app, '/own', notification(beyond))).toBe(413);
  });
});
