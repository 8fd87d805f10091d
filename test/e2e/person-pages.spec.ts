import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Browser, BrowserContextOptions } from 'playwright-core';

import type { LoginDenial } from '../../src/interfaces/sso-options.interface.js';
import type { HttpExchange } from '../../src/routing/http-exchange.js';
import { PersonPages } from '../../src/session/person-pages.service.js';
import { deniedMessage } from '../../src/sso/login/denied-page.js';
import { MESSAGE_PAGE_POLICY, messagePage } from '../../src/views/message-page.js';
import { chromiumPresent, launchChromium } from '../support/chromium.js';
import { registeredMarketplace } from '../support/marketplaces.js';
import { settingsOf } from '../support/settings.js';
import { findings, overflow, picture, watchedPage } from './sandbox-pages-browser.js';

const WORD = 'Donaudampfschifffahrtselektrizitaetenhauptbetriebswerkbauunterbeamtengesel';
const HOSTILE = `<img src=x onerror=alert(1)>"'&\u202E${WORD}`;
const DENIAL: LoginDenial = {
  code: 'sso.audience',
  traceCode: 'ABC-123',
  marketplace: 'uat',
  status: 403,
  restart: false,
  signInUrl: '/init',
  reason: null,
};
const STATES: Readonly<Record<string, Partial<LoginDenial>>> = {
  refused: {},
  clock: { code: 'sso.notYetValid' },
  restart: { code: 'sso.expired', status: 401, restart: true },
  hostile: { code: 'sso.denied', reason: HOSTILE, marketplace: HOSTILE, traceCode: WORD },
  lost: { code: 'session.lost', status: 401 },
  provider: { code: 'openid.discovery', status: 502, traceCode: null },
  unavailable: { code: 'store.unavailable', status: 503, traceCode: null },
};
const LOOKS: readonly (readonly [string, BrowserContextOptions])[] = [
  ['light', { colorScheme: 'light', locale: 'en-US' }],
  ['dark', { colorScheme: 'dark', locale: 'de-AT' }],
  ['forced', { forcedColors: 'active', locale: 'ar' }],
];

// The pages by themselves, each with the policy that goes with it; browser.spec.ts meets them in an application.
(chromiumPresent ? describe : describe.skip)('the pages for people who sign in, in a browser', () => {
  let browser: Browser;
  let server: Server;
  let url: string;

  beforeAll(async () => {
    const pages = new PersonPages(
      settingsOf({
        pages: {
          texts: {
            de: { refusedTitle: 'Sie sind nicht angemeldet', signInAgain: `Anmelden ${WORD}` },
            ar: { refusedTitle: 'لم يتم تسجيل دخولك', notHeldTitle: 'لم يحتفظ متصفحك بالجلسة' },
          },
        },
      }).pages,
    );
    server = createServer((request, response) => {
      const denial = { ...DENIAL, ...STATES[request.url?.slice(1) ?? ''] };
      const header = (name: string) => (request.headers[name] as string | undefined) ?? null;
      const words = pages.wordsFor({ header } as unknown as HttpExchange, registeredMarketplace('uat'));
      response.setHeader('content-security-policy', MESSAGE_PAGE_POLICY);
      response.setHeader('content-type', 'text/html; charset=utf-8');
      response.end(messagePage(deniedMessage(denial, 'https://uat.example.test/out', words)));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    browser = await launchChromium();
  }, 60_000);

  afterAll(async () => {
    await browser?.close();
    server?.closeAllConnections();
    server?.close();
  });

  it.each(LOOKS)(
    'have nothing that a checker finds, and fit every window: %s',
    async (look, options) => {
      const { page, complaints } = await watchedPage(browser, options);
      for (const state of Object.keys(STATES)) {
        await page.setViewportSize({ width: 390, height: 800 });
        await page.goto(`${url}/${state}`);
        await picture(page, `person-${state}-${look}`);
        expect({ state, found: await findings(page) }).toEqual({ state, found: [] });
        for (const width of [320, 768, 1280, 1920]) {
          await page.setViewportSize({ width, height: 800 });
          expect({ state, width, wider: await overflow(page) }).toEqual({ state, width, wider: 0 });
        }
      }
      expect(complaints).toEqual([]);
      await page.context().close();
    },
    120_000,
  );

  it('are used by keys alone, and without script', async () => {
    const { page } = await watchedPage(browser, { javaScriptEnabled: false });
    await page.goto(`${url}/refused`);
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.waitForURL(`${url}/init`);
    await page.goto(`${url}/lost`);
    expect(await page.getByText('Usual causes').isVisible()).toBe(false);
    await page.getByText('For the developers').focus();
    await page.keyboard.press('Enter');
    await page.getByText('Usual causes').waitFor();
    await page.context().close();
  });
});
