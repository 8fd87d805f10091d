import { expect } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';

import { stormSize } from '../support/sizes.js';
import {
  COLOUR_RULES,
  findings,
  inlineParts,
  overflow,
  picture,
  watchedPage,
} from './sandbox-pages-browser.js';
import { LOOKS, WIDTHS } from './sandbox-pages-world.js';

/** One width of each layout that the stylesheet has: of a telephone, of a tablet, of a screen. */
const LAYOUTS: readonly number[] = [390, 768, 1280];

const IN_EVERY_LOOK = stormSize(0, 1) === 1;

/**
 * Looks at pages in every colour and window: nothing inline, nothing that an accessibility checker finds, in no window wider
 * than it. A page is opened once, and its window and colours change around it. In the suite each page has one look, and every
 * other one is given to the checker; under `npm run storm` each has all, with a script and without. The checker is a script
 * itself, so without one the windows alone are looked at.
 *
 * @param base without trailing slash.
 */
export async function lookAtPages(browser: Browser, base: string, paths: readonly string[]): Promise<void> {
  for (const javaScriptEnabled of IN_EVERY_LOOK ? [true, false] : [true]) {
    const watched = await watchedPage(browser, { javaScriptEnabled });
    for (const [index, path] of paths.entries()) {
      const status = (await watched.page.goto(base + path))?.status();
      expect({ path, status }).toEqual({ path, status: path.startsWith('/nothing-here') ? 404 : 200 });
      expect({ path, inline: await inlineParts(watched.page) }).toEqual({ path, inline: [] });
      await lookAtPage(watched.page, { path, index, javaScriptEnabled });
    }
    expect(watched.complaints).toEqual([]);
    await watched.page.context().close();
  }
}

interface OpenedPage {
  readonly path: string;
  /** Its place among the pages. */
  readonly index: number;
  readonly javaScriptEnabled: boolean;
}

/** The page that is open, in all windows; where it is in all colours, rules about anything else are checked in the first. */
async function lookAtPage(page: Page, { path, index, javaScriptEnabled }: OpenedPage): Promise<void> {
  const looks = IN_EVERY_LOOK ? LOOKS : [LOOKS[index % LOOKS.length]!];
  let checked: readonly number[] = [];
  if (javaScriptEnabled)
    checked = IN_EVERY_LOOK ? LAYOUTS : index % 2 === 0 ? [LAYOUTS[(index / 2) % LAYOUTS.length]!] : [];
  for (const width of WIDTHS) {
    await page.setViewportSize({ width, height: 900 });
    for (const [turn, look] of looks.entries()) {
      await page.emulateMedia({ forcedColors: 'none', ...look });
      const seen = { path, width, ...look, javaScriptEnabled };
      expect({ ...seen, wider: await overflow(page) }).toEqual({ ...seen, wider: 0 });
      if (!checked.includes(width)) continue;
      await picture(page, [path, width, ...Object.values(look), javaScriptEnabled].join('-'));
      const rules = turn === 0 ? {} : { rules: COLOUR_RULES };
      expect({ ...seen, found: await findings(page, rules) }).toEqual({ ...seen, found: [] });
    }
  }
}
