import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';

import { type Launched, launch } from '../../sample/support/launch.js';
import { chromiumPresent, launchChromium } from '../support/chromium.js';
import { stormSize } from '../support/sizes.js';
import { tabThrough, waysOn } from './pages-walk.js';
import { overflow, picture, watchedPage } from './sandbox-pages-browser.js';
import { fillSandbox, PATHS, WIDTHS, WORD } from './sandbox-pages-world.js';

/** Pages are documents, not downloads: the longest has fifty lines and their forms. */
const MAX_PAGE_BYTES = 120_000;
/** Milliseconds for a page of fifty lines out of all that are kept; the suite's machines are slower than a developer's. */
const MAX_PAGE_MS = 200;
/** The sum of layout shifts that is called good is 0.1; nothing here has a reason to move at all. */
const MAX_SHIFT = 0.01;

const IS_FULL = stormSize(0, 1) === 1;

/** Every sixth page, from another one on for each test; all of them under `npm run storm`. */
const some = (from: number): readonly string[] => PATHS.filter((_, index) => IS_FULL || index % 6 === from);
jest.setTimeout(stormSize(120_000, 600_000));

/** Words of ours, which are never endless. */
const OURS =
  'svg, script, textarea, option, button, .button, summary, label, th, time, kbd, .pill, .tag, .count, .num, .nowrap';

/** Smallest heights, pixels: on a screen with a mouse, and on a phone. */
const TARGETS = {
  wide: { button: 36, mini: 28, row: 36, nav: 32, field: 36 },
  phone: { button: 42, mini: 32, row: 42, nav: 44, field: 36 },
} as const;

// What was measured while the pages were drawn (the design kit's list), on the pages as they are.
(chromiumPresent ? describe : describe.skip)('the pages of the sandbox, measured', () => {
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

  async function eachPage(
    page: Page,
    look: (path: string) => Promise<void>,
    paths: readonly string[],
  ): Promise<void> {
    for (const path of paths) {
      await page.goto(url + path);
      await look(path);
    }
  }

  /** What reaches beyond the window, and is not in something that scrolls by itself. */
  function beyond(page: Page): Promise<string[]> {
    return page.evaluate<string[]>(`[...document.querySelectorAll('main *')]
      .filter((one) => one.getBoundingClientRect().right > innerWidth + 1)
      .map((one) => one.localName + '.' + one.className + ': ' + one.textContent.trim().slice(0, 60))`);
  }

  it('have targets that a finger finds, and a mouse', async () => {
    for (const [size, width] of [
      ['wide', 1280],
      ['phone', 390],
    ] as const) {
      const { page } = await watchedPage(browser, { viewport: { width, height: 900 } });
      await eachPage(
        page,
        async (path) => {
          const small = await page.evaluate<string[]>(`(() => {
          const least = ${JSON.stringify(TARGETS[size])};
          const kinds = [['mini', '.mini'], ['button', 'button:not(.mini), .button:not(.mini)'], ['row', 'a.row'], ['nav', '.side li a'], ['field', 'input:not([type=hidden]), select, textarea']];
          return kinds.flatMap(([kind, selector]) => [...document.querySelectorAll(selector)]
            .filter((one) => one.checkVisibility() && !one.matches('.copy'))
            .filter((one) => one.getBoundingClientRect().height < least[kind] - 0.5)
            .map((one) => kind + ' ' + Math.round(one.getBoundingClientRect().height) + ': ' + one.outerHTML.slice(0, 80)));
        })()`);
          expect({ path, size, small }).toEqual({ path, size, small: [] });
        },
        some(0),
      );
      await page.goto(url);
      if (size === 'phone') {
        await page.getByRole('link', { name: 'Menu', exact: true }).click();
        const heights = await page.evaluate<number[]>(
          `[...document.querySelectorAll('.side li a')].map((one) => one.getBoundingClientRect().height)`,
        );
        expect(Math.min(...heights)).toBeGreaterThanOrEqual(TARGETS.phone.nav - 0.5);
      }
      await page.context().close();
    }
  });

  it('move nothing while they come', async () => {
    const { page } = await watchedPage(browser, { viewport: { width: 1280, height: 900 } });
    await eachPage(
      page,
      async (path) => {
        const shift = await page.evaluate<number>(`new Promise((resolve) => {
        let sum = 0;
        new PerformanceObserver((list) => { for (const one of list.getEntries()) sum += one.value; })
          .observe({ type: 'layout-shift', buffered: true });
        requestAnimationFrame(() => requestAnimationFrame(() => resolve(sum)));
      })`);
        expect({ path, moves: shift > MAX_SHIFT ? shift : 0 }).toEqual({ path, moves: 0 });
      },
      some(1),
    );
    await page.context().close();
  });

  it('are no wider for an endless word in each of their texts', async () => {
    const { page } = await watchedPage(browser);
    const widths = IS_FULL ? WIDTHS : ([320, 1280] as const);
    await eachPage(
      page,
      async (path) => {
        await page.evaluate(`(() => {
        const texts = document.createTreeWalker(document.querySelector('main'), NodeFilter.SHOW_TEXT);
        for (let node = texts.nextNode(); node; node = texts.nextNode())
          if (node.data.trim() && !node.parentElement.closest('${OURS}')) node.data += ' ${WORD}';
      })()`);
        for (const width of widths) {
          await page.setViewportSize({ width, height: 900 });
          const culprits = (await overflow(page)) > 0 ? await beyond(page) : [];
          expect({ path, width, culprits }).toEqual({ path, width, culprits: [] });
        }
        await picture(page, `word-${path.replaceAll(/\W+/g, '-')}`);
      },
      some(2),
    );
    await page.context().close();
  });

  it('are gone through with the key Tab, and every stop shows itself', async () => {
    const widths = IS_FULL ? [390, 1280] : [1280];
    for (const width of widths) {
      const { page } = await watchedPage(browser, { viewport: { width, height: 900 } });
      await eachPage(
        page,
        async (path) => {
          const { missed, unseen, stops } = await tabThrough(page);
          expect({ path, missed, unseen }).toEqual({ path, missed: [], unseen: [] });
          expect(stops).toBeGreaterThan(5);
        },
        some(3),
      );
      await page.context().close();
    }
  });

  it('lead somewhere by every link and every form, without a script', async () => {
    const { page } = await watchedPage(browser, { javaScriptEnabled: false });
    const links = new Set<string>();
    const posts = new Map<string, string>();
    const searches = new Set<string>();
    await eachPage(
      page,
      async (path) => {
        const { links: found, dangling, forms, dead } = await waysOn(page);
        expect({ path, dangling, dead }).toEqual({ path, dangling: [], dead: [] });
        for (const link of found) links.add(link);
        for (const { method, action, fields, others, hasButton } of forms) {
          expect({ path, action, hasButton }).toEqual({ path, action, hasButton: true });
          if (method === 'get')
            searches.add(
              `${action}?${new URLSearchParams([...fields].map(([name, value]) => [name, value])).toString()}`,
            );
          else {
            expect({ path, action, token: fields.some(([name]) => name === 'csrf') }).toEqual({
              path,
              action,
              token: true,
            });
            for (const to of [action, ...others]) posts.set(to, path);
          }
        }
      },
      PATHS,
    );
    const headers = { accept: 'text/html' };
    for (const link of [...links, ...searches]) {
      const { status } = await fetch(url + link, { headers, redirect: 'manual' });
      expect({ link, status }).toEqual({ link, status: link.startsWith('/nothing-here') ? 404 : 200 });
    }
    // Turned away for want of the token, by something that is there.
    for (const [action, path] of posts) {
      const { status } = await fetch(url + action, { method: 'POST', headers, redirect: 'manual' });
      expect({ path, action, status }).toEqual({ path, action, status: 403 });
    }
    expect(links.size).toBeGreaterThan(100);
    expect(posts.size).toBeGreaterThan(15);
    await page.context().close();
  });

  it('are small, and made quickly', async () => {
    const slow: string[] = [];
    for (const path of PATHS) {
      let best = Number.POSITIVE_INFINITY;
      let size = 0;
      for (let turn = 0; turn < 5 && best > MAX_PAGE_MS; turn += 1) {
        const response = await fetch(url + path, { headers: { accept: 'text/html' } });
        const took = /dur=([\d.]+)/.exec(response.headers.get('server-timing') ?? '')?.[1];
        size = (await response.text()).length;
        // What is not there is no page of a controller.
        best = Math.min(best, took === undefined ? 0 : Number(took));
      }
      if (best > MAX_PAGE_MS || size > MAX_PAGE_BYTES) slow.push(`${path}: ${best} ms, ${size} bytes`);
    }
    expect(slow).toEqual([]);
  }, 60_000);

  it('fold away what is not read on paper', async () => {
    const { page } = await watchedPage(browser, { viewport: { width: 1280, height: 900 } });
    await page.goto(`${url}/bills`);
    await page.emulateMedia({ media: 'print' });
    for (const gone of ['.side', '.where', '.filters', '.chips', '.keys', '.pager', '.head .actions'])
      expect({ gone, shown: await page.locator(`${gone}:visible`).count() }).toEqual({ gone, shown: 0 });
    expect(await page.locator('table.data:visible').count()).toBeGreaterThan(0);
    await page.context().close();
  });

  it('begin in the opened menu with the way out of it, and know their keys', async () => {
    const { page } = await watchedPage(browser, { viewport: { width: 390, height: 800 } });
    await page.goto(url);
    await page.getByRole('link', { name: 'Menu', exact: true }).focus();
    await page.keyboard.press('Enter');
    await page.waitForURL(/#menu$/);
    await page.keyboard.press('Tab');
    expect(await page.evaluate('document.activeElement.textContent')).toBe('Close menu');
    await page.keyboard.press('Enter');
    await page.waitForURL(/#content$/);
    expect(await page.locator('.side:visible').count()).toBe(0);
    await page.setViewportSize({ width: 1280, height: 900 });
    await page.goto(`${url}/webhooks`);
    await page.keyboard.press('j');
    await page.keyboard.press('j');
    const second = `[...document.querySelectorAll('a.row')].indexOf(document.activeElement)`;
    expect(await page.evaluate(second)).toBe(1);
    await page.keyboard.press('t');
    const exact = await page.evaluate<string>(
      `getComputedStyle(document.querySelector('time[data-exact]'), '::before').content`,
    );
    expect(exact).toMatch(/\d{2}:\d{2}:\d{2}/);
    await page.context().close();
  });
});
