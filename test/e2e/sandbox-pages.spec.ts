import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Browser } from 'playwright-core';

import { type Launched, launch } from '../../sample/support/launch.js';
import { startSandbox } from '../../src/sandbox/index.js';
import { chromiumPresent, launchChromium } from '../support/chromium.js';
import { stormSize } from '../support/sizes.js';
import { findings, overflow, picture, watchedPage, type WatchedPage } from './sandbox-pages-browser.js';
import { lookAtPages } from './sandbox-pages-look.js';
import { fillSandbox, HOSTILE, PATHS, WIDTHS } from './sandbox-pages-world.js';

(chromiumPresent ? describe : describe.skip)('the pages of the sandbox in a browser', () => {
  let launched: Launched;
  let browser: Browser;
  let url: string;

  beforeAll(async () => {
    launched = await launch({ quiet: true });
    ({ url } = launched.sandbox);
    browser = await launchChromium();
    await fillSandbox(launched);
  }, 60_000);

  afterAll(async () => {
    await browser?.close();
    await launched?.close();
  });

  async function at(path: string, { page }: WatchedPage): Promise<void> {
    const response = await page.goto(url + path);
    expect({ path, status: response?.status() }).toEqual({
      path,
      status: path === '/nothing-here' ? 404 : 200,
    });
  }

  it(
    'has nothing an accessibility checker finds, and is never wider than its window',
    async () => {
      await lookAtPages(browser, url, PATHS);
    },
    stormSize(240_000, 900_000),
  );

  it('shows usage on a phone in the dark', async () => {
    const watched = await watchedPage(browser, { colorScheme: 'dark' });
    await watched.page.setViewportSize({ width: 390, height: 900 });
    await at('/companies/maestrano-uat/cld-1?part=usage', watched);
    expect(await findings(watched.page)).toEqual([]);
    const text = await watched.page.evaluate<string>('document.body.innerText');
    expect(text).toContain('SMS by day');
    expect(text).toContain('Cost of usage by month');
    expect(watched.complaints).toEqual([]);
    await watched.page.context().close();
  }, 60_000);

  it.each([
    [
      'empty',
      [
        '/',
        '/logins',
        '/companies',
        '/bills',
        '/webhooks',
        '/compose',
        '/journal',
        '/records',
        '/synchronization',
      ],
    ],
    [
      'many-groups',
      [
        '/companies',
        '/logins/new',
        '/companies?q=zzz',
        '/records',
        '/compose',
        '/bills',
        '/webhooks',
        '/journal',
        '/synchronization',
        '/companies/crowd/cld-1?part=events',
      ],
    ],
  ] as const)(
    'keeps that in the scenario %s',
    async (scenario, paths) => {
      const sandbox = await startSandbox({ scenario, appUrl: 'http://127.0.0.1:9' });
      if (scenario === 'many-groups') {
        for (let turn = 0; turn < 1_000; turn += 1) {
          sandbox.build.bill('crowd', 'cld-1', turn, `Bill ${turn}`, turn % 90);
          sandbox.connec.write('people', { last_name: `Person ${turn}` }, { group: 'cld-1' });
        }
        await sandbox.webhooks.notify({ people: [{ id: 'p-1', group_id: 'cld-1' }] }, { times: 1_000 });
      }
      try {
        await lookAtPages(browser, sandbox.url, paths);
      } finally {
        await sandbox.close();
      }
    },
    stormSize(240_000, 600_000),
  );

  it('names what was examined until a check failed, and what to do', async () => {
    const watched = await watchedPage(browser, { viewport: { width: 1280, height: 900 } });
    await at('/logins?q=expired', watched);
    const pane = watched.page.locator('.split .pane');
    await watched.page.locator('a.row').first().click();
    await pane.getByText('What was examined').waitFor();
    expect(await pane.locator('.checks li.fail').count()).toBe(1);
    expect(await pane.textContent()).toMatch(/not reached/);
    await picture(watched.page, 'login-rejected-1280');
    expect(await findings(watched.page)).toEqual([]);
    await watched.page.close();
  });

  it('shows what was sent at a login, readable', async () => {
    const watched = await watchedPage(browser, { viewport: { width: 1280, height: 900 } });
    await at('/logins?q=expired', watched);
    await watched.page.locator('a.row').first().click();
    const pane = watched.page.locator('.split .pane');
    await pane.getByRole('link', { name: 'What was sent' }).click();
    const text = (await pane.locator('#assertion').textContent()) ?? '';
    expect(text).toMatch(/^ {4}<Issuer>http[^<]+<\/Issuer>$/m);
    expect(text).toMatch(/<AttributeValue>usr-1<\/AttributeValue>/);
    expect(text).toMatch(/<ds:SignatureValue>[\w+/]{32}… \(\d+ characters\)</);
    for (const { ssoSession } of launched.sandbox.state.users) expect(text).not.toContain(ssoSession);
    expect(await watched.page.locator('.rows .day').first().textContent()).toMatch(/^Today, /);
    await watched.page.close();
  });

  it('shows an event as a command, at every width', async () => {
    const watched = await watchedPage(browser, {
      viewport: { width: 390, height: 900 },
      colorScheme: 'dark',
    });
    await at('/compose?event=own', watched);
    await watched.page.getByRole('button', { name: 'As a command' }).click();
    await watched.page.getByRole('heading', { name: 'The event as a command' }).waitFor();
    expect(await findings(watched.page)).toEqual([]);
    await picture(watched.page, 'compose-command-390');
    for (const width of WIDTHS) {
      await watched.page.setViewportSize({ width, height: 900 });
      expect({ width, wider: await overflow(watched.page) }).toEqual({ width, wider: 0 });
    }
    const sent = launched.sandbox.webhooks.deliveries.length;
    await watched.page.getByRole('button', { name: 'Send it' }).click();
    await watched.page.waitForURL(/\/webhooks\?/);
    expect(launched.sandbox.webhooks.deliveries).toHaveLength(sent + 1);
    expect(watched.complaints).toEqual([]);
    await watched.page.close();
  });

  it('shows markup, direction marks and endless words as what they are', async () => {
    const watched = await watchedPage(browser, { viewport: { width: 1280, height: 900 } });
    await at('/companies/maestrano-uat/cld-77', watched);
    expect(await watched.page.locator('h1').textContent()).toBe(HOSTILE);
    expect(await watched.page.locator('main img').count()).toBe(0);
    await watched.page.close();
  });

  it('tells failures apart in forced colours, and without animation', async () => {
    const { page } = await watchedPage(browser, {
      forcedColors: 'active',
      reducedMotion: 'reduce',
      viewport: { width: 1280, height: 900 },
    });
    await page.goto(`${url}/webhooks`);
    await picture(page, 'webhooks-forced');
    const [good, bad] = await page.evaluate<string[]>(
      `['.chart .f1', '.chart .fbad'].map((one) => getComputedStyle(document.querySelector(one)).fill)`,
    );
    expect(good).not.toBe(bad);
    await page.close();
  });

  it('works without script: menu, forms, times', async () => {
    const { page } = await watchedPage(browser, {
      javaScriptEnabled: false,
      viewport: { width: 390, height: 800 },
    });
    await page.goto(url);
    await page.getByRole('link', { name: 'Menu', exact: true }).click();
    await page
      .getByRole('navigation', { name: 'Main' })
      .getByRole('link', { name: 'Faults and clock' })
      .click();
    expect(await page.locator('[data-copy]:visible').count()).toBe(0);
    await page.getByRole('button', { name: 'A day later' }).click();
    expect(await page.getByRole('status').textContent()).toContain('It is');
    expect(launched.sandbox.clock.offsetMs).toBeGreaterThan(86_000_000);
    await page.getByRole('button', { name: "The machine's time" }).click();
    await page.goto(`${url}/journal`);
    await page.getByRole('link', { name: 'show exact ones' }).click();
    expect(page.url()).toContain('times=exact');
    await page.getByLabel('Part').selectOption('webhooks');
    await page.getByRole('button', { name: 'Apply' }).click();
    expect(new URL(page.url()).searchParams.get('part')).toBe('webhooks');
    await page.close();
  });

  it('is used by keys', async () => {
    const { page } = await watchedPage(browser, { viewport: { width: 1280, height: 900 } });
    await page.goto(`${url}/journal`);
    await page.keyboard.press('/');
    expect(await page.evaluate('document.activeElement.name')).toBe('q');
    await page.keyboard.press('Escape');
    await page.keyboard.press('j');
    await page.keyboard.press('j');
    const place = `[...document.querySelectorAll('.data tbody tr')].findIndex((one) => one.contains(document.activeElement))`;
    expect(await page.evaluate(place)).toBe(1);
    await page.keyboard.press('t');
    expect(await page.locator('body').getAttribute('class')).toContain('exact');
    await page.keyboard.press('Enter');
    await page.waitForURL(/journal\/\d+/);
    await page.goto(url);
    await page.keyboard.press('Tab');
    expect(await page.evaluate('document.activeElement.textContent')).toBe('Skip to content');
    await page.close();
  });

  it('tells of news without moving a row', async () => {
    const { page } = await watchedPage(browser, { viewport: { width: 1280, height: 900 } });
    await page.goto(`${url}/journal`);
    await page.locator('#live', { hasText: 'Live' }).filter({ hasNotText: 'Reload' }).waitFor();
    const first = page.locator('.data tbody tr').first();
    const before = await first.textContent();
    await launched.sandbox.webhooks.deleteGroup('cld-of-nobody', { onlySend: true });
    await page.getByRole('link', { name: 'Show 1 new line' }).waitFor();
    expect(await first.textContent()).toBe(before);
    await page.keyboard.press('n');
    await page.getByText('DELETE /maestrano').first().waitFor();
    await page.close();
  });

  it('starts again after it asked', async () => {
    const { page } = await watchedPage(browser, { viewport: { width: 1280, height: 900 } });
    await page.goto(url);
    await page.getByRole('link', { name: 'Start again…' }).click();
    expect(launched.sandbox.state.group('maestrano-uat', 'cld-77')).toBeDefined();
    await page.getByRole('button', { name: 'Start again' }).click();
    expect(await page.getByRole('status').first().textContent()).toContain('beginning');
    expect(launched.sandbox.state.group('maestrano-uat', 'cld-77')).toBeUndefined();
    await page.close();
  });
});
