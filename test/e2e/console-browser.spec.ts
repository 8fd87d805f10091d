import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';

import { BillingService } from '../../src/index.js';
import { type Sandbox, startSandbox } from '../../src/sandbox/index.js';
import { testApplication, type TestApplication } from '../support/application.js';
import { chromiumPresent, launchChromium } from '../support/chromium.js';
import { consoleModule, losesResponse } from '../support/console.js';
import { findings, inlineParts, overflow, picture, watchedPage } from './sandbox-pages-browser.js';

const WORD = 'Donaudampfschifffahrtselektrizitaetenhauptbetriebswerkbauunterbeamtengesel';
const HEADERS = { 'x-staff': 'Ines Okafor=view,replay,money' };

(chromiumPresent ? describe : describe.skip)('the console in a browser', () => {
  let sandbox: Sandbox;
  let app: TestApplication;
  let browser: Browser;
  let base: string;

  beforeAll(async () => {
    sandbox = await startSandbox();
    app = await testApplication({
      sandbox,
      options: {
        developerPlatform: sandbox.developerPlatform,
        account: { createOnce: { deadlineMs: 3_000, settleMs: 0 } },
        http: { backoffMs: 10, breaker: false },
      },
      imports: [consoleModule()],
    });
    base = `${app.url}/maestrano/console`;
    browser = await launchChromium();
    const { name } = sandbox.marketplaces.list()[0]!;
    await sandbox.login(app.url, { user: 'usr-1', group: 'cld-1' });
    const { bills } = app.app.get(BillingService, { strict: false }).for(name);
    const bill = { groupId: 'cld-1', priceCents: 32_500, description: `<b>${WORD}`, currency: 'AUD' };
    await losesResponse(sandbox, () => bills.createOnce(`sms/${WORD}`, bill));
    await sandbox.marketplaces.rotateCertificate(name, { overlap: false });
    for (let n = 0; n < 4; n += 1) await sandbox.login(app.url, { user: 'usr-1', group: 'cld-1' });
  }, 60_000);
  afterAll(async () => {
    await browser?.close();
    await app?.close();
    await sandbox?.close();
  });

  async function check(page: Page, name: string): Promise<void> {
    expect({ name, inline: await inlineParts(page) }).toEqual({ name, inline: [] });
    expect({ name, wider: await overflow(page) }).toEqual({ name, wider: 0 });
    await picture(page, name);
    expect({ name, found: await findings(page) }).toEqual({ name, found: [] });
  }

  it.each([
    ['light', 1280],
    ['dark', 390],
  ] as const)(
    'has nothing an accessibility checker finds, %s at %i, and leads to the cause in two steps',
    async (colorScheme, width) => {
      const { page, complaints } = await watchedPage(browser, {
        colorScheme,
        viewport: { width, height: 900 },
        extraHTTPHeaders: HEADERS,
      });
      await page.goto(base);
      // What needs somebody is asked for anew every five seconds, and a charge counts once its time is over.
      await expectTitle(page, base, '2 things need you');
      await check(page, `console-overview-${width}-${colorScheme}`);
      await page.getByRole('link', { name: 'Why' }).click();
      expect(await page.locator('main').textContent()).toContain('What to do');
      await check(page, `console-signin-${width}-${colorScheme}`);
      await page.goto(base);
      await page.getByRole('link', { name: 'Decide…' }).click();
      expect(await page.locator('h1').textContent()).toContain('Was cld-1 charged 325.00 AUD?');
      await check(page, `console-charge-${width}-${colorScheme}`);
      for (const path of [
        'sign-ins',
        'dead-letters',
        'charges',
        'marketplaces',
        'sessions',
        'health',
        'audit',
      ]) {
        await page.goto(`${base}/${path}`);
        await check(page, `console-${path}-${width}-${colorScheme}`);
      }
      expect(complaints).toEqual([]);
      await page.close();
    },
    120_000,
  );

  it('cannot be framed by another site', async () => {
    const { page } = await watchedPage(browser, { extraHTTPHeaders: HEADERS });
    await page.goto('about:blank');
    await page.setContent(`<iframe src="${base}"></iframe>`);
    await page.waitForTimeout(500);
    const frame = page.frames().find((one) => one !== page.mainFrame());
    expect(await frame?.locator('nav').count()).toBe(0);
    await page.close();
  });
});

async function expectTitle(page: Page, url: string, title: string): Promise<void> {
  const end = Date.now() + 30_000;
  for (;;) {
    await page.goto(url);
    if ((await page.locator('h1').textContent()) === title) return;
    if (Date.now() > end)
      throw new Error(`The title never was “${title}”: ${await page.locator('main').innerText()}`);
    await page.waitForTimeout(250);
  }
}
