import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { type Sandbox, SandboxBrowser, startSandbox } from '../../src/sandbox/index.js';
import { readPostedForm } from '../../src/sandbox/login/sandbox-login.js';
import { type BootedApp, HTTP_ADAPTERS } from '../support/http-adapters.js';
import { bootSsoApp } from './sso-app.js';

describe.each(HTTP_ADAPTERS)('several tabs of one browser, on %s', (httpAdapter) => {
  let sandbox: Sandbox;
  let app: BootedApp;

  beforeAll(async () => {
    sandbox = await startSandbox({ scenario: 'two-marketplaces' });
    app = await bootSsoApp(httpAdapter, sandbox, { options: { defaultMarketplace: 'alpha' } });
  });
  afterAll(async () => {
    await app.close();
    await sandbox.close();
  });

  const init = (query = '') => `${app.url}/maestrano/auth/saml/init/alpha${query}`;

  /** Goes as far as the identity provider's form. */
  async function atTheProvider(browser: SandboxBrowser, query: string, group = 'cld-1') {
    const page = await browser.get(init(query), (url) =>
      url.startsWith(`${sandbox.url}/api/v1/auth/saml?`)
        ? `${url}&user_uid=usr-1${url.includes('group_id=') ? '' : `&group_id=${group}`}`
        : url,
    );
    return readPostedForm(page.body)!;
  }

  /** Posts the form as the browser would; the first response. */
  async function post(
    browser: SandboxBrowser,
    form: { action: string; samlResponse: string },
    cookie?: string,
  ) {
    const response = await fetch(form.action, {
      method: 'POST',
      redirect: 'manual',
      headers: { accept: 'text/html', cookie: cookie ?? browser.jar.header(new URL(app.url)) },
      body: new URLSearchParams({ SAMLResponse: form.samlResponse }),
    });
    browser.jar.store(new URL(app.url), response.headers.getSetCookie());
    return response;
  }

  const visit = (browser: SandboxBrowser, url: string) =>
    fetch(new URL(url, app.url), {
      redirect: 'manual',
      headers: { accept: 'text/html', cookie: browser.jar.header(new URL(app.url)) },
    });

  it('that are restored at once all get in', async () => {
    const browser = new SandboxBrowser();
    const forms = [];
    for (let tab = 1; tab <= 8; tab += 1)
      forms.push(await atTheProvider(browser, `?return_to=/me%3Ftab=${tab}`));
    const ends = [];
    for (const form of forms) {
      const { status, headers } = await post(browser, form);
      ends.push([status, headers.get('location')]);
    }
    expect(ends).toEqual(Array.from({ length: 8 }, (_, tab) => [303, `/me?tab=${tab + 1}`]));
  });

  it('one of which sent its response twice goes on where it was going', async () => {
    const browser = new SandboxBrowser();
    const form = await atTheProvider(browser, '?return_to=/me%3Ftab=9');
    const before = browser.jar.header(new URL(app.url));
    expect((await post(browser, form)).status).toBe(303);
    const again = await post(browser, form, before);
    const location = again.headers.get('location')!;
    expect([again.status, location]).toEqual([303, expect.stringMatching(/\/init\/alpha\?.*resume=/)]);
    const resumed = await visit(browser, location);
    expect([resumed.status, resumed.headers.get('location')]).toEqual([302, '/me?tab=9']);
    // Once more within the minute: the page, as ever.
    expect((await post(browser, form, `${before}; ${browser.jar.header(new URL(app.url))}`)).status).toBe(
      401,
    );
  });

  it.each([
    ['nobody is signed in', async () => new SandboxBrowser()],
    [
      'the session is older',
      async () => {
        const { browser } = await sandbox.login(app.url, { params: { return_to: '/me' } });
        return browser;
      },
    ],
  ])('begins again where %s', async (_why, make) => {
    const browser = await make();
    const form = await atTheProvider(browser, '?return_to=/me');
    // Another browser uses it up: nothing of it reaches this one.
    const before = browser.jar.header(new URL(app.url));
    await post(new SandboxBrowser(), form, before);
    const location = (await post(browser, form, before)).headers.get('location')!;
    expect(location).toContain('resume=');
    const resumed = await visit(browser, location);
    expect(resumed.headers.get('location')).toContain('SAMLRequest=');
  });

  it('begins again where the session is of another company than the login asked for', async () => {
    const browser = new SandboxBrowser();
    const other = await atTheProvider(browser, '?return_to=/me&group_id=cld-2');
    const before = browser.jar.header(new URL(app.url));
    await post(new SandboxBrowser(), other, before);
    const { status } = await post(browser, await atTheProvider(browser, '?return_to=/me', 'cld-1'));
    expect(status).toBe(303);
    const location = (await post(browser, other, before)).headers.get('location')!;
    const resumed = await visit(browser, location);
    expect(resumed.headers.get('location')).toContain('SAMLRequest=');
  });

  it('tells a site that posts a response nothing of who is signed in', async () => {
    const { browser } = await sandbox.login(app.url, { params: { return_to: '/me' } });
    const form = { action: `${app.url}/maestrano/auth/saml/consume/alpha`, samlResponse: 'nonsense' };
    const [signedIn, stranger] = await Promise.all([post(browser, form), post(new SandboxBrowser(), form)]);
    expect([signedIn.status, stranger.status]).toEqual([400, 400]);
  });
});
