import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';

import { chromiumPresent, launchChromium } from '../support/chromium.js';
import { Operator } from '../support/console.js';
import { type ConsoleWorld, consoleWorld } from '../support/console-world.js';
import { stormSize } from '../support/sizes.js';
import { findings, inlineParts, overflow, picture, watchedPage } from './sandbox-pages-browser.js';

const HEADERS = { 'x-staff': 'Ines Okafor=view,replay,money' };

const IN_EVERY_LOOK = stormSize(0, 1) === 1;

/** Numbers everything that a mouse could use, and notes what gets the focus. */
const MARK = `(() => {
  const usable = [...document.querySelectorAll('a[href], button:not([disabled]), input:not([type=hidden]), select, textarea, summary, [tabindex="0"]')]
    .filter((one) => one.checkVisibility({ visibilityProperty: true }) && !one.closest('details:not([open]) > :not(summary)'));
  usable.forEach((one, index) => { one.dataset.walked = index; });
  window.walk = { reached: new Set(), unseen: [] };
  document.addEventListener('focusin', ({ target }) => {
    if (target.dataset.walked === undefined) return;
    walk.reached.add(Number(target.dataset.walked));
    const { outlineStyle, outlineWidth } = getComputedStyle(target);
    const isRinged = outlineStyle !== 'none' && Number.parseFloat(outlineWidth) >= 2;
    if (!isRinged) walk.unseen.push('no ring: ' + target.outerHTML.slice(0, 120));
    // The browser scrolls to it once the focus is there.
    setTimeout(() => {
      const { top, bottom, width, height } = target.getBoundingClientRect();
      const isThere = width > 0 && height > 0 && bottom > 0 && top < innerHeight;
      if (!isThere && target === document.activeElement) walk.unseen.push('outside: ' + target.outerHTML.slice(0, 120));
    });
  });
  return usable.length;
})()`;

/** Tabs that stop at what only scrolls, and at the page itself. */
const SCROLLERS = 10;

/** What tabs alone do not reach, or reach without that it can be seen. */
async function walk(page: Page): Promise<{ readonly missed: string[]; readonly unseen: string[] }> {
  const many = await page.evaluate<number>(MARK);
  for (let n = 0; n < many + SCROLLERS; n += 1) await page.keyboard.press('Tab');
  return page.evaluate<{ missed: string[]; unseen: string[] }>(`({
    missed: [...document.querySelectorAll('[data-walked]')].filter((one) => !walk.reached.has(Number(one.dataset.walked))).map((one) => one.outerHTML.slice(0, 120)),
    unseen: walk.unseen,
  })`);
}

/** By tabs to a control of that name, which has the focus then. */
async function tabTo(page: Page, name: string): Promise<void> {
  for (let n = 0; n < 200; n += 1) {
    await page.keyboard.press('Tab');
    const found = await page.evaluate<string>(
      `(() => { const one = document.activeElement; return (one?.labels?.[0]?.textContent || one?.textContent || '').trim(); })()`,
    );
    if (found.startsWith(name)) return;
  }
  throw new Error(`No tab leads to “${name}” on ${page.url()}`);
}

(chromiumPresent ? describe : describe.skip)('every page of the console', () => {
  let browser: Browser;
  let world: ConsoleWorld;
  let pages: ReadonlyMap<string, string>;

  beforeAll(async () => {
    [browser, world] = await Promise.all([launchChromium(), consoleWorld()]);
    pages = await world.pages();
  }, 120_000);
  afterAll(async () => {
    await browser?.close();
    await world?.close();
  });

  const open = (options: { readonly javaScriptEnabled?: boolean; readonly width?: number } = {}) => {
    const { width = 1280, javaScriptEnabled = true } = options;
    return browser.newPage({
      extraHTTPHeaders: HEADERS,
      javaScriptEnabled,
      viewport: { width, height: 900 },
    });
  };
  const kindOf = (name: string): string => name.split(':')[0]!;
  const urlOf = (beginning: string): string =>
    [...pages].find(([name]) => name.startsWith(beginning))?.[1] ?? `no page ${beginning}`;

  it('is there', () => {
    expect([...new Set([...pages.keys()].map(kindOf))].toSorted()).toEqual([
      'audit',
      'charges',
      'charges/confirm',
      'charges/undecided',
      'dead-letters',
      'dead-letters/confirm',
      'dead-letters/discard',
      'dead-letters/letter',
      'deliveries',
      'deliveries/delivery',
      'health',
      'marketplaces',
      'overview',
      'sessions',
      'sessions/confirm',
      'sign-ins',
      'sign-ins/login',
      'synchronization',
      'synchronization/company',
      'synchronization/plan',
      'synchronization/record',
      'usage',
      'usage/company',
      'usage/confirm',
      'usage/correct',
      'usage/statement',
    ]);
  });

  it('says the same as data, and shows markup as text', async () => {
    const operator = new Operator(world.base);
    for (const [name, url] of pages) {
      const { text, status } = await operator.open(url);
      expect([name, status, /<b>Donau|<Werkstatt>/.test(text)]).toEqual([name, 200, false]);
      const sent = await operator.open(`${url}${url.includes('?') ? '&' : '?'}format=json`);
      const { title, data } = JSON.parse(sent.text) as { title: unknown; data: unknown };
      expect([name, typeof title, typeof data]).toEqual([name, 'string', 'object']);
    }
  });

  it.each([
    ['light', 1280, 0],
    ['dark', 390, 1],
  ] as const)(
    'has nothing an accessibility checker finds, nothing inline, and no line too wide: %s at %i',
    async (colorScheme, width, turn) => {
      const { page, complaints } = await watchedPage(browser, {
        colorScheme,
        viewport: { width, height: 900 },
        extraHTTPHeaders: HEADERS,
      });
      for (const [index, [name, url]] of [...pages].entries()) {
        // In the suite each page in one look.
        if (!IN_EVERY_LOOK && index % 2 !== turn) continue;
        await page.goto(url);
        expect({ name, inline: await inlineParts(page) }).toEqual({ name, inline: [] });
        expect({ name, wider: await overflow(page) }).toEqual({ name, wider: 0 });
        await picture(page, `console ${name} ${width} ${colorScheme}`.replaceAll(/\W+/g, '-').slice(0, 100));
        expect({ name, found: await findings(page) }).toEqual({ name, found: [] });
      }
      expect(complaints).toEqual([]);
      await page.close();
    },
    600_000,
  );

  it('is reached with tabs alone, everything on it, and one sees where one is', async () => {
    const page = await open();
    for (const [name, url] of pages) {
      await page.goto(url);
      expect({ name, ...(await walk(page)) }).toEqual({ name, missed: [], unseen: [] });
    }
    await page.close();
  }, 600_000);

  it('skips to its content, and opens its menu where it is narrow', async () => {
    const page = await open({ width: 390 });
    // Both are the frame's: in the suite one page of each kind shows them.
    const seen = new Set<string>();
    for (const [name, url] of pages) {
      if (!IN_EVERY_LOOK && seen.has(kindOf(name))) continue;
      seen.add(kindOf(name));
      await page.goto(url);
      await page.keyboard.press('Tab');
      const skip = page.getByRole('link', { name: 'Skip to content' });
      expect({ name, isSeen: (await skip.boundingBox())!.y >= 0 }).toEqual({ name, isSeen: true });
      await page.keyboard.press('Enter');
      // The next thing is within the content.
      await page.keyboard.press('Tab');
      const isWithin = await page.evaluate<boolean>(`document.activeElement.closest('main') !== null`);
      expect({ name, isWithin }).toEqual({ name, isWithin: true });
    }
    await page.goto(world.base);
    await tabTo(page, 'Menu');
    await page.keyboard.press('Enter');
    await tabTo(page, 'Close menu');
    await tabTo(page, 'Audit log');
    await page.keyboard.press('Enter');
    await page.waitForURL(/\/audit$/);
    await page.close();
  }, 600_000);

  it.each([
    ['with script', true],
    ['without script', false],
  ])(
    'takes what is typed and pressed, %s',
    async (_, javaScriptEnabled) => {
      const page = await open({ javaScriptEnabled });
      const words = async (): Promise<string> =>
        (await page.locator('main').innerText()).replaceAll(/\s+/g, ' ');
      // A form that looks for somebody.
      await page.goto(`${world.base}/sign-ins`);
      await tabTo(page, 'By person');
      await page.keyboard.press('Enter');
      await tabTo(page, 'Id or address of the person');
      await page.keyboard.type('nobody@harbour.example');
      await page.keyboard.press('Enter');
      await page.waitForURL(/did=/);
      expect(await words()).toContain('No sign-in matches');
      // A list that is narrowed.
      await page.goto(`${world.base}/audit`);
      await tabTo(page, 'Person, company or text');
      await page.keyboard.type('Looked');
      await page.keyboard.press('Enter');
      await page.waitForURL(/q=Looked/);
      // Masked values.
      await page.goto(urlOf('synchronization/record: Which phone'));
      await tabTo(page, 'Show values');
      await page.keyboard.press('Enter');
      await page.waitForURL(/did=/);
      expect(await words()).toContain('Values are shown to you for five minutes');
      // A confirmation, with the space bar.
      await page.goto(`${world.base}/dead-letters`);
      await tabTo(page, 'Send again…');
      await page.keyboard.press('Enter');
      await page.waitForURL(/confirm/);
      await tabTo(page, 'Send 1 again');
      await page.keyboard.press('Space');
      await page.waitForURL(/did=/);
      expect(await words()).toContain('1 of 1 sent again');
      // And the way out of one.
      await page.goto(urlOf('sessions/confirm'));
      await tabTo(page, 'Leave');
      await page.keyboard.press('Enter');
      await page.waitForURL(/\/sessions(?:\?|$)/);
      await page.close();
    },
    120_000,
  );

  it('cannot be framed by another site', async () => {
    const page = await open();
    await page.setContent(`<iframe src="${world.base}"></iframe>`);
    await page.waitForTimeout(500);
    const frame = page.frames().find((one) => one !== page.mainFrame());
    expect(await frame?.locator('nav').count()).toBe(0);
    await page.close();
  });
});
