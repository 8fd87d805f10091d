import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  ArgumentsHost,
  Catch,
  Controller,
  type ExceptionFilter,
  Get,
  HttpStatus,
  Post,
  type ExecutionContext,
} from '@nestjs/common';
import { APP_FILTER, APP_GUARD, HttpAdapterHost } from '@nestjs/core';

import {
  CurrentMarketplace,
  ForMarketplace,
  MaestranoSession,
  MaestranoSessionGuard,
  type Marketplace,
  MaestranoSignInRequiredException,
  SkipMaestranoSession,
} from '../../src/index.js';
import { type Sandbox, startSandbox } from '../../src/sandbox/index.js';
import { type BootedApp, HTTP_ADAPTERS } from '../support/http-adapters.js';
import { bootSsoApp } from './sso-app.js';

@Controller('guarded')
class GuardedController {
  @Get()
  all(@MaestranoSession() session: object, @CurrentMarketplace() { name }: Marketplace): object {
    return { fields: Object.keys(session).sort(), name };
  }

  @Post()
  write(@MaestranoSession('userUid') user: string): object {
    return { user };
  }

  @Get('open')
  @SkipMaestranoSession()
  open(@MaestranoSession() session: unknown, @CurrentMarketplace() marketplace: unknown): object {
    return { session, marketplace };
  }

  @Get('open/field')
  @SkipMaestranoSession()
  field(@MaestranoSession('userUid') user: unknown): object {
    return { user };
  }

  @Get('beta')
  @ForMarketplace('beta')
  beta(@MaestranoSession('marketplace') marketplace: string): object {
    return { marketplace };
  }

  @Get('of/:name')
  @ForMarketplace({ param: 'name' })
  of(@MaestranoSession('marketplace') marketplace: string): object {
    return { marketplace };
  }
}

/** A catch-all filter with an envelope of its own, as many applications have. */
@Catch()
class Envelope implements ExceptionFilter {
  constructor(private readonly host: HttpAdapterHost) {}

  catch(error: unknown, context: ArgumentsHost): void {
    const status =
      error instanceof MaestranoSignInRequiredException
        ? error.getStatus()
        : HttpStatus.INTERNAL_SERVER_ERROR;
    const code = error instanceof MaestranoSignInRequiredException ? error.code : String(error);
    this.host.httpAdapter.reply(context.switchToHttp().getResponse(), { envelope: code }, status);
  }
}

describe.each(HTTP_ADAPTERS)('the session guard for everything, on %s', (httpAdapter) => {
  let sandbox: Sandbox;
  let app: BootedApp;

  beforeAll(async () => {
    sandbox = await startSandbox({ scenario: 'two-marketplaces' });
    app = await bootSsoApp(httpAdapter, sandbox, {
      controllers: [GuardedController],
      options: { session: { secret: 'a secret of more than thirty-two characters', signInUrl: '/choose' } },
      extras: { extraProviders: [{ provide: APP_GUARD, useExisting: MaestranoSessionGuard }] },
    });
  });
  afterAll(async () => {
    await app.close();
    await sandbox.close();
  });

  const ask = (path: string, cookie = '', init: RequestInit = {}) =>
    fetch(app.url + path, { redirect: 'manual', ...init, headers: { accept: 'text/html', cookie } });
  const signIn = async (marketplace: string, browser?: Awaited<ReturnType<Sandbox['login']>>['browser']) =>
    sandbox.login(app.url, {
      marketplace,
      params: { return_to: '/guarded/open' },
      ...(browser ? { browser } : {}),
    });

  it('leaves our own routes open: people get in, and the marketplace gets through', async () => {
    const { status, cookieHeader } = await signIn('alpha');
    expect(status).toBe(200);
    expect(await (await ask('/guarded', cookieHeader)).json()).toEqual({
      fields: [
        'endsAt',
        'groupUid',
        'marketplace',
        'maskedUserUid',
        'recheckAt',
        'signedInAt',
        'token',
        'userUid',
      ],
      name: 'alpha',
    });
    const [delivery] = await sandbox.webhooks.deleteGroupUser('cld-9', 'usr-9');
    expect(delivery?.status).toBe(200);
  });

  it('leaves open what is marked so, without a session', async () => {
    expect(await (await ask('/guarded/open')).json()).toEqual({ session: null, marketplace: null });
    expect(await (await ask('/guarded/open/field')).json()).toEqual({ user: null });
  });

  it('sends people to choose where several marketplaces could be meant', async () => {
    const page = await ask('/guarded?a=1&b=2');
    expect(page.status).toBe(302);
    expect(page.headers.get('location')).toBe('/choose?return_to=%2Fguarded%3Fa%3D1%26b%3D2');
    expect(page.headers.get('cache-control')).toBe('no-store');
    expect((await ask(`/guarded?${'x'.repeat(3_000)}`)).headers.get('location')).toBe('/choose');
    const posted = await ask('/guarded', '', { method: 'POST' });
    expect(posted.status).toBe(401);
    expect(await posted.json()).toEqual({
      statusCode: 401,
      error: 'Nobody is signed in.',
      code: 'session.none',
      signInUrl: '/choose',
    });
  });

  it('takes only the session of the marketplace that a route is for', async () => {
    const alpha = await signIn('alpha');
    const rejected = await ask('/guarded/beta', alpha.cookieHeader);
    expect(rejected.headers.get('location')).toBe(
      `${app.url}/maestrano/auth/saml/init/beta?return_to=%2Fguarded%2Fbeta&from=guard`,
    );
    expect((await ask('/guarded/of/beta', alpha.cookieHeader)).status).toBe(302);
    expect((await ask('/guarded/of/gamma', alpha.cookieHeader)).status).toBe(404);
    const both = await signIn('beta', alpha.browser);
    for (const name of ['alpha', 'beta']) {
      expect(await (await ask(`/guarded/of/${name}`, both.cookieHeader)).json()).toEqual({
        marketplace: name,
      });
    }
    expect(await (await ask('/guarded/beta', both.cookieHeader)).json()).toEqual({ marketplace: 'beta' });
  });

  it('is closed to what is no HTTP request', async () => {
    const guard = app.app.get(MaestranoSessionGuard, { strict: false });
    const context = {
      getType: () => 'rpc',
      getHandler: () => (): void => undefined,
      getClass: () => GuardedController,
    } as unknown as ExecutionContext;
    expect(await guard.canActivate(context)).toBe(false);
  });
});

describe.each(HTTP_ADAPTERS)("the session guard behind an application's own filter, on %s", (httpAdapter) => {
  it('redirects all the same', async () => {
    const sandbox = await startSandbox();
    const app = await bootSsoApp(httpAdapter, sandbox, {
      options: { defaultMarketplace: String(sandbox.options.marketplaces[0]?.marketplace) },
      extras: { extraProviders: [{ provide: APP_FILTER, useClass: Envelope }] },
    });
    try {
      const page = await fetch(`${app.url}/me`, { redirect: 'manual', headers: { accept: 'text/html' } });
      expect(page.status).toBe(302);
      expect(await page.json()).toEqual({ envelope: 'session.none' });
      expect(page.headers.get('location')).toMatch(/\/init\/.*return_to=%2Fme&from=guard$/);
    } finally {
      await app.close();
      await sandbox.close();
    }
  });
});
