import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Browser, BrowserContextOptions } from 'playwright-core';

import { type Launched, launch } from '../../sample/support/launch.js';
import { startSandbox } from '../../src/sandbox/index.js';
import { chromiumPresent, launchChromium } from '../support/chromium.js';
import { stormSize } from '../support/sizes.js';
import {
  findings,
  inlineParts,
  overflow,
  picture,
  watchedPage,
  type WatchedPage,
} from './sandbox-pages-browser.js';

const WORD = 'Donaudampfschifffahrtselektrizitaetenhauptbetriebswerkbauunterbeamtengesel';
const HOSTILE = `<img src=x onerror=alert(1)>"'&\u202E${WORD}`;

const WIDTHS = [320, 390, 768, 1280, 1920] as const;

/** A page, and the width at which it is looked at closely. */
interface Place {
  readonly name: string;
  readonly width: number;
}

const PATHS = [
  '/',
  '/logins',
  '/logins/new',
  '/companies',
  '/companies/new',
  '/companies/maestrano-uat/cld-1',
  '/bills',
  '/webhooks',
  '/webhooks/again',
  '/compose',
  '/compose?event=cancel',
  '/compose?event=leave',
  '/journal',
  '/records',
  '/marketplaces',
  '/marketplaces?check=maestrano-uat',
  '/marketplaces/confirm?marketplace=maestrano-uat&act=remove',
  '/faults',
  '/reset',
  '/nothing-here',
];

(chromiumPresent ? describe : describe.skip)('the pages of the sandbox in a browser', () => {
  let launched: Launched;
  let browser: Browser;
  let url: string;

  beforeAll(async () => {
    launched = await launch({ quiet: true });
    ({ url } = launched.sandbox);
    browser = await launchChromium();
    const { sandbox, appUrl } = launched;
    await sandbox.login(appUrl, { user: 'usr-1', group: 'cld-1' });
    for (const send of ['expired', 'wrong-audience']) await postAttempt(url, send);
    await sandbox.webhooks.deleteGroup('cld-of-nobody', { onlySend: true });
    await sandbox.webhooks.notify({ people: [{ id: 'p-1', group_id: 'cld-1', first_name: HOSTILE }] });
    await sandbox.webhooks.notify({ people: [] }, { credentials: 'wrong' });
    const month = new Date().toISOString().slice(0, 7);
    const days = Array.from({ length: 28 }, (_, index) => ({
      day: `${month}-${String(index + 1).padStart(2, '0')}`,
      quantity: String((index * 37) % 11),
    }));
    const usage = { group: 'cld-1', marketplace: 'maestrano-uat', meter: 'sms', label: 'SMS', days };
    await fetch(`${url}/api/sandbox/v1/usage`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(usage),
    });
    for (const [label, number] of [
      ['SMS', 1],
      ['Documents', 1],
      ['SMS corrections from', 2],
    ] as const) {
      const description = `${label} ${month}-01 to ${month}-28 (statement ${number})`;
      sandbox.build.bill('maestrano-uat', 'cld-1', 2_500 * number, description, 1);
    }
    sandbox.build.group('maestrano-uat', { uid: 'cld-77', name: HOSTILE });
    sandbox.build.user('maestrano-uat', { uid: 'usr-77', name: HOSTILE, surname: HOSTILE });
    sandbox.build.member('maestrano-uat', 'usr-77', 'cld-77', 'Admin');
    sandbox.build.bill('maestrano-uat', 'cld-77', 1_500, HOSTILE, 3);
    sandbox.connec.write('people', { first_name: HOSTILE, last_name: WORD }, { group: 'cld-77' });
    sandbox.faults.next('POST account/bills', { status: 503 });
  }, 60_000);

  afterAll(async () => {
    await browser?.close();
    await launched?.close();
  });

  /** Has the sandbox carry a response with a defect, as the page of logins does. */
  async function postAttempt(base: string, send: string): Promise<void> {
    const page = await (await fetch(`${base}/logins/new`)).text();
    const csrf = /name="csrf" value="([^"]+)"/.exec(page)?.[1] ?? '';
    const fields = { csrf, marketplace: 'maestrano-uat', user: 'usr-1', group: 'cld-1', send };
    await fetch(`${base}/logins/attempt`, {
      method: 'POST',
      headers: { origin: base },
      body: new URLSearchParams(fields),
      redirect: 'manual',
    });
  }

  async function at(path: string, { page }: WatchedPage): Promise<void> {
    const response = await page.goto(url + path);
    expect({ path, status: response?.status() }).toEqual({
      path,
      status: path === '/nothing-here' ? 404 : 200,
    });
  }

  /** One page as somebody has it: nothing inline, nothing that a checker finds, in no window wider than it. */
  async function look(address: string, watched: WatchedPage, { name, width }: Place): Promise<void> {
    await watched.page.setViewportSize({ width, height: 900 });
    const response = await watched.page.goto(address);
    expect({ name, status: response?.status() }).toEqual({
      name,
      status: name.startsWith('/nothing-here') ? 404 : 200,
    });
    expect({ name, inline: await inlineParts(watched.page) }).toEqual({ name, inline: [] });
    await picture(watched.page, `${name.replaceAll(/\W+/g, '-')}-${width}`);
    expect({ name, width, found: await findings(watched.page) }).toEqual({ name, width, found: [] });
    for (const other of WIDTHS) {
      await watched.page.setViewportSize({ width: other, height: 900 });
      expect({ name, other, wider: await overflow(watched.page) }).toEqual({ name, other, wider: 0 });
    }
  }

  const LOOKS: readonly BrowserContextOptions[] = [
    { colorScheme: 'light' },
    { colorScheme: 'dark' },
    { colorScheme: 'light', forcedColors: 'active' },
  ];

  /** Each page in the next look and at the next width; all pages in all of them under `npm run storm`. */
  async function lookAtAll(base: string, paths: readonly string[]): Promise<void> {
    const isFull = stormSize(0, 1) === 1;
    for (const [turn, options] of LOOKS.entries()) {
      const watched = await watchedPage(browser, options);
      for (const [index, path] of paths.entries()) {
        if (!isFull && index % LOOKS.length !== turn) continue;
        for (const width of isFull ? WIDTHS : [WIDTHS[(index + turn) % WIDTHS.length]!])
          await look(base + path, watched, { name: path, width });
      }
      expect(watched.complaints).toEqual([]);
      await watched.page.context().close();
    }
  }

  it('has nothing an accessibility checker finds, and is never wider than its window', async () => {
    await lookAtAll(url, [
      ...PATHS,
      '/companies/maestrano-uat/cld-77',
      '/webhooks?open=delivery-3',
      '/journal/1',
      '/records?q=donau',
      '/logins?show=problems',
      '/bills?q=donau',
    ]);
  }, 240_000);

  it('shows usage on a phone in the dark', async () => {
    const watched = await watchedPage(browser, { colorScheme: 'dark' });
    await look(`${url}/companies/maestrano-uat/cld-1`, watched, { name: 'company-usage', width: 390 });
    const text = await watched.page.evaluate<string>('document.body.innerText');
    expect(text).toContain('SMS by day');
    expect(text).toContain('Cost of usage by month');
    expect(watched.complaints).toEqual([]);
    await watched.page.context().close();
  }, 60_000);

  it.each([
    ['empty', ['/', '/logins', '/companies', '/bills', '/webhooks', '/compose', '/journal', '/records']],
    ['many-groups', ['/companies', '/logins/new', '/companies?q=zzz', '/records', '/compose']],
  ] as const)(
    'keeps that in the scenario %s',
    async (scenario, paths) => {
      const sandbox = await startSandbox({ scenario });
      try {
        await lookAtAll(sandbox.url, paths);
      } finally {
        await sandbox.close();
      }
    },
    120_000,
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
