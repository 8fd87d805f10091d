import { expect } from '@jest/globals';
import type { Browser, BrowserContextOptions } from 'playwright-core';

import { stormSize } from '../support/sizes.js';
import { tabThrough, waysOn } from './pages-walk.js';
import { findings, inlineParts, overflow, picture, watchedPage } from './sandbox-pages-browser.js';
import { LOOKS, WIDTHS } from './sandbox-pages-world.js';

/** Widths of the suite. */
const NARROW_TO_WIDE = [320, 390, 1280] as const;

/** Pages of an application, and who looks at them. */
export interface SamplePages {
  /** Without trailing slash. */
  readonly base: string;
  readonly paths: readonly string[];
  /** Value of a `Cookie` header; nobody is signed in without it. */
  readonly cookie?: string;
  /** Of its pictures. */
  readonly name: string;
}

/**
 * Looks at the pages of a sample as a vendor's customers have them: light, dark, forced colours, at every width, by the key
 * Tab alone, without a script. In the suite each page in one look; all of them under `npm run storm`.
 */
export async function lookAtSamplePages(browser: Browser, pages: SamplePages): Promise<void> {
  const { base, paths, cookie, name } = pages;
  const headers: Record<string, string> = cookie ? { cookie } : {};
  const isFull = stormSize(0, 1) === 1;
  const links = new Set<string>();
  for (const [turn, look] of LOOKS.entries()) {
    const options: BrowserContextOptions = { ...look, extraHTTPHeaders: headers };
    const watched = await watchedPage(browser, options);
    const plain = await watchedPage(browser, { ...options, javaScriptEnabled: false });
    for (const [index, path] of paths.entries()) {
      if (!isFull && index % LOOKS.length !== turn) continue;
      const { page } = watched;
      const status = (await page.goto(base + path))?.status();
      expect({ path, status, at: new URL(page.url()).pathname }).toEqual({ path, status: 200, at: path });
      expect({ path, inline: await inlineParts(page) }).toEqual({ path, inline: [] });
      for (const width of isFull ? WIDTHS : NARROW_TO_WIDE) {
        await page.setViewportSize({ width, height: 900 });
        expect({ path, width, wider: await overflow(page) }).toEqual({ path, width, wider: 0 });
        if (isFull || width === [390, 1280, 320][turn]) {
          await picture(page, `${name}${path.replaceAll(/\W+/g, '-')}-${width}-${turn}`);
          expect({ path, width, found: await findings(page) }).toEqual({ path, width, found: [] });
        }
      }
      const { missed, unseen } = await tabThrough(page);
      expect({ path, missed, unseen }).toEqual({ path, missed: [], unseen: [] });
      await plain.page.goto(base + path);
      const ways = await waysOn(plain.page);
      expect({ path, dead: ways.dead, dangling: ways.dangling }).toEqual({ path, dead: [], dangling: [] });
      for (const { action, hasButton } of ways.forms)
        expect({ path, action, hasButton }).toEqual({ path, action, hasButton: true });
      for (const link of ways.links) links.add(link);
    }
    expect({ name, complaints: watched.complaints }).toEqual({ name, complaints: [] });
    await watched.page.context().close();
    await plain.page.context().close();
  }
  for (const link of links) {
    const { status } = await fetch(base + link, { headers, redirect: 'manual' });
    expect({ link, isThere: status < 400 }).toEqual({ link, isThere: true });
  }
}
