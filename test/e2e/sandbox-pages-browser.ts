import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

import type { Browser, BrowserContextOptions, Page } from 'playwright-core';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** A browser's page that notes what its content policy stopped, and every error of its scripts. */
export interface WatchedPage {
  readonly page: Page;
  readonly complaints: string[];
}

/** Opens a page as a person with these settings has it. */
export async function watchedPage(
  browser: Browser,
  options: BrowserContextOptions = {},
): Promise<WatchedPage> {
  const page = await browser.newPage(options);
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error' && !/status of (?:4|5)\d\d/.test(message.text()))
      complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  return { page, complaints };
}

/** Rules of the checker whose outcome depends on colours. */
export const COLOUR_RULES: readonly string[] = ['color-contrast', 'link-in-text-block'];

/**
 * What an accessibility checker finds on the page, of any weight.
 *
 * @param rules those that are looked at; all by default.
 */
export async function findings(
  page: Page,
  { rules }: { readonly rules?: readonly string[] } = {},
): Promise<string[]> {
  // Through the debugger: the page's own content policy forbids foreign scripts, as it should.
  if (!(await page.evaluate<boolean>('typeof axe === "object"'))) await page.evaluate(axe);
  // What is in order is neither described nor sent: it is most of the work.
  const options = { resultTypes: ['violations'], ...(rules ? { runOnly: rules } : {}) };
  return page.evaluate<string[]>(`axe.run(${JSON.stringify(options)}).then(({ violations }) =>
    violations.map(({ id, nodes }) => id + ': ' + nodes.map(({ html }) => html.slice(0, 120)).join(' | ')))`);
}

/** How far the page is wider than its window, or a text than the frame that cuts it off; in pixels. */
export function overflow(page: Page): Promise<number> {
  return page.evaluate<number>(`(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    const cut = (frame) => frame && !['hidden', 'clip'].includes(getComputedStyle(frame).overflowX) ? cut(frame.parentElement) : frame;
    const wider = [...document.querySelectorAll('main *')]
      .filter((one) => one.checkVisibility() && [...one.childNodes].some((node) => node.nodeType === 3 && node.data.trim() !== ''))
      .filter((one) => !one.closest('.hidden, thead, svg, select, [aria-hidden=true]'))
      .map((one) => {
        const frame = cut(one.parentElement);
        if (!frame) return 0;
        const range = document.createRange();
        range.selectNodeContents(one);
        return range.getBoundingClientRect().right - frame.getBoundingClientRect().right;
      });
    return Math.max(scrollWidth - clientWidth, ...wider.map(Math.floor), 0);
  })()`);
}

/** What is wrong with the page that is open, in the dark and on a telephone. */
export async function darkPhoneFindings(
  page: Page,
): Promise<{ readonly wider: number; readonly found: string[] }> {
  await page.emulateMedia({ colorScheme: 'dark' });
  await page.setViewportSize({ width: 390, height: 900 });
  return { wider: await overflow(page), found: await findings(page) };
}

/** What a strict content policy would not run: inline styles, scripts and handlers, and addresses that are scripts. */
export function inlineParts(page: Page): Promise<string[]> {
  return page.evaluate<string[]>(`[...document.querySelectorAll('*')].flatMap((one) => [
    ...(one.matches('style, script:not([src])') ? ['<' + one.localName + '>'] : []),
    ...[...one.attributes].filter(({ name, value }) => name === 'style' || name.startsWith('on') || /^\\s*(javascript|data|vbscript):/i.test(value)).map(({ name, value }) => name + '=' + value),
  ])`);
}

/** Keeps a picture of the page where TEST_ARTIFACTS says. */
export async function picture(page: Page, name: string): Promise<void> {
  const folder = process.env['TEST_ARTIFACTS'];
  if (!folder) return;
  mkdirSync(folder, { recursive: true });
  await page.screenshot({ path: join(folder, `${name.replaceAll(/[^\w.-]+/g, '-')}.png`), fullPage: true });
}
