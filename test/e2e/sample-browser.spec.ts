import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';

import { type Launched, launch } from '../../sample/support/launch.js';
import { chromiumPresent, launchChromium } from '../support/chromium.js';
import { lookAtSamplePages } from './sample-pages-look.js';
import { findings, picture } from './sandbox-pages-browser.js';

const withChromium = chromiumPresent ? describe : describe.skip;

withChromium('the sample application and the sandbox in a browser', () => {
  let launched: Launched;
  let browser: Browser;
  let page: Page;

  beforeAll(async () => {
    launched = await launch({ quiet: true });
    browser = await launchChromium();
    page = await browser.newPage();
  }, 60_000);

  afterAll(async () => {
    await browser?.close();
    await launched?.close();
  });

  async function look(name: string): Promise<void> {
    await picture(page, name);
    expect({ name, found: await findings(page) }).toEqual({ name, found: [] });
  }

  it('signs a person in by keyboard alone, across two host names', async () => {
    expect(new URL(launched.appUrl).hostname).not.toBe(new URL(launched.sandbox.url).hostname);
    await page.goto(launched.appUrl);
    await look('sample-home');
    await page.getByRole('link', { name: 'Sign in with maestrano-uat' }).focus();
    await page.keyboard.press('Enter');
    await page.waitForURL(/auth\/saml/);
    await look('sign-in-person');
    await page.getByRole('link', { name: /Ben Okafor/ }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: /Which company/ }).waitFor();
    await look('sign-in-company');
    await page.getByRole('link', { name: /Joinery/ }).focus();
    await page.keyboard.press('Enter');
    await page.waitForURL(`${launched.appUrl}/dashboard`);
    expect(await page.locator('#user').textContent()).toBe('Ben Okafor');
    await look('sample-dashboard');
  }, 120_000);

  it('has pages for every window and colour, for keys alone, and without a script', async () => {
    const { sandbox, appUrl: base } = launched;
    const { cookieHeader: cookie } = await sandbox.login(base, { user: 'usr-1', group: 'cld-1' });
    await lookAtSamplePages(browser, { base, paths: ['/'], name: 'sample-01' });
    await lookAtSamplePages(browser, { base, paths: ['/dashboard'], cookie, name: 'sample-01' });
  }, 120_000);

  it('charges, and the sandbox shows the bill', async () => {
    await page.getByRole('button', { name: 'Charge 20.00' }).click();
    const billId = await page.getByRole('status').locator('strong').textContent();
    expect(billId).toMatch(/^bill-/);
    await page.goto(`${launched.sandbox.url}/bills`);
    const row = page.getByRole('row').filter({ hasText: billId ?? '' });
    expect(await row.first().textContent()).toContain('20.00 AUD');
    await look('bills');
  });

  it('finds the metadata of the sample in order', async () => {
    await page.goto(`${launched.sandbox.url}/marketplaces`);
    await page.getByRole('link', { name: 'Check metadata' }).first().click();
    await page.getByRole('heading', { name: /Metadata for maestrano-uat: in order/ }).waitFor();
    await look('metadata');
  });

  it('adds a person, and tells the application when somebody leaves', async () => {
    await page.goto(`${launched.sandbox.url}/companies/maestrano-uat/cld-1`);
    await page.getByText('Add a person').first().click();
    await page.getByLabel('First name').fill('Ada');
    await page.getByLabel('Last name').fill('<Lovelace>');
    await page.getByRole('button', { name: 'Add a person' }).click();
    expect(await page.getByRole('status').first().textContent()).toContain('Ada');
    expect(await page.getByRole('row').filter({ hasText: '<Lovelace>' }).count()).toBe(1);
    expect(await page.getByRole('row').filter({ hasText: 'Ana Kovač' }).count()).toBe(1);
    const ben = page.getByRole('row').filter({ hasText: 'Ben Okafor' });
    await ben.getByRole('link', { name: 'Remove…' }).click();
    await page.getByRole('button', { name: 'Take the person out' }).click();
    expect(await page.getByRole('status').first().textContent()).toContain('200');
    await page.goto(`${launched.appUrl}/dashboard`);
    expect(page.url()).not.toContain('/dashboard');
  });

  it('signs out of the application and of the marketplace', async () => {
    await page.context().clearCookies();
    await page.goto(`${launched.appUrl}/dashboard`);
    await page.getByRole('link', { name: 'Sign in with maestrano-uat' }).click();
    await page.getByRole('link', { name: /Clara/ }).click();
    await page.waitForURL(`${launched.appUrl}/dashboard`);
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('heading', { name: 'Signed out' }).waitFor();
    expect(new URL(page.url()).pathname).toBe('/app_logout');
    await page.goto(`${launched.appUrl}/dashboard`);
    expect(page.url()).not.toContain('/dashboard');
  });

  it('sends a notification, and rejects wrong credentials for it', async () => {
    await page.goto(`${launched.sandbox.url}/compose?event=own`);
    await page.getByRole('button', { name: 'Send' }).click();
    expect(await page.getByRole('status').first().textContent()).toContain('responded 200');
    await page.goto(`${launched.sandbox.url}/compose?event=own`);
    await page.getByText('How it is sent').click();
    await page.getByLabel('Credentials').selectOption('wrong');
    await page.getByRole('button', { name: 'Send' }).click();
    expect(await page.getByRole('status').first().textContent()).toContain('responded 401');
  });

  it('moves the clock, and makes the next charge fail', async () => {
    await page.goto(`${launched.sandbox.url}/faults`);
    await page.getByRole('button', { name: 'A day later' }).click();
    expect(launched.sandbox.clock.offsetMs).toBeGreaterThan(86_000_000);
    await page.getByRole('button', { name: "The machine's time" }).click();
    expect(launched.sandbox.clock.offsetMs).toBe(0);
    await page.getByRole('button', { name: 'Add', exact: true }).click();
    expect(await page.getByRole('row').filter({ hasText: 'POST account/bills' }).count()).toBe(1);
    await page.getByRole('button', { name: 'Clear' }).click();
    expect(launched.sandbox.faults.list()).toEqual([]);
  });

  it('lets no other website press its buttons', async () => {
    const response = await fetch(`${launched.sandbox.url}/faults/preset`, {
      method: 'POST',
      headers: { origin: 'https://elsewhere.example' },
      body: new URLSearchParams({ name: 'down' }),
      redirect: 'manual',
    });
    expect(response.status).toBe(403);
    expect(launched.sandbox.faults.list()).toEqual([]);
  });
});

withChromium('the five steps of the sandbox, with the sample', () => {
  let launched: Launched;
  let browser: Browser;

  beforeAll(async () => {
    launched = await launch({ quiet: true });
    browser = await launchChromium();
  }, 60_000);

  afterAll(async () => {
    await browser?.close();
    await launched?.close();
  });

  it('tick themselves off, each by what it offers', async () => {
    const page = await browser.newPage();
    const step = (title: string) => page.getByRole('listitem').filter({ hasText: title });
    const done = async (...titles: readonly string[]): Promise<void> => {
      await page.goto(launched.sandbox.url);
      await picture(page, `steps-${titles.length}`);
      const items = page.locator('.steps > li');
      expect(await items.count()).toBe(5);
      const ticked = await items.filter({ hasText: '(done)' }).locator('b').allTextContents();
      expect(ticked).toEqual(titles);
      await page.getByText(`${titles.length} of 5 done`).waitFor();
    };
    const atStart = ['Configuration fetched', 'Metadata matches'];
    await done(...atStart);
    await step('First login').getByRole('link', { name: 'Sign in' }).click();
    await page
      .getByRole('row')
      .filter({ hasText: 'Ben Okafor' })
      .getByRole('button', { name: 'Sign in' })
      .click();
    expect(await page.getByRole('status').first().textContent()).toContain('Ben Okafor: Signed in');
    await picture(page, 'steps-login');
    await done(...atStart, 'First login');
    await step('A company cancels').getByRole('link', { name: 'Cancel a company…' }).click();
    await page.getByRole('button', { name: /^Cancel / }).click();
    expect(await page.getByRole('status').first().textContent()).toContain('200');
    await done(...atStart, 'First login', 'A company cancels');
    await step('A record changes').getByRole('link', { name: 'Change an invoice' }).click();
    await page.getByRole('button', { name: 'Send' }).click();
    expect(await page.getByRole('status').first().textContent()).toContain('200');
    await done(...atStart, 'First login', 'A company cancels', 'A record changes');
  }, 60_000);
});
