import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type BrowserContext, chromium, type Page } from 'playwright-core';

import { type Sandbox, startSandbox } from '../../src/sandbox/index.js';
import { CHROMIUM, chromiumPresent } from '../support/chromium.js';
import { type BootedApp, HTTP_ADAPTERS } from '../support/http-adapters.js';
import { findings } from './sandbox-pages-browser.js';
import { SESSION_LIBRARIES } from './session-libraries.js';
import { bootSsoApp } from './sso-app.js';

/** A site of somebody else: shows any page, sets a cookie, and notes which cookies come with its requests. */
class OtherSite {
  readonly cookies: string[] = [];
  page = 'nothing here';
  readonly #server: Server = createServer((request, response) => {
    this.cookies.push(request.headers.cookie ?? '');
    response.setHeader('Set-Cookie', 'tracker=1; SameSite=None; Secure; Path=/');
    response.setHeader('Content-Type', 'text/html');
    response.end(this.page);
  });

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, 'localhost', resolve));
    return `http://localhost:${(this.#server.address() as AddressInfo).port}`;
  }

  stop(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}

// Application and identity provider are on two sites (127.0.0.1 and localhost), so the rules of SameSite are real ones.
(chromiumPresent ? describe : describe.skip).each(HTTP_ADAPTERS)(
  'in Chromium, application on %s',
  (httpAdapter) => {
    const other = new OtherSite();
    let otherUrl: string;
    let sandbox: Sandbox;
    let app: BootedApp;
    let profile: string;
    let context: BrowserContext;
    let page: Page;

    beforeAll(async () => {
      otherUrl = await other.start();
      sandbox = await startSandbox({ scenario: 'two-marketplaces', host: 'localhost' });
      app = await bootSsoApp(httpAdapter, sandbox, {
        options: { defaultMarketplace: 'alpha' },
      });
      profile = mkdtempSync(join(tmpdir(), 'nestjs-maestrano-chromium-'));
      mkdirSync(join(profile, 'Default'));
      const preferences = { profile: { cookie_controls_mode: 1, block_third_party_cookies: true } };
      writeFileSync(join(profile, 'Default', 'Preferences'), JSON.stringify(preferences));
      context = await chromium.launchPersistentContext(profile, {
        ...CHROMIUM,
      });
    });
    beforeEach(async () => {
      await context.clearCookies();
      page = await context.newPage();
    });
    afterEach(async () => {
      await Promise.all(
        context
          .pages()
          .slice(1)
          .map((tab) => tab.close()),
      );
    });
    afterAll(async () => {
      await context?.close();
      rmSync(profile, { recursive: true, force: true });
      await app?.close();
      await sandbox?.close();
      other.stop();
    });

    const text = (tab = page) => tab.locator('body').innerText();
    const cookieNames = async () =>
      (await context.cookies(app.url)).map(({ name }) => name.replace(/[0-9a-f]{16}$/, ''));

    /** Opens a page of the application and picks a person on the identity provider's page. */
    async function signIn(path: string, person: string, tab = page): Promise<void> {
      await tab.goto(app.url + path);
      expect(new URL(tab.url()).origin).toBe(sandbox.url);
      await tab.locator('a, button').filter({ hasText: person }).first().click();
      await tab.waitForURL(`${app.url}${path}`);
    }

    it('blocks the cookies of third parties', async () => {
      await page.goto(otherUrl);
      await page.goto(`${app.url}/public`);
      other.cookies.length = 0;
      await page.evaluate(
        (url) => fetch(url, { mode: 'no-cors', credentials: 'include' }).then(() => null),
        otherUrl,
      );
      expect(other.cookies).toEqual(['']);
      await page.goto(otherUrl);
      expect(other.cookies.at(-1)).toBe('tracker=1');
    });

    it('signs in, returns to the page asked for, and survives a reload', async () => {
      const posted = page.waitForRequest(
        (request) => request.method() === 'POST' && request.url().startsWith(app.url),
      );
      await signIn('/me?tab=bills', 'Alma One');
      expect(JSON.parse(await text())).toMatchObject({ user: 'usr-1', group: 'cld-1', marketplace: 'alpha' });
      // Only the binding cookie came with the cross-site POST.
      expect((await (await posted).allHeaders())['cookie']).toMatch(/^mno-login-[0-9a-f]{16}=[^;]+$/);
      expect(await cookieNames()).toEqual(['mno-session-']);
      await page.reload();
      expect(await text()).toContain('usr-1');
      expect(await page.evaluate('document.cookie')).toBe('');
    });

    it('does not bring the session along with the cross-site POST of a second login', async () => {
      await signIn('/me', 'Alma One');
      const posted = page.waitForRequest(
        (request) => request.method() === 'POST' && request.url().startsWith(app.url),
      );
      await page.goto(`${app.url}/maestrano/auth/saml/init/alpha?return_to=/me`);
      await page.locator('a, button').filter({ hasText: 'Alma Two' }).first().click();
      await page.waitForURL(`${app.url}/me`);
      expect((await (await posted).allHeaders())['cookie']).not.toContain('mno-session');
      expect(await text()).toContain('usr-2');
    });

    it('signs out, here and at the marketplace', async () => {
      await signIn('/me', 'Alma One');
      await page.goto(`${app.url}/sign-out`);
      expect(page.url()).toBe(`${sandbox.url}/app_logout?user_uid=usr-1`);
      expect(await cookieNames()).toEqual([]);
      await page.goto(`${app.url}/me`);
      expect(new URL(page.url()).origin).toBe(sandbox.url);
    });

    it('shows the door to a person who was removed', async () => {
      await signIn('/me', 'Alma Two');
      const [delivery] = await sandbox.webhooks.deleteGroupUser('cld-1', 'usr-2');
      expect(delivery?.status).toBe(200);
      await page.reload();
      expect(new URL(page.url()).origin).toBe(sandbox.url);
      expect(await cookieNames()).toEqual(['mno-login-']);
    });

    it('keeps two marketplaces in two tabs', async () => {
      const second = await context.newPage();
      await signIn('/of/alpha', 'Alma One');
      await signIn('/of/beta', 'Bruno One', second);
      expect(await text()).toBe('usr-1 through alpha');
      expect(await text(second)).toBe('usr-1 through beta');
      await Promise.all([page.reload(), second.reload()]);
      expect(await text()).toBe('usr-1 through alpha');
      expect(await text(second)).toBe('usr-1 through beta');
    });

    it('begins two logins in two tabs at the same time, and ends both', async () => {
      const second = await context.newPage();
      await Promise.all([page.goto(`${app.url}/of/alpha`), second.goto(`${app.url}/of/beta`)]);
      await second.locator('a, button').filter({ hasText: 'Bruno One' }).first().click();
      await second.waitForURL(`${app.url}/of/beta`);
      await page.locator('a, button').filter({ hasText: 'Alma One' }).first().click();
      await page.waitForURL(`${app.url}/of/alpha`);
      expect(await text()).toBe('usr-1 through alpha');
      expect(await text(second)).toBe('usr-1 through beta');
    });

    it('rejects a login that another site slips in', async () => {
      await page.goto(`${app.url}/me`);
      // The attacker began this login in a browser of his own.
      const response = await fetch(`${app.url}/maestrano/auth/saml/init/alpha`, { redirect: 'manual' });
      const provider = `${response.headers.get('location')}&user_uid=usr-1&group_id=cld-1`;
      const form = await (await fetch(provider)).text();
      const fields = /<form[\s\S]*?<\/form>/.exec(form)?.[0];
      expect(fields).toContain('SAMLResponse');
      other.page = `<body onload="document.forms[0].submit()">${fields}</body>`;
      await page.goto(otherUrl);
      await page.waitForURL(`${sandbox.url}/**`);
      expect(await cookieNames()).not.toContain('mno-session-');
    });

    it('shows a page that everybody can read and use when a login is rejected', async () => {
      other.page = `<body onload="document.forms[0].submit()">
      <form method="post" action="${app.url}/maestrano/auth/saml/consume/alpha">
      <input type="hidden" name="SAMLResponse" value="bm90aGluZw=="></form></body>`;
      const responded = page.waitForResponse((response) => response.url().startsWith(app.url));
      await page.goto(otherUrl);
      expect((await responded).status()).toBe(403);
      await page.waitForURL(`${app.url}/**`);
      expect(await page.getByRole('heading').innerText()).toBe('You are not signed in');
      expect(await page.evaluate("getComputedStyle(document.querySelector('.button')).color")).toBe(
        'rgb(255, 255, 255)',
      );
      expect(await findings(page)).toEqual([]);
      await page.getByRole('link', { name: 'Sign in again' }).click();
      await page.waitForURL(`${sandbox.url}/**`);
    });

    it("keeps two marketplaces in the application's own session", async () => {
      const library = SESSION_LIBRARIES.find(
        ({ name }) => /^(express-|@fastify\/)session$/.test(name) && name.includes(httpAdapter),
      );
      const own = app;
      app = await bootSsoApp(httpAdapter, sandbox, { prepare: (nest) => library?.prepare(nest) });
      await own.close();
      await signIn('/of/alpha', 'Alma One');
      await signIn('/of/beta', 'Bruno One');
      expect(await cookieNames()).toEqual([expect.stringMatching(/^(connect\.sid|sessionId)$/)]);
      for (const name of ['alpha', 'beta']) {
        await page.goto(`${app.url}/of/${name}`);
        expect(await text()).toBe(`usr-1 through ${name}`);
      }
    });
  },
);
