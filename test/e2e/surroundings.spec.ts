import { Agent, createServer, type IncomingMessage, request as httpRequest, type Server } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Get, type INestApplication, UseGuards } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';

import {
  ConnecHandler,
  type ConnecNotificationContext,
  MaestranoGroupAdapter,
  MaestranoModule,
  type MaestranoModuleOptions,
  MaestranoSessionGuard,
  MaestranoUserAdapter,
} from '../../src/index.js';
import { type Sandbox, SandboxBrowser, startSandbox } from '../../src/sandbox/index.js';
import { HTTP_ADAPTERS, type HttpAdapterName } from '../support/http-adapters.js';
import { basicOf, marketplaceInput } from '../support/marketplaces.js';

const require = createRequire(import.meta.url);

const deleted: string[] = [];
const notified: (string | null)[] = [];
/** What the handler of notifications waits for. */
let held: Promise<void> | null = null;

class Users extends MaestranoUserAdapter<string> {
  override findOrCreateUser({ uid }: { uid: string }): string {
    return uid;
  }
}

class Groups extends MaestranoGroupAdapter<string, string> {
  override findOrCreateGroup({ uid }: { uid: string }): string {
    return uid;
  }
  override hasMember(): boolean {
    return true;
  }
  override addMember(): void {}
  override removeMember(): void {}
  override deleteGroup({ groupUid }: { groupUid: string }): void {
    deleted.push(groupUid);
  }
}

@Controller()
class Pages {
  @Get()
  home(): string {
    return 'home';
  }

  @Get('guarded')
  @UseGuards(MaestranoSessionGuard)
  guarded(): string {
    return 'inside';
  }

  @ConnecHandler('people')
  onPerson(_person: object, { recordId }: ConnecNotificationContext): Promise<void> | void {
    notified.push(recordId);
    if (held) return held;
  }
}

interface Booted {
  readonly nest: INestApplication;
  readonly url: string;
  close(): Promise<void>;
}

function rootOf(options: MaestranoModuleOptions) {
  return {
    module: class Root {},
    imports: [
      MaestranoModule.forRoot({
        session: { secret: 'a secret of more than thirty-two characters' },
        userAdapter: Users,
        groupAdapter: Groups,
        ...options,
      }),
    ],
    controllers: [Pages],
  };
}

async function boot(
  httpAdapter: HttpAdapterName,
  options: MaestranoModuleOptions,
  settings: { readonly bodyParser?: boolean; readonly port?: number } = {},
): Promise<Booted> {
  const adapter = httpAdapter === 'fastify' ? new FastifyAdapter() : new ExpressAdapter();
  const { bodyParser = true, port = 0 } = settings;
  const nest = await NestFactory.create(rootOf(options) as never, adapter, {
    logger: false,
    abortOnError: false,
    forceCloseConnections: true,
    bodyParser,
  });
  await nest.listen(port, '127.0.0.1');
  const { port: bound } = nest.getHttpServer().address() as AddressInfo;
  return { nest, url: `http://127.0.0.1:${bound}`, close: () => nest.close() };
}

/** As HTTP clients that `fetch` does not let through: any header, any body. */
function send(
  url: string,
  method: string,
  headers: Record<string, string> = {},
  body?: string | Buffer,
): Promise<{ status: number; body: string; headers: IncomingMessage['headers'] }> {
  return new Promise((resolve, reject) => {
    const length =
      body === undefined || 'transfer-encoding' in headers ? {} : { 'content-length': `${body.length}` };
    const all = { connection: 'close', ...length, ...headers };
    const sent = httpRequest(url, { method, headers: all }, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => (text += chunk.toString()));
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, body: text, headers: response.headers }),
      );
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

describe.each(HTTP_ADAPTERS)('requests of other clients, on %s', (httpAdapter) => {
  let app: Booted;
  const authorization = basicOf('uat');
  const notification = '/maestrano/connec/notifications/uat';
  const consume = '/maestrano/auth/saml/consume/uat';

  beforeAll(async () => {
    app = await boot(httpAdapter, { marketplaces: [marketplaceInput('uat')] });
  });
  afterAll(() => app.close());

  it.each([
    ['announced as JSON, empty', { 'content-type': 'application/json' }, undefined],
    ['announced as JSON, length 0', { 'content-type': 'application/json', 'content-length': '0' }, undefined],
    [
      'in a foreign charset, length 0',
      { 'content-type': 'application/json; charset=latin1', 'content-length': '0' },
      undefined,
    ],
    ['of no known type', { 'content-type': 'application/x-unknown' }, undefined],
    ['that is no JSON', { 'content-type': 'application/json' }, '{ not json'],
    ['in pieces', { 'content-type': 'application/json', 'transfer-encoding': 'chunked' }, '{ not json'],
    ['of a nonsense type', { 'content-type': 'nonsense' }, 'x'],
    ['without a type', {}, 'x'],
    ['of 300 KB', { 'content-type': 'application/json' }, 'x'.repeat(300_000)],
  ])('deletes a company with a body %s', async (_name, headers, body) => {
    deleted.length = 0;
    const url = `${app.url}/maestrano/account/groups/cld-1/uat`;
    const response = await send(url, 'DELETE', { authorization, ...headers }, body);
    expect([response.status, deleted]).toEqual([200, ['cld-1']]);
  });

  it('serves HEAD where it serves GET', async () => {
    const metadata = await send(`${app.url}/maestrano/metadata/uat`, 'HEAD', { authorization });
    expect([metadata.status, metadata.body]).toEqual([200, '']);
    expect((await send(`${app.url}/maestrano/metadata/uat`, 'HEAD')).status).toBe(401);
    const init = await send(`${app.url}/maestrano/auth/saml/init/uat`, 'HEAD');
    expect([init.status, init.headers.location]).toEqual([302, expect.stringContaining('SAMLRequest=')]);
    expect((await send(app.url + consume, 'HEAD')).status).toBe(200);
    expect((await send(`${app.url}/maestrano/nothing`, 'HEAD')).status).toBe(404);
  });

  it('handles what a notification holds beside texts and numbers of no resource', async () => {
    notified.length = 0;
    const record = { group_id: 'cld-9', updated_at: '2016-08-01T15:30:20Z' };
    const body = {
      version: '2.0',
      sequence: 7,
      live: true,
      tags: ['a', 2],
      nothing: null,
      nothings: [null],
      pairs: [['a', 1]],
      mixed: [{ a: 1 }, 'b', null],
      people: [
        { ...record, id: 'a1b2' },
        { ...record, id: 4711 },
      ],
    };
    const headers = { authorization, 'content-type': 'application/json' };
    const response = await send(app.url + notification, 'POST', headers, JSON.stringify(body));
    expect([response.status, notified.toSorted()]).toEqual([200, ['4711', 'a1b2']]);
    const broken = JSON.stringify({ people: [{ ...record, id: '1' }, 'text'] });
    expect((await send(app.url + notification, 'POST', headers, broken)).status).toBe(400);
  });

  it.each([
    ['multipart', { 'content-type': 'multipart/form-data; boundary=x' }],
    ['text', { 'content-type': 'text/plain' }],
    ['no type', {}],
  ])('shows a login that comes as %s the page, and not a bare status', async (_name, headers) => {
    const response = await send(
      app.url + consume,
      'POST',
      { accept: 'text/html', ...headers },
      'SAMLResponse=x',
    );
    expect([response.status, response.body]).toEqual([400, expect.stringContaining('You are not signed in')]);
  });

  it('says of a compressed body that it is not understood, or understands it', async () => {
    const headers = { authorization, 'content-type': 'application/json', 'content-encoding': 'gzip' };
    const response = await send(app.url + notification, 'POST', headers, gzipSync('{"people":[]}'));
    expect(response.status).toBe(httpAdapter === 'fastify' ? 415 : 200);
  });
});

describe.each(HTTP_ADAPTERS)('a caller that asks before it sends its body, on %s', (httpAdapter) => {
  it.each([
    ['right', basicOf('uat'), true, 200],
    ['wrong', basicOf('production'), false, 401],
  ])('with %s credentials', async (_which, authorization, continued, status) => {
    const app = await boot(httpAdapter, { marketplaces: [marketplaceInput('uat')] });
    const headers = {
      authorization,
      'content-type': 'application/json',
      'content-length': '2',
      expect: '100-continue',
    };
    const seen = await new Promise<[boolean, number | undefined, string | undefined]>((resolve, reject) => {
      let told = false;
      const url = `${app.url}/maestrano/connec/notifications/uat`;
      const sent = httpRequest(url, { method: 'POST', headers }, (response) => {
        response.resume();
        response.on('end', () => resolve([told, response.statusCode, response.headers.connection]));
      });
      sent.on('continue', () => {
        told = true;
        sent.end('{}');
      });
      sent.on('error', reject);
      sent.flushHeaders();
    });
    expect(seen.slice(0, 2)).toEqual([continued, status]);
    if (!continued) expect(seen[2]).toBe('close');
    await app.close();
  });
});

describe.each(HTTP_ADAPTERS)('an application that is stopping, on %s', (httpAdapter) => {
  it('keeps no connection of its routes, also of what it began before', async () => {
    const app = await boot(httpAdapter, { marketplaces: [marketplaceInput('uat')] });
    const agent = new Agent({ keepAlive: true });
    const authorization = basicOf('uat');
    const ask = (path: string, body?: string, credentials = authorization) =>
      new Promise<[status: number, connection: string | undefined]>((resolve, reject) => {
        const method = body === undefined ? 'GET' : 'POST';
        const headers = { authorization: credentials, 'content-type': 'application/json' };
        const sent = httpRequest(`${app.url}/maestrano/${path}`, { method, headers, agent }, (response) => {
          response.resume();
          response.on('end', () => resolve([response.statusCode ?? 0, response.headers.connection]));
        });
        sent.on('error', reject);
        sent.end(body);
      });
    const notification = (id: string) =>
      ask(
        'connec/notifications/uat',
        JSON.stringify({ people: [{ id, group_id: 'cld-9', updated_at: '2016-08-01T15:30:20Z' }] }),
      );
    expect(await ask('metadata/uat')).toEqual([200, 'keep-alive']);
    expect(await ask('connec/notifications/uat', '{}', 'Basic wrong')).toEqual([401, 'keep-alive']);

    let release: () => void = () => undefined;
    held = new Promise<void>((resolve) => (release = resolve));
    notified.length = 0;
    const underWay = notification('held');
    while (notified.length === 0) await pause(5);
    const closing = app.close();
    // The first parts of the shutdown take a moment.
    await pause(50);
    expect(await ask('metadata/uat')).toEqual([200, 'close']);
    expect(await ask('auth/saml/init/uat')).toEqual([302, 'close']);
    expect(await notification('late')).toEqual([503, 'close']);
    expect(await ask('connec/notifications/uat', '{}', 'Basic wrong')).toEqual([401, 'close']);
    release();
    held = null;
    expect(await underWay).toEqual([200, 'close']);
    await closing;
    agent.destroy();
  });
});

describe.each(HTTP_ADAPTERS)('an application without body parsers, on %s', (httpAdapter) => {
  let sandbox: Sandbox;
  let app: Booted;

  beforeAll(async () => {
    sandbox = await startSandbox();
    const port = await freePortOf(sandbox);
    app = await boot(
      httpAdapter,
      { marketplaces: sandbox.options.marketplaces as never },
      { bodyParser: false, port },
    );
  });
  afterAll(async () => {
    await app.close();
    await sandbox.close();
  });

  it('signs people in all the same', async () => {
    const login = await sandbox.login(app.url, { params: { return_to: '/guarded' } });
    expect([login.status, login.body]).toEqual([200, 'inside']);
  });
});

async function freePortOf(sandbox: Sandbox): Promise<number> {
  const { freePort } = await import('../support/free-port.mjs');
  const port = await freePort();
  sandbox.setAppUrl(`http://127.0.0.1:${port}`);
  return port;
}

/** A proxy that takes the path off, as Kubernetes' ingresses are often set up. */
function stripping(path: string, target: () => string): Server {
  return createServer((incoming, outgoing) => {
    if (!incoming.url?.startsWith(path)) return void outgoing.writeHead(404).end('outside');
    const headers = { ...incoming.headers };
    const forwarded = httpRequest(
      target() + (incoming.url.slice(path.length) || '/'),
      { method: incoming.method, headers },
      (response) => {
        outgoing.writeHead(response.statusCode ?? 500, response.headers);
        response.pipe(outgoing);
      },
    );
    incoming.pipe(forwarded);
  });
}

describe('an application below a path', () => {
  let sandbox: Sandbox;
  const closing: (() => Promise<unknown> | void)[] = [];

  beforeAll(async () => {
    sandbox = await startSandbox({ scenario: 'two-marketplaces' });
  });
  afterAll(async () => {
    for (const close of closing) await close();
    await sandbox.close();
  });

  /** The sandbox's marketplaces for an application that people reach below `/shop`. */
  const options = (url: string): MaestranoModuleOptions => {
    sandbox.setAppUrl(url);
    return { marketplaces: sandbox.options.marketplaces as never, defaultMarketplace: 'alpha' };
  };

  async function roundTrip(url: string): Promise<void> {
    const browser = new SandboxBrowser();
    const login = await sandbox.login(url, { browser, params: { return_to: '/guarded' } });
    expect([login.status, login.url, login.body]).toEqual([200, `${url}/guarded`, 'inside']);
    const homeward = await sandbox.login(url, { browser: new SandboxBrowser() });
    expect([homeward.url, homeward.body]).toEqual([`${url}/`, 'home']);
    const visit = await fetch(`${url}/guarded`, { redirect: 'manual', headers: { accept: 'text/html' } });
    expect(visit.headers.get('location')).toMatch(new RegExp(`^${url}/maestrano/auth/saml/init/`));
  }

  it('in another Express application', async () => {
    const express = require('express') as () => {
      use(path: string, handler: unknown): void;
      (request: unknown, response: unknown): void;
    };
    const port = await freePortOf(sandbox);
    const url = `http://127.0.0.1:${port}/shop`;
    const nest = await NestFactory.create(rootOf(options(url)) as never, new ExpressAdapter(), {
      logger: false,
      abortOnError: false,
    });
    await nest.init();
    const parent = express();
    parent.use('/shop', nest.getHttpAdapter().getInstance());
    const server = createServer(parent).listen(port, '127.0.0.1');
    closing.push(
      () => nest.close(),
      () => server.closeAllConnections(),
      () => void server.close(),
    );
    await roundTrip(url);
  });

  it.each(HTTP_ADAPTERS)('behind a proxy that takes the path off, on %s', async (httpAdapter) => {
    const port = await freePortOf(sandbox);
    const url = `http://127.0.0.1:${port}/shop`;
    const app = await boot(httpAdapter, options(url));
    const proxy = stripping('/shop', () => app.url).listen(port, '127.0.0.1');
    closing.push(
      () => app.close(),
      () => proxy.closeAllConnections(),
      () => void proxy.close(),
    );
    await roundTrip(url);
  });
});
