import { createRequire } from 'node:module';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Get, type INestApplication, Injectable, UseGuards } from '@nestjs/common';
import { Args, GraphQLModule, Query, Resolver } from '@nestjs/graphql';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';

import {
  type AdapterContext,
  type CompletedLogin,
  CurrentMarketplace,
  ForMarketplace,
  MaestranoSession,
  MaestranoSessionAdapter,
  MaestranoSessionGuard,
  type Marketplace,
  OptionalMaestranoSession,
  SessionService,
} from '../../src/index.js';
import { type Sandbox, type SandboxBrowser, startSandbox } from '../../src/sandbox/index.js';
import { type BootedApp, HTTP_ADAPTERS, type HttpAdapterName } from '../support/http-adapters.js';
import { PlainDriver } from '../support/plain-graphql-driver.js';
import { bootSsoApp } from './sso-app.js';

const require = createRequire(import.meta.url);
const SECRET = 'a secret of more than thirty-two characters';

const cookieOf = (app: BootedApp, browser: SandboxBrowser) => browser.jar.header(new URL(app.url));

async function ask(app: BootedApp, path: string, cookie = '', init: RequestInit = {}) {
  const headers = { accept: 'application/json', cookie, ...(init.headers as Record<string, string>) };
  const response = await fetch(app.url + path, { redirect: 'manual', ...init, headers });
  return { status: response.status, body: await response.text(), headers: response.headers };
}

// Passport: on Express itself, on Fastify in the plugin that is made of it.

interface PassportRequest {
  readonly session: Record<string, unknown>;
  login(user: object, options: object, done: (error?: Error) => void): void;
  logIn(user: object, options?: object): Promise<void>;
  user?: { id: number };
}

class PassportAdapter extends MaestranoSessionAdapter {
  static keepSessionInfo = true;

  override async signIn(_login: CompletedLogin, { request }: AdapterContext): Promise<void> {
    const passport = request as PassportRequest & { raw?: unknown };
    const options = { keepSessionInfo: PassportAdapter.keepSessionInfo };
    if (passport.raw) return passport.logIn({ id: 7 }, options);
    await new Promise<void>((resolve, reject) =>
      passport.login({ id: 7 }, options, (error) => (error ? reject(error) : resolve())),
    );
  }
}

@Controller()
class Pages {
  constructor(private readonly sessions: SessionService) {}

  @Get('optional')
  @UseGuards(MaestranoSessionGuard)
  @OptionalMaestranoSession()
  optional(@MaestranoSession('userUid') user: string | null): object {
    return { user };
  }

  @Get('optional/:marketplace')
  @UseGuards(MaestranoSessionGuard)
  @OptionalMaestranoSession()
  @ForMarketplace({ param: 'marketplace' })
  of(@MaestranoSession('marketplace') marketplace: string | null): object {
    return { marketplace };
  }

  @Get('strict')
  @UseGuards(MaestranoSessionGuard)
  @OptionalMaestranoSession(false)
  strict(): string {
    return 'inside';
  }
}

function passport(httpAdapter: HttpAdapterName) {
  return async (app: INestApplication): Promise<void> => {
    if (httpAdapter === 'express') {
      const { Passport } = require('passport') as { Passport: new () => ExpressPassport };
      const instance = new Passport();
      instance.serializeUser((user, done) => done(null, user.id));
      instance.deserializeUser((id, done) => done(null, { id }));
      const session = require('express-session') as (options: object) => never;
      const express = app as NestExpressApplication;
      express.use(session({ secret: SECRET, resave: false, saveUninitialized: false }));
      express.use(instance.initialize());
      express.use(instance.session());
      return;
    }
    const { Authenticator } = require('@fastify/passport') as { Authenticator: new () => FastifyPassport };
    const instance = new Authenticator();
    instance.registerUserSerializer((user) => Promise.resolve(user.id));
    instance.registerUserDeserializer((id) => Promise.resolve({ id }));
    const fastify = app as NestFastifyApplication;
    await fastify.register(require('@fastify/cookie') as never);
    const options = { secret: SECRET, saveUninitialized: false, cookie: { secure: false } };
    await fastify.register(require('@fastify/session') as never, options as never);
    await fastify.register(instance.initialize() as never);
    await fastify.register(instance.secureSession() as never);
  };
}

interface ExpressPassport {
  serializeUser(write: (user: { id: number }, done: (error: null, id: number) => void) => void): void;
  deserializeUser(read: (id: number, done: (error: null, user: { id: number }) => void) => void): void;
  initialize(): never;
  session(): never;
}

interface FastifyPassport {
  registerUserSerializer(write: (user: { id: number }) => Promise<number>): void;
  registerUserDeserializer(read: (id: number) => Promise<{ id: number }>): void;
  initialize(): unknown;
  secureSession(): unknown;
}

@Controller()
class Own {
  /** A page of the application's own, behind Passport alone. */
  @Get('own')
  own(): string {
    return 'own';
  }
}

describe.each(HTTP_ADAPTERS)('beside Passport, on %s', (httpAdapter) => {
  let sandbox: Sandbox;
  let app: BootedApp;

  beforeAll(async () => {
    sandbox = await startSandbox({ scenario: 'two-marketplaces' });
    app = await bootSsoApp(httpAdapter, sandbox, {
      prepare: passport(httpAdapter),
      controllers: [Own],
      extras: { sessionAdapter: PassportAdapter },
      options: { defaultMarketplace: 'alpha' },
    });
  });
  afterAll(async () => {
    await app.close();
    await sandbox.close();
  });

  it.each([true, false])('our session outlives its login(), keepSessionInfo %s', async (keep) => {
    PassportAdapter.keepSessionInfo = keep;
    const login = await sandbox.login(app.url, { params: { return_to: '/me' } });
    expect([login.status, JSON.parse(login.body)]).toMatchObject([200, { user: 'usr-1' }]);
    const { browser } = login;
    expect((await ask(app, '/me', cookieOf(app, browser))).status).toBe(200);
    const out = await ask(app, '/sign-out', cookieOf(app, browser));
    expect(out.headers.get('location')).toContain('/app_logout?user_uid=usr-1');
    expect((await ask(app, '/me', cookieOf(app, browser))).status).toBe(401);
  });

  it('removals find it', async () => {
    const { browser } = await sandbox.login(app.url, { params: { return_to: '/me' }, user: 'usr-2' });
    expect((await ask(app, '/me', cookieOf(app, browser))).status).toBe(200);
    await sandbox.webhooks.deleteGroupUser('cld-1', 'usr-2');
    expect(JSON.parse((await ask(app, '/me', cookieOf(app, browser))).body)).toMatchObject({
      code: 'session.removed',
    });
  });
});

describe.each(HTTP_ADAPTERS)('people without a session of ours, on %s', (httpAdapter) => {
  let sandbox: Sandbox;
  let app: BootedApp;

  beforeAll(async () => {
    sandbox = await startSandbox({ scenario: 'two-marketplaces' });
    app = await bootSsoApp(httpAdapter, sandbox, {
      controllers: [Pages],
      options: {
        defaultMarketplace: 'alpha',
        session: { secret: SECRET, maxAgeMs: 3_000, guard: 'optional' },
      },
    });
  });
  afterAll(async () => {
    await app.close();
    await sandbox.close();
  });

  const signIn = async (options: Parameters<Sandbox['login']>[1] = {}) => {
    const { browser } = await sandbox.login(app.url, { params: { return_to: '/public' }, ...options });
    return cookieOf(app, browser);
  };

  it('are let in where the route or the option says so, and nowhere else', async () => {
    expect(await ask(app, '/optional')).toMatchObject({ status: 200, body: '{"user":null}' });
    expect(await ask(app, '/optional/alpha')).toMatchObject({ status: 200, body: '{"marketplace":null}' });
    expect((await ask(app, '/strict')).status).toBe(401);
    expect((await ask(app, '/optional/nobody')).status).toBe(404);
  });

  it('are not those whose session is over, and may come back as visitors', async () => {
    const cookie = await signIn();
    expect(await ask(app, '/optional', cookie)).toMatchObject({ status: 200, body: '{"user":"usr-1"}' });
    await new Promise((resolve) => setTimeout(resolve, 3_200));
    const over = await ask(app, '/optional', cookie);
    expect(over.status).toBe(401);
    const ended = over.headers.getSetCookie().map((line) => line.split('=')[0]);
    expect(ended).toEqual([cookie.split('=')[0]]);
    expect(over.headers.getSetCookie().join()).toContain('Max-Age=0');
  });

  it('are not those whom the marketplace removed', async () => {
    const cookie = await signIn({ user: 'usr-2' });
    await sandbox.webhooks.deleteGroupUser('cld-1', 'usr-2');
    const removed = await ask(app, '/optional', cookie);
    expect([removed.status, JSON.parse(removed.body)]).toMatchObject([401, { code: 'session.removed' }]);
  });

  it('are not those of another marketplace than the route asks for', async () => {
    const cookie = await signIn({ marketplace: 'beta' });
    expect(await ask(app, '/optional/beta', cookie)).toMatchObject({
      status: 200,
      body: '{"marketplace":"beta"}',
    });
    expect((await ask(app, '/optional/alpha', cookie)).status).toBe(401);
  });

  it('are found out from outside as well', async () => {
    const sessions = app.app.get(SessionService);
    const cookie = await signIn();
    const request = { method: 'GET', url: '/', headers: { cookie } };
    const { session } = await sessions.authenticate({ request, response: {} });
    expect(session).toMatchObject({ userUid: 'usr-1', marketplace: 'alpha' });
    expect(await sessions.brought({ request, response: {} })).toBe(true);
    const stranger = { method: 'GET', url: '/', headers: {} };
    expect(await sessions.brought({ request: stranger, response: {} })).toBe(false);
    expect(await sessions.authenticate({ request: stranger, response: {} })).toMatchObject({
      rejection: 'session.none',
    });
  });
});

@Injectable()
@Resolver()
class Resolvers {
  @Query(() => String)
  @UseGuards(MaestranoSessionGuard)
  me(@MaestranoSession('userUid') user: string, @CurrentMarketplace() marketplace: Marketplace): string {
    return `${user} through ${marketplace.name}`;
  }

  @Query(() => String, { nullable: true })
  @UseGuards(MaestranoSessionGuard)
  @OptionalMaestranoSession()
  visitor(@MaestranoSession('userUid') user: string | null): string | null {
    return user;
  }

  @Query(() => String)
  @UseGuards(MaestranoSessionGuard)
  @ForMarketplace({ param: 'marketplace' })
  company(
    @Args('marketplace', { type: () => String }) _name: string,
    @MaestranoSession('groupUid') group: string,
  ): string {
    return group;
  }
}

describe.each(HTTP_ADAPTERS)('resolvers of GraphQL, on %s', (httpAdapter) => {
  let sandbox: Sandbox;
  let app: BootedApp;
  let cookie: string;

  beforeAll(async () => {
    sandbox = await startSandbox({ scenario: 'two-marketplaces' });
    app = await bootSsoApp(httpAdapter, sandbox, {
      options: { defaultMarketplace: 'alpha' },
      imports: [GraphQLModule.forRoot({ driver: PlainDriver as never, autoSchemaFile: true })],
      providers: [Resolvers],
    });
    const { browser } = await sandbox.login(app.url, { params: { return_to: '/public' } });
    cookie = cookieOf(app, browser);
  });
  afterAll(async () => {
    await app?.close();
    await sandbox.close();
  });

  const query = async (source: string, of = '') => {
    const { body } = await ask(app, '/graphql', of, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'text/html' },
      body: JSON.stringify({ query: source }),
    });
    return JSON.parse(body) as { data: Record<string, unknown> | null; errors?: unknown[] };
  };

  it('are guarded like routes', async () => {
    expect(await query('{ me }', cookie)).toEqual({ data: { me: 'usr-1 through alpha' } });
    const stranger = await query('{ me }');
    expect(stranger.data).toBeNull();
    expect(stranger.errors).toHaveLength(1);
  });

  it('may be open to visitors', async () => {
    expect(await query('{ visitor }')).toEqual({ data: { visitor: null } });
    expect(await query('{ visitor }', cookie)).toEqual({ data: { visitor: 'usr-1' } });
  });

  it('may ask for the marketplace that an argument names', async () => {
    expect(await query('{ company(marketplace: "alpha") }', cookie)).toEqual({ data: { company: 'cld-1' } });
    for (const name of ['beta', 'nobody']) {
      expect((await query(`{ company(marketplace: "${name}") }`, cookie)).data).toBeNull();
    }
  });
});
