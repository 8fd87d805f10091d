import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';

import { chromiumPresent, launchChromium } from '../support/chromium.js';
import { ROOT } from './source-files.js';

const INDEX = join(ROOT, 'artifacts', 'api', 'index.html');
const built = existsSync(INDEX);
if (!built) console.warn('Skipping the site of guides and API reference: it is not built (npm run docs).');

/** The site as somebody has it who unpacked it: files, no server. */
(built && chromiumPresent ? describe : describe.skip)('the site of guides and API reference, offline', () => {
  let browser: Browser;
  let page: Page;
  const elsewhere: string[] = [];

  beforeAll(async () => {
    browser = await launchChromium();
    page = await browser.newPage();
    page.on('request', (request) => {
      if (!/^(file|data|blob):/.test(request.url())) elsewhere.push(request.url());
    });
  }, 30_000);
  afterAll(() => browser?.close());

  it.each([
    ['a guide by its title', 'Recipes', 'Recipes'],
    ['a guide by a word in it', 'serverless', 'Recipes'],
    ['a class of the API', 'BillingService', 'BillingService'],
    ['a name of a subpath', 'startSandbox', 'startSandbox'],
  ])('finds %s', async (_what, words, title) => {
    await page.goto(pathToFileURL(INDEX).href);
    await page.keyboard.press('/');
    await page.locator('#tsd-search-input').pressSequentially(words);
    const found = page.locator('#tsd-search-results a').filter({ hasText: title });
    await found.first().waitFor();
    await found.first().click();
    await page.waitForURL((url) => url.pathname !== pathToFileURL(INDEX).pathname);
    expect(page.url()).toMatch(/^file:/);
    expect(await page.locator('h1').first().textContent()).toContain(title);
    expect(elsewhere).toEqual([]);
  });
});
