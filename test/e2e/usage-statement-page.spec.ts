import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Browser, BrowserContextOptions } from 'playwright-core';

import { USAGE_STATEMENT_PAGE_POLICY, usageStatementPage } from '../../src/usage/index.js';
import type { UsageMeter } from '../../src/usage/meters/usage-meter.js';
import { chromiumPresent, launchChromium } from '../support/chromium.js';
import { UsageWorld } from '../support/usage/usage-world.js';
import { findings, overflow, picture, watchedPage } from './sandbox-pages-browser.js';

const WORD = 'Donaudampfschifffahrtselektrizitaetenhauptbetriebswerkbauunterbeamtengesel';
const HOSTILE = `<img src=x onerror=alert(1)>"'&\u202E${WORD}`;
const REF = { marketplace: 'one', group: 'cld-1', meter: 'sms' };
const LOOKS: readonly (readonly [string, BrowserContextOptions])[] = [
  ['light', { colorScheme: 'light' }],
  ['dark', { colorScheme: 'dark' }],
  ['forced', { forcedColors: 'active' }],
];

/** Pages of a company: a regular statement, corrections with a new price, and what is not closed yet. */
async function pagesOf(name: string): Promise<Readonly<Record<string, string>>> {
  const tiers = [
    { upTo: '500', unit: '0.05' },
    { unit: '0.04', flat: '2' },
  ];
  const meter: UsageMeter = {
    aggregate: 'sum',
    label: 'SMS',
    unitLabel: 'message',
    prices: { AUD: [{ model: 'graduated', tiers, minimum: '4.99' }] },
  };
  const world = new UsageWorld({ meters: { sms: meter }, now: '2026-10-31T00:00:00Z' });
  world.company = { name, zone: 'Australia/Sydney' };
  const record = async (id: string, at: string, quantity: number): Promise<void> =>
    void (await world.usage.record({ ...REF, id, at: new Date(at), quantity }));
  for (let day = 1; day <= 30; day += 1)
    await record(`d${day}`, `2026-10-${String(day).padStart(2, '0')}T03:00:00Z`, 7 + ((day * 13) % 29));
  await world.at('2026-11-05').usage.close();
  await record('late', '2026-10-30T10:00:00Z', 4);
  await record('new', '2026-11-04T10:00:00Z', 12);
  await world.at('2026-12-05').usage.close();
  const page = async (seq: number): Promise<string> => {
    const statement = await world.usage.statement({ ...REF, seq });
    const { from, to } = statement.period!;
    const days = await world.usage.usage(REF, new Date(from), new Date(to), 'day');
    return usageStatementPage(statement, { days });
  };
  const preview = await world.usage.preview(REF);
  return {
    '/regular': await page(1),
    '/late': await page(2),
    '/open': usageStatementPage(preview),
  };
}

(chromiumPresent ? describe : describe.skip)('the page of a statement, in a browser', () => {
  let browser: Browser;
  let server: Server;
  let url: string;
  let pages: Readonly<Record<string, string>>;

  beforeAll(async () => {
    pages = { ...(await pagesOf('Joinery Ltd')), '/hostile': (await pagesOf(HOSTILE))['/late']! };
    server = createServer((request, response) => {
      response.setHeader('content-type', 'text/html; charset=utf-8');
      response.setHeader('content-security-policy', USAGE_STATEMENT_PAGE_POLICY);
      response.end(pages[request.url ?? ''] ?? '');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    browser = await launchChromium();
  }, 60_000);
  afterAll(async () => {
    await browser?.close();
    server?.closeAllConnections();
    await new Promise((resolve) => (server ? server.close(resolve) : resolve(null)));
  });

  it.each(LOOKS)(
    'is accessible and fits, in %s',
    async (name, look) => {
      for (const [index, path] of Object.keys(pages).entries()) {
        const { page, complaints } = await watchedPage(browser, look);
        await page.goto(`${url}${path}`);
        for (const width of [320, 390, 1280]) {
          await page.setViewportSize({ width, height: 900 });
          expect({ path, width, over: await overflow(page) }).toEqual({ path, width, over: 0 });
          // Each page in one look.
          const isChecked = index % LOOKS.length === LOOKS.findIndex(([one]) => one === name);
          if (width === 390 && isChecked && path !== '/open') expect(await findings(page)).toEqual([]);
          await picture(page, `statement${path.replace('/', '-')}-${name}-${width}`);
        }
        expect(complaints.filter((one) => !one.includes('favicon'))).toEqual([]);
        await page.close();
      }
    },
    120_000,
  );

  it('says what was charged so that it can be computed again, and what came late', async () => {
    const { page } = await watchedPage(browser);
    await page.goto(`${url}/late`);
    const text = await page.evaluate<string>('document.body.innerText');
    expect(await page.evaluate<string>('document.querySelector("h1").innerText')).toBe(
      'SMS, November 2026, Joinery Ltd',
    );
    expect(text).toContain('1 November 2026 to 30 November 2026, time of Australia/Sydney');
    expect(text).toContain('12 × 0.05');
    expect(text).toContain('Up to the least amount of a period');
    expect(text).toContain('Correction of 1 October 2026 to 31 October 2026');
    expect(text).toContain(
      '1 record of 1 October 2026 to 31 October 2026 reached us after that period was closed.',
    );
    expect(text).toMatch(/Digest\s+[0-9a-f]{16}\s/);
    await page.goto(`${url}/regular`);
    const regular = await page.evaluate<string>('document.body.innerText');
    expect(regular).toContain('Australia/Sydney, +10:00; from 4 October 2026 +11:00');
    await page.close();
  }, 60_000);

  it('prints on A4, usage by day on a page of its own', async () => {
    const { page } = await watchedPage(browser, { colorScheme: 'dark' });
    await page.goto(`${url}/regular`);
    const printed = (await page.pdf({ format: 'A4' })).toString('latin1');
    expect(printed.match(/\/Type\s*\/Page\b/g)!.length).toBeGreaterThanOrEqual(2);
    await page.emulateMedia({ media: 'print' });
    expect(await page.evaluate('getComputedStyle(document.querySelector(".newpage")).breakBefore')).toBe(
      'page',
    );
    await page.close();
  }, 60_000);
});
