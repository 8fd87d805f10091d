import { afterEach, beforeAll, afterAll, describe, expect, it } from '@jest/globals';
import { Controller, Get, Injectable, UseGuards } from '@nestjs/common';
import type { Browser } from 'playwright-core';

import {
  type AdapterContext,
  type CompletedLogin,
  MaestranoSessionAdapter,
  MaestranoSessionGuard,
} from '../../src/index.js';
import { type Sandbox, startSandbox } from '../../src/sandbox/index.js';
import { chromiumPresent, launchChromium } from '../support/chromium.js';
import type { BootedApp, HttpAdapterName } from '../support/http-adapters.js';
import {
  behaviour,
  cookieSession,
  expressSession,
  fastifySession,
  SECRET,
  secureSession,
} from './session-middlewares.js';
import { bootSsoApp, type SsoAppOptions } from './sso-app.js';

@Controller()
class GuardedController {
  @Get('guarded')
  @UseGuards(MaestranoSessionGuard)
  guarded(): string {
    return 'inside';
  }
}

class Lines {
  readonly lines: string[] = [];
  log = (): void => undefined;
  warn = (line: string): void => void this.lines.push(line);
  error = this.warn;
}

let sandbox: Sandbox;
let app: BootedApp | undefined;
let log: Lines;
let browser: Browser | undefined;

beforeAll(async () => {
  // Application and marketplace on two sites, so the rules of SameSite are real ones.
  sandbox = await startSandbox({ scenario: 'two-marketplaces', host: 'localhost' });
  if (chromiumPresent) browser = await launchChromium();
});
afterEach(async () => {
  behaviour.now = {};
  await app?.close();
  app = undefined;
});
afterAll(async () => {
  await browser?.close();
  await sandbox.close();
});

async function boot(httpAdapter: HttpAdapterName, options: SsoAppOptions): Promise<BootedApp> {
  log = new Lines();
  app = await bootSsoApp(httpAdapter, sandbox, {
    logger: log as never,
    controllers: [GuardedController],
    ...options,
    options: { defaultMarketplace: 'alpha', ...options.options },
  });
  return app;
}

/** Goes to the guarded page as a person would, and signs in when asked; how it ended. */
async function visit(context: { javaScriptEnabled?: boolean } = {}) {
  const page = await (await browser!.newContext(context)).newPage();
  let rounds = 0;
  page.on('response', (response) => {
    if (response.url().includes('/auth/saml/init')) rounds += 1;
  });
  const url = `${app!.url}/guarded`;
  await page.goto(url);
  // The marketplace asks who signs in, once for each round.
  for (let round = 0; round < 4 && page.url().startsWith(sandbox.url); round += 1) {
    let consumed = false;
    const end = page.waitForResponse((response) => {
      if (response.url().includes('/consume/')) consumed = true;
      return consumed && response.request().isNavigationRequest() && ![302, 303].includes(response.status());
    });
    await page.locator('a, button').filter({ hasText: 'Alma One' }).first().click();
    // The response comes before the browser shows its page.
    await page.waitForURL((await end).url());
  }
  const text = await page.locator('body').innerText();
  const end = { text, url: page.url(), rounds, page };
  return end;
}

const withBrowser = chromiumPresent ? describe : describe.skip;

withBrowser('sessions in Chromium', () => {
  it.each([
    ['express', 'express-session', expressSession({})],
    ['express', 'express-session with usual options', expressSession({ sameSite: 'lax', httpOnly: true })],
    ['express', 'cookie-session', cookieSession({})],
    ['fastify', '@fastify/session', fastifySession({ secure: false })],
    ['fastify', '@fastify/session, secure', fastifySession({ secure: true })],
    ['fastify', '@fastify/secure-session', secureSession({})],
  ] as const)(
    'hold on %s in %s, whose store takes its time',
    async (httpAdapter, _name, prepare) => {
      behaviour.now = { delayMs: 100 };
      await boot(httpAdapter, { prepare });
      const { text, rounds, page } = await visit();
      expect([text, rounds]).toEqual(['inside', 1]);
      await page.context().close();
    },
    120_000,
  );

  it.each([
    ['express', 'express-session, strict', expressSession({ sameSite: 'strict' }), 'SameSite=Strict'],
    ['express', 'express-session, secure', expressSession({ secure: true }), 'trust the proxy'],
    ['express', 'cookie-session, strict', cookieSession({ sameSite: 'strict' }), 'SameSite=Strict'],
    ['express', 'cookie-session, secure', cookieSession({ secure: true }), 'trust the proxy'],
    [
      'fastify',
      '@fastify/session, strict',
      fastifySession({ secure: false, sameSite: 'strict' }),
      'SameSite=Strict',
    ],
    ['fastify', '@fastify/secure-session, strict', secureSession({ sameSite: 'strict' }), 'SameSite=Strict'],
  ] as const)(
    'that are lost on %s in %s end the circle with a page',
    async (httpAdapter, _name, prepare, why) => {
      await boot(httpAdapter, { prepare });
      const { text, rounds, page } = await visit();
      expect(text).toContain('session.lost');
      expect(rounds).toBe(2);
      expect(log.lines.filter((line) => line.includes('cannot hold') && line.includes(why))).toHaveLength(1);
      expect(log.lines.filter((line) => line.includes('session.lost') && line.includes(why))).toHaveLength(1);
      // The marker went with the page: the person may try again.
      const names = (await page.context().cookies()).map(({ name }) => name);
      expect(names.filter((name) => name.includes('mno-signed-in'))).toEqual([]);
      await page.context().close();
    },
    120_000,
  );
});

describe.each([
  ['express', expressSession({})],
  ['fastify', fastifySession({ secure: false })],
] as const)('a store of sessions on %s', (httpAdapter, prepare) => {
  it.each([
    ['fails', { failing: true }],
    ['hangs', { silent: true }],
  ] as const)('that %s ends the login with 503', async (_how, how) => {
    const session = { secret: SECRET, saveTimeoutMs: 200 };
    await boot(httpAdapter, { prepare, options: { session } });
    behaviour.now = how;
    const login = await sandbox.login(app!.url, { params: { return_to: '/guarded' } });
    expect(login.status).toBe(503);
    expect(login.body).toContain('not possible at the moment');
  });
});

/** Does what Passport's `login()` does to a session, without Passport. */
@Injectable()
class RegeneratingAdapter extends MaestranoSessionAdapter {
  override async signIn(_login: CompletedLogin, { request }: AdapterContext): Promise<void> {
    const { session } = request as { session: { regenerate(done: () => void): void } };
    await new Promise<void>((resolve) => session.regenerate(resolve));
    (request as { session: Record<string, unknown> }).session['passport'] = { user: 7 };
  }
}

describe.each([
  ['express', expressSession({})],
  ['fastify', fastifySession({ secure: false })],
] as const)('a sign-in of the application on %s that begins the session anew', (httpAdapter, prepare) => {
  it('leaves the person signed in, with both entries', async () => {
    await boot(httpAdapter, { prepare, extras: { sessionAdapter: RegeneratingAdapter } });
    const {
      status,
      body,
      browser: jar,
    } = await sandbox.login(app!.url, { params: { return_to: '/guarded' } });
    expect([status, body]).toEqual([200, 'inside']);
    const out = await jar.get(`${app!.url}/sign-out`);
    expect(out.url).toContain('/app_logout?user_uid=');
    expect(
      (await fetch(`${app!.url}/guarded`, { headers: { cookie: jar.jar.header(new URL(app!.url)) } })).status,
    ).toBe(401);
  });
});

describe('a browser that keeps no cookies', () => {
  it('is told so at its second round', async () => {
    await boot('express', {});
    const bare = (url: string, init: RequestInit = {}) =>
      fetch(url, { redirect: 'manual', headers: { accept: 'text/html' }, ...init });
    let location = (await bare(`${app!.url}/guarded?a=1`)).headers.get('location')!;
    const { action, samlResponse } = await sandboxForm((await bare(location)).headers.get('location')!);
    const consumed = await bare(action, {
      method: 'POST',
      body: new URLSearchParams({ SAMLResponse: samlResponse }),
    });
    expect(consumed.status).toBe(303);
    const back = consumed.headers.get('location')!;
    expect(back).toMatch(/^\/guarded\?a=1&mno_signed_in=/);
    location = (await bare(app!.url + back)).headers.get('location')!;
    const end = await bare(location);
    expect([end.status, await end.text()]).toEqual([401, expect.stringContaining('session.lost')]);
    // Nobody else can make the parameter.
    const forged = await bare(location.replace(/mno_signed_in%3D[^&]*/, 'mno_signed_in%3Dforged'));
    expect(forged.status).toBe(302);
  });
});

async function sandboxForm(url: string): Promise<{ action: string; samlResponse: string }> {
  const { readPostedForm } = await import('../../src/sandbox/login/sandbox-login.js');
  const page = await fetch(`${url}&user_uid=usr-1&group_id=cld-1`);
  return readPostedForm(await page.text())!;
}
