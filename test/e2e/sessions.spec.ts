import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';

import { type Sandbox, SandboxBrowser, startSandbox } from '../../src/sandbox/index.js';
import { readPostedForm } from '../../src/sandbox/login/sandbox-login.js';
import type { BootedApp } from '../support/http-adapters.js';
import { SESSION_LIBRARIES } from './session-libraries.js';
import { bootSsoApp } from './sso-app.js';
import { fakeDate } from '../support/fake-date.js';

const later = (minutes: number): void => {
  jest.setSystemTime(Date.now() + minutes * 60_000);
};

describe.each(SESSION_LIBRARIES)('sessions in $name on $httpAdapter', ({ httpAdapter, present, prepare }) => {
  let sandbox: Sandbox;
  let app: BootedApp;

  beforeAll(async () => {
    sandbox = await startSandbox({ scenario: 'two-marketplaces' });
    app = await bootSsoApp(httpAdapter, sandbox, { prepare, options: { defaultMarketplace: 'alpha' } });
  });
  beforeEach(() => {
    fakeDate();
    sandbox.journal.clear();
  });
  afterEach(() => {
    jest.useRealTimers();
  });
  afterAll(async () => {
    await app.close();
    await sandbox.close();
  });

  const open = (browser: SandboxBrowser, path = '/me') => browser.get(app.url + path);
  const checks = () =>
    sandbox.journal.find({ route: 'auth/saml/*' }).filter(({ url }) => url.includes('session='));
  const signIn = async (options: Parameters<Sandbox['login']>[1] = {}) => {
    const login = await sandbox.login(app.url, { params: { return_to: '/me' }, ...options });
    expect(login).toMatchObject({ status: 200, url: `${app.url}/me` });
    return login.browser;
  };
  const ask = (browser: SandboxBrowser | null, headers: Record<string, string> = {}) =>
    fetch(`${app.url}/me`, {
      redirect: 'manual',
      headers: { cookie: browser?.jar.header(new URL(app.url)) ?? '', ...headers },
    });

  it('sends pages to sign in and back, and programs get 401', async () => {
    const page = await ask(null, { accept: 'text/html' });
    expect(page.status).toBe(302);
    expect(page.headers.get('location')).toMatch(
      /\/maestrano\/auth\/saml\/init\/[\w-]+\?return_to=%2Fme&from=guard$/,
    );
    const data = await ask(null, { accept: 'application/json' });
    expect(data.status).toBe(401);
    expect(await data.json()).toMatchObject({
      code: 'session.none',
      signInUrl: expect.stringContaining('/init/'),
    });
    const script = await ask(null, { accept: 'text/html', 'x-requested-with': 'XMLHttpRequest' });
    expect(script.status).toBe(401);
  });

  it('remembers who signed in, and leaves the visitor before behind', async () => {
    const browser = new SandboxBrowser();
    await open(browser, '/public');
    const before = JSON.parse((await open(browser, '/public')).body) as object;
    expect(before).toEqual({ visits: present ? 2 : null });
    const cookiesBefore = new Set(Object.values(browser.jar.values(new URL(app.url))));
    await signIn({ browser });
    const page = await open(browser);
    expect(page.status).toBe(200);
    expect(JSON.parse(page.body)).toMatchObject({ user: 'usr-1', group: 'cld-1' });
    for (const value of Object.values(browser.jar.values(new URL(app.url))))
      expect(cookiesBefore).not.toContain(value);
    expect(JSON.parse((await open(browser, '/public')).body)).toEqual({ visits: present ? 1 : null });
    expect((await open(browser)).status).toBe(200);
  });

  it('begins anew even where the cookie of the session does come along', async () => {
    const browser = new SandboxBrowser();
    await open(browser, '/public');
    const page = await browser.get(`${app.url}/maestrano/auth/saml/init/alpha?return_to=/me`, (url) =>
      url.startsWith(`${sandbox.url}/api/v1/auth/saml?`) ? `${url}&user_uid=usr-1&group_id=cld-1` : url,
    );
    const form = readPostedForm(page.body);
    const before = browser.jar.header(new URL(app.url));
    const response = await fetch(form?.action ?? '', {
      method: 'POST',
      redirect: 'manual',
      headers: { cookie: before },
      body: new URLSearchParams({ SAMLResponse: form?.samlResponse ?? '' }),
    });
    expect(response.status).toBe(303);
    expect(response.headers.get('location')).toBe('/me');
    browser.jar.store(new URL(app.url), response.headers.getSetCookie());
    expect(JSON.parse((await open(browser)).body)).toMatchObject({ user: 'usr-1' });
    expect(JSON.parse((await open(browser, '/public')).body)).toEqual({ visits: present ? 1 : null });
    // The identifier from before the login opens nothing.
    const old = await fetch(`${app.url}/me`, { headers: { cookie: before, accept: 'application/json' } });
    expect(old.status).toBe(401);
  });

  it('asks the marketplace when due and writes the response back', async () => {
    const browser = await signIn();
    await open(browser);
    expect(checks()).toHaveLength(0);
    later(4);
    await Promise.all(Array.from({ length: 5 }, () => ask(browser)));
    expect((await open(browser)).status).toBe(200);
    expect(checks()).toHaveLength(1);
    later(1);
    await open(browser);
    expect(checks()).toHaveLength(1);
    later(3);
    await open(browser);
    expect(checks()).toHaveLength(2);
  });

  it('ends at the next recheck after the person signed out of the marketplace', async () => {
    const browser = await signIn();
    await fetch(`${sandbox.url}/app_logout?user_uid=usr-1`);
    expect((await open(browser)).status).toBe(200);
    later(4);
    const rejected = await ask(browser, { accept: 'application/json' });
    expect(rejected.status).toBe(401);
    expect(await rejected.json()).toMatchObject({ code: 'session.ended' });
    for (const line of rejected.headers.getSetCookie()) browser.jar.store(new URL(app.url), [line]);
    expect(await (await ask(browser, { accept: 'application/json' })).json()).toMatchObject({
      code: 'session.none',
    });
  });

  it('goes on while the marketplace does not respond, for the time of grace', async () => {
    const browser = await signIn();
    later(4);
    sandbox.faults.next('GET auth/saml/:uid', { status: 503 });
    expect((await ask(browser)).status).toBe(200);
    expect(checks().map(({ status }) => status)).toEqual([503]);
    later(1);
    expect((await ask(browser)).status).toBe(200);
  });

  it('keeps two marketplaces in one browser', async () => {
    const [one, two] = sandbox.marketplaces.list().map(({ name }) => name);
    const browser = await signIn({ marketplace: String(one) });
    later(0.1);
    await signIn({ marketplace: String(two), browser });
    expect(JSON.parse((await open(browser)).body)).toMatchObject({ marketplace: two });
    later(4);
    for (const name of [one, two]) {
      expect((await open(browser, `/of/${name}`)).body).toBe(`usr-1 through ${name}`);
    }
    // Both were asked about, each at its own marketplace, and both responses were kept.
    expect(checks()).toHaveLength(2);
    for (const name of [one, two]) await open(browser, `/of/${name}`);
    expect(checks()).toHaveLength(2);
  });

  it('signs out here and leads to the marketplace', async () => {
    const browser = await signIn();
    const page = await open(browser, '/sign-out');
    expect(page.url).toBe(`${sandbox.url}/app_logout?user_uid=usr-1`);
    expect((await ask(browser)).status).toBe(401);
    expect((await open(browser, '/sign-out')).url).toBe(`${app.url}/public`);
  });

  it('ends at once when the person or the company is removed', async () => {
    const [first, second] = [await signIn(), await signIn({ user: 'usr-2' })];
    await sandbox.webhooks.deleteGroupUser('cld-1', 'usr-1');
    expect(await (await ask(first, { accept: 'application/json' })).json()).toMatchObject({
      code: 'session.removed',
    });
    expect((await ask(second)).status).toBe(200);
    await sandbox.webhooks.deleteGroup('cld-1');
    expect(await (await ask(second, { accept: 'application/json' })).json()).toMatchObject({
      code: 'session.removed',
    });
  });
});
