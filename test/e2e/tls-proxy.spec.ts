import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Get, type INestApplication, UseGuards } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter, type NestExpressApplication } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { Browser } from 'playwright-core';

import { MaestranoSessionGuard } from '../../src/index.js';
import { type Sandbox, startSandbox } from '../../src/sandbox/index.js';
import { HomeController, testModule } from '../support/application.js';
import { chromiumPresent, launchChromium } from '../support/chromium.js';
import type { HttpAdapterName } from '../support/http-adapters.js';
import { TlsProxy } from '../support/tls-proxy.js';
import { cookieSession, expressSession, fastifySession, secureSession } from './session-middlewares.js';

@Controller()
class GuardedController {
  @Get('guarded')
  @UseGuards(MaestranoSessionGuard)
  guarded(): string {
    return 'inside';
  }
}

type Prepare = (app: INestApplication) => unknown;

const lines: string[] = [];
const logger = {
  log: (): void => undefined,
  warn: (line: string): void => void lines.push(line),
  error: (line: string): void => void lines.push(line),
};

const withBrowser = chromiumPresent ? describe : describe.skip;

withBrowser('behind a proxy that ends TLS', () => {
  let sandbox: Sandbox;
  let proxy: TlsProxy;
  let browser: Browser;
  let app: INestApplication | undefined;

  beforeAll(async () => {
    // Another site than the application's.
    sandbox = await startSandbox({ scenario: 'two-marketplaces', host: 'localhost' });
    proxy = await TlsProxy.start();
    browser = await launchChromium();
  });
  afterEach(async () => {
    await app?.close();
    lines.length = 0;
  });
  afterAll(async () => {
    await browser?.close();
    await proxy.close();
    await sandbox.close();
  });

  async function boot(httpAdapter: HttpAdapterName, trusts: boolean, prepare: Prepare): Promise<void> {
    sandbox.setAppUrl(proxy.url);
    const root = testModule({
      sandbox,
      options: { defaultMarketplace: 'alpha' },
      controllers: [HomeController, GuardedController],
    });
    const adapter =
      httpAdapter === 'fastify' ? new FastifyAdapter({ trustProxy: trusts }) : new ExpressAdapter();
    app = await NestFactory.create(root as never, adapter, {
      logger,
      abortOnError: false,
      forceCloseConnections: true,
    });
    if (httpAdapter === 'express' && trusts) (app as NestExpressApplication).set('trust proxy', 1);
    await prepare(app);
    await app.listen(0, '127.0.0.1');
    proxy.target = await app.getUrl();
  }

  /** Goes to the guarded page as a person would, and signs in when asked; how it ended. */
  async function visit() {
    const context = await browser.newContext({ ignoreHTTPSErrors: true });
    const page = await context.newPage();
    let rounds = 0;
    page.on('response', (response) => {
      if (response.url().includes('/auth/saml/init')) rounds += 1;
    });
    await page.goto(`${proxy.url}/guarded`);
    for (let round = 0; round < 3 && page.url().startsWith(sandbox.url); round += 1) {
      await page.locator('a, button').filter({ hasText: 'Alma One' }).first().click();
      await page.waitForURL((url) => !url.pathname.includes('/consume/') && url.protocol === 'https:');
    }
    const text = await page.locator('body').innerText();
    const cookies = await context.cookies();
    const end = { text, url: page.url(), rounds, cookies };
    await context.close();
    return end;
  }

  const SECURE = { secure: true, sameSite: 'lax', httpOnly: true };

  it.each([
    ['express', 'the sealed cookie', true, () => undefined],
    ['express', 'the sealed cookie', false, () => undefined],
    ['express', 'express-session', true, expressSession(SECURE)],
    ['express', 'express-session, secure where the connection is', true, expressSession({ secure: 'auto' })],
    ['express', 'cookie-session', true, cookieSession(SECURE)],
    ['fastify', 'the sealed cookie', true, () => undefined],
    ['fastify', 'the sealed cookie', false, () => undefined],
    ['fastify', '@fastify/session', true, fastifySession(SECURE)],
    ['fastify', '@fastify/secure-session', true, secureSession(SECURE)],
    ['fastify', '@fastify/secure-session', false, secureSession(SECURE)],
  ] as const)(
    'sessions hold on %s in %s, whether the proxy is trusted (%s)',
    async (httpAdapter, _name, trusts, prepare) => {
      await boot(httpAdapter, trusts, prepare);
      const { text, url, rounds, cookies } = await visit();
      expect([text, url, rounds]).toEqual(['inside', `${proxy.url}/guarded`, 1]);
      expect(cookies.filter(({ secure, domain }) => !secure && domain === '127.0.0.1')).toEqual([]);
    },
    120_000,
  );

  it.each([
    ['express', 'express-session', expressSession(SECURE)],
    ['express', 'cookie-session', cookieSession(SECURE)],
  ] as const)(
    'on %s, %s that does not trust the proxy ends with a page, and the log says what to do',
    async (httpAdapter, _name, prepare) => {
      await boot(httpAdapter, false, prepare);
      const { text, rounds } = await visit();
      expect(text).toContain('session.lost');
      expect(rounds).toBe(2);
      expect(lines.some((line) => line.includes('session.lost') && line.includes('trust the proxy'))).toBe(
        true,
      );
    },
    120_000,
  );
});
