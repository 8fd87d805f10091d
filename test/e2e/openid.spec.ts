import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import type { Sandbox } from '../../src/sandbox/index.js';
import { freePort } from '../support/free-port.mjs';
import { marketplaceInput } from '../support/marketplaces.js';
import { locationOf, OpenIdBrowser } from '../support/openid/openid-browser.js';
import { OpenIdProvider } from '../support/openid/openid-provider.js';
import { HTTP_ADAPTERS } from '../support/http-adapters.js';
import type { TestApplication } from '../support/application.js';
import { bootSsoApp } from './sso-app.js';

const provider = new OpenIdProvider();
beforeAll(() => provider.start());
afterAll(() => provider.close());

const APPLICATIONS = HTTP_ADAPTERS.flatMap((httpAdapter) =>
  ['', '/api'].map((prefix) => ({ httpAdapter, prefix })),
);

/** The code of a rejection, as a caller that wants JSON gets it. */
async function rejected(url: string): Promise<string> {
  const response = await fetch(url, { redirect: 'manual', headers: { accept: 'application/json' } });
  expect([400, 401, 403]).toContain(response.status);
  return ((await response.json()) as { code: string }).code;
}

describe.each(APPLICATIONS)('on $httpAdapter, prefix "$prefix",', ({ httpAdapter, prefix }) => {
  let app: TestApplication;
  let init: string;
  const initPath = (name: string): string => `${prefix}/maestrano/auth/openid/init/${name}`;

  beforeAll(async () => {
    const port = await freePort();
    const host = `http://127.0.0.1:${port}`;
    const marketplace = (name: string): object =>
      marketplaceInput(name, {
        app: { host },
        api: { host: provider.url },
        sso: {
          protocol: 'openid',
          init_path: initPath(name),
          consume_path: `${prefix}/maestrano/auth/openid/consume/${name}`,
        },
      });
    const marketplaces = [marketplace('uat'), marketplace('production')];
    app = await bootSsoApp(httpAdapter, { options: { marketplaces } } as unknown as Sandbox, {
      port,
      prepare: (nest) => {
        if (prefix) nest.setGlobalPrefix(prefix);
      },
    });
    init = host + initPath('uat');
  });
  afterAll(() => app.close());
  beforeEach(() => {
    provider.reset();
    // Either way of judging a response, on either HTTP adapter.
    if (prefix) provider.sessionTypes = ['DH-SHA256'];
  });

  it('signs in by redirect, as SAML would, and knows the person afterwards', async () => {
    const browser = new OpenIdBrowser();
    const done = await browser.follow(`${init}?return_to=${prefix}/me`, 3);
    expect(done.status).toBe(303);
    expect(locationOf(done)).toBe(`${app.url}${prefix}/me`);
    const me = await browser.fetch(locationOf(done));
    expect(await me.json()).toMatchObject({ user: 'usr-1', group: 'cld-1', marketplace: 'uat' });
    expect(app.users.users.get('uat/usr-1')).toMatchObject({ firstName: 'Zoë', lastName: 'Müller & Co' });
  });

  it('signs in by a form, where the response is too long for a URL', async () => {
    const browser = new OpenIdBrowser();
    const request = new URL(locationOf(await browser.fetch(init))).searchParams;
    const body = provider.respond(request, 'app-uat');
    const done = await browser.fetch(request.get('openid.return_to') ?? '', { method: 'POST', body });
    expect(done.status).toBe(303);
    expect((await browser.fetch(`${app.url}${prefix}/me`)).status).toBe(200);
  });

  it('rejects a response sent again, changed, or brought by another browser', async () => {
    const browser = new OpenIdBrowser();
    const back = locationOf(await browser.follow(init, 2));
    const tampered = back.replace('Admin', 'Super+Admin');
    expect(tampered).not.toBe(back);
    expect((await browser.fetch(tampered)).status).toBe(403);

    const again = locationOf(await browser.follow(init, 2));
    const stranger = new OpenIdBrowser();
    await stranger.fetch(init);
    const foreign = await stranger.fetch(again);
    expect([303, 401]).toContain(foreign.status);
    expect((await stranger.fetch(`${app.url}${prefix}/me`)).status).not.toBe(200);

    expect((await browser.fetch(again)).status).toBe(303);
    expect(await rejected(again)).toBe('sso.requestUsed');
  });

  it('rejects a response for another return URL, another marketplace, or nobody at all', async () => {
    const browser = new OpenIdBrowser();
    const request = new URL(locationOf(await browser.fetch(init))).searchParams;
    const own = request.get('openid.return_to') ?? '';
    const elsewhere = new URLSearchParams(request);
    elsewhere.set('openid.return_to', `${own}&x=1`);
    const fields = provider.respond(elsewhere, 'app-uat');
    expect(await rejected(`${own}&${fields.toString()}`)).toBe('openid.returnTo');

    const good = provider.respond(request, 'app-uat');
    expect(await rejected(`${own}&${good.toString()}`.replace('/init/uat', '/init/production'))).toBe(
      'sso.requestUnknown',
    );
    expect(await rejected(`${init}?openid.mode=id_res`)).toBe('sso.requestMissing');
    expect(
      await rejected(
        `${own}&openid.ns=${encodeURIComponent('http://specs.openid.net/auth/2.0')}&openid.mode=cancel`,
      ),
    ).toBe('openid.cancelled');
    // The login is still open: none of this used it up.
    expect((await browser.fetch(`${own}&${good.toString()}`)).status).toBe(303);
  });

  it('responds with 502 while the provider cannot be found, and signs in again afterwards', async () => {
    provider.status = 503;
    const response = await new OpenIdBrowser().fetch(init.replace('/uat', '/production'));
    expect(response.status).toBe(502);
    expect(await response.text()).toContain('openid.discovery');
    provider.status = 200;
    expect(await new OpenIdBrowser().follow(init.replace('/uat', '/production'), 3)).toMatchObject({
      status: 303,
    });
  });
});
