import { deflateRawSync } from 'node:zlib';

import { afterEach, describe, expect, it } from '@jest/globals';

import { ExpressAdapter } from '@nestjs/platform-express';

import { fastifyPlatform } from '../../src/sandbox/sandbox-application.js';
import { type Sandbox, startSandbox } from '../../src/sandbox/index.js';
import type { StartSandboxOptions } from '../../src/sandbox/sandbox-options.js';
import { HTTP_ADAPTERS } from '../support/http-adapters.js';

const HTML = { accept: 'text/html' };

describe.each(HTTP_ADAPTERS)('the pages of the sandbox over HTTP, on %s', (name) => {
  let sandbox: Sandbox | undefined;

  async function start(options: StartSandboxOptions = {}): Promise<Sandbox> {
    sandbox = await startSandbox(
      options,
      name === 'express' ? new ExpressAdapter() : await fastifyPlatform(),
    );
    return sandbox;
  }

  afterEach(async () => {
    await sandbox?.close();
    sandbox = undefined;
  });

  const open = (path: string, headers: Record<string, string> = HTML): Promise<Response> =>
    fetch(sandbox!.url + path, { headers, redirect: 'manual' });
  const post = (
    path: string,
    fields: Record<string, string>,
    headers: Record<string, string> = {},
  ): Promise<Response> =>
    fetch(sandbox!.url + path, {
      method: 'POST',
      headers: { ...HTML, ...headers },
      body: new URLSearchParams(fields),
      redirect: 'manual',
    });
  const tokenOf = (page: string): string => /name="csrf" value="([^"]+)"/.exec(page)?.[1] ?? '';

  it('gives every form that changes something a token', async () => {
    await start();
    const paths = [
      '/',
      '/logins/new',
      '/companies',
      '/companies/new',
      '/companies/maestrano-uat/cld-1',
      '/bills',
      '/webhooks',
      '/compose',
      '/compose?event=cancel',
      '/journal',
      '/records',
      '/marketplaces',
      '/marketplaces/confirm?marketplace=bluebank&act=remove',
      '/faults',
      '/reset',
    ];
    for (const path of paths) {
      const page = await (await open(path)).text();
      for (const form of page.match(/<form[^>]*method="post"[\s\S]*?<\/form>/g) ?? [])
        expect({ path, token: tokenOf(form) !== '' }).toEqual({ path, token: true });
    }
  });

  it('rejects a form without the token, with another one, and from another site', async () => {
    const { faults } = await start();
    const token = tokenOf(await (await open('/faults')).text());
    const down = { name: 'down' };
    expect((await post('/faults/preset', down)).status).toBe(403);
    expect((await post('/faults/preset', { ...down, csrf: `${token}x` })).status).toBe(403);
    expect(
      (await post('/faults/preset', { ...down, csrf: token }, { origin: 'https://elsewhere.example' }))
        .status,
    ).toBe(403);
    expect((await post('/faults/preset', { ...down, csrf: token }, { origin: 'null' })).status).toBe(403);
    expect(faults.list()).toEqual([]);
    const done = await post('/faults/preset', { ...down, csrf: token });
    expect([done.status, done.headers.get('location')]).toEqual([
      303,
      expect.stringContaining('/faults?done='),
    ]);
    expect(faults.list()).toHaveLength(1);
  });

  it('says in a page why a form was rejected', async () => {
    await start();
    const response = await post('/faults/preset', { name: 'down' });
    expect(response.headers.get('content-type')).toContain('text/html');
    expect(await response.text()).toContain('Reload the page');
  });

  it('sends a policy without inline parts with every page, and serves style and script as files', async () => {
    await start();
    const response = await open('/');
    expect(response.headers.get('content-security-policy')).toBe(
      "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'",
    );
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
    const page = await response.text();
    for (const [pattern, type] of [
      [/href="(\/assets\/pages\.css[^"]*)"/, 'text/css; charset=utf-8'],
      [/src="(\/assets\/pages\.js[^"]*)"/, 'text/javascript; charset=utf-8'],
      [/href="(\/assets\/icon\.svg[^"]*)"/, 'image/svg+xml'],
    ] as const) {
      const asset = await open(pattern.exec(page)![1]!);
      expect([
        asset.status,
        asset.headers.get('content-type')?.replace('svg+xml; charset=utf-8', 'svg+xml'),
      ]).toEqual([200, type]);
      expect(asset.headers.get('cache-control')).toContain('immutable');
    }
    expect((await open('/assets/other.js')).status).toBe(404);
  });

  it('shows a page for what is not there, and JSON to everything but a browser', async () => {
    await start();
    const page = await open('/nothing/<b>');
    expect([page.status, page.headers.get('content-type')]).toEqual([404, 'text/html; charset=utf-8']);
    const text = await page.text();
    expect(text).toContain('No such page');
    expect(text).not.toContain('<b>/');
    expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
    const json = await open('/nothing', { accept: 'application/json' });
    expect([json.status, await json.json()]).toMatchObject([404, { statusCode: 404 }]);
    expect((await open('/companies/maestrano-uat/cld-404')).status).toBe(404);
    expect((await open('/journal/999')).status).toBe(404);
    expect((await open('/marketplaces?check=unknown')).status).toBe(400);
  });

  it.each(['javascript:alert(1)', 'JAVASCRIPT:alert(1)//http://x', 'data:text/html,x', 'vbscript:x'])(
    'sends no login to %s',
    async (address) => {
      const { marketplaces } = await start({ behaviour: 'default' });
      const { apiId } = marketplaces.getOrFirst(undefined);
      const xml = `<samlp:AuthnRequest ID='_1' AssertionConsumerServiceURL='${address}'><saml:Issuer>${apiId}</saml:Issuer></samlp:AuthnRequest>`;
      const request = encodeURIComponent(deflateRawSync(xml).toString('base64'));
      const response = await open(`/api/v1/auth/saml?SAMLRequest=${request}&user_uid=usr-1&group_id=cld-1`);
      expect(response.status).toBe(400);
      const body = await response.text();
      expect(body).toContain('neither http nor https');
      expect(body).not.toMatch(/SAMLResponse|action="j/i);

      const openid = new URLSearchParams({
        'openid.ns': 'http://specs.openid.net/auth/2.0',
        'openid.mode': 'checkid_setup',
        'openid.return_to': address,
        user_uid: 'usr-1',
        group_id: 'cld-1',
      });
      const rejected = await open(`/api/openid/provider/${apiId}?${openid.toString()}`);
      expect(rejected.status).toBe(500);
      expect(rejected.headers.get('location')).toBeNull();
      expect(rejected.headers.get('content-type')).toContain('text/plain');
    },
  );

  it('takes no such address for the application either', async () => {
    const running = await start();
    const token = tokenOf(await (await open('/')).text());
    const before = running.state.appUrl;
    const response = await post('/app', { url: 'javascript:alert(1)', csrf: token });
    expect(decodeURIComponent(response.headers.get('location') ?? '')).toContain('is no address');
    expect(running.state.appUrl).toBe(before);
    expect(() => running.setAppUrl('javascript:alert(1)')).toThrow(
      expect.objectContaining({ code: 'sandbox.address' }),
    );
    await post('/app', { url: 'http://localhost:3999/', csrf: token });
    expect(running.state.appUrl).toBe('http://localhost:3999');
    running.state.appUrl = 'javascript:alert(1)//';
    expect(await (await open('/logins/new')).text()).not.toContain('href="javascript:');
  });

  it('escapes what a stranger puts into a login request', async () => {
    await start();
    const xml = `<samlp:AuthnRequest ID='_1' AssertionConsumerServiceURL='http://x/'><saml:Issuer><img src=x></saml:Issuer></samlp:AuthnRequest>`;
    const request = encodeURIComponent(deflateRawSync(xml).toString('base64'));
    const body = await (await open(`/api/v1/auth/saml?SAMLRequest=${request}`)).text();
    expect(body).toContain('&lt;img src=x&gt;');
    expect(body).not.toContain('<img src=x>');
  });

  it('searches and pages thousands of companies', async () => {
    await start({ scenario: 'many-groups' });
    const first = await (await open('/companies')).text();
    expect(first).toContain('2,000 companies');
    expect(first.match(/<tr role="row">/g)!.length).toBe(51);
    const older = /href="([^"]+)">Older/.exec(first)![1]!.replaceAll('&amp;', '&');
    const second = await (await open(older)).text();
    expect(second).toContain('Company 51<');
    expect(second).not.toContain('Company 50<');
    const found = await (await open('/companies?q=company+1999')).text();
    expect(found).toContain('1 company</span');
    expect(found).toContain('/companies/crowd/cld-1999');
    expect(await (await open('/compose?event=cancel&q=1999')).text()).toContain(
      'Company 1999 (crowd, cld-1999)',
    );
    expect((await (await open('/compose')).text()).match(/<option/g)!.length).toBeLessThan(100);
  });

  it('leads on from an empty scenario', async () => {
    const running = await start({ scenario: 'empty' });
    expect(await (await open('/')).text()).toContain('Waiting for your application');
    expect(await (await open('/compose')).text()).toContain('/companies/new');
    const token = tokenOf(await (await open('/companies/new')).text());
    const added = await post('/companies', {
      marketplace: 'sandbox',
      company: 'Lee & <Sons>',
      currency: 'EUR',
      name: 'Kim',
      surname: 'Lee',
      csrf: token,
    });
    expect(added.status).toBe(303);
    const [group] = running.state.groups.list();
    expect(group).toMatchObject({ name: 'Lee & <Sons>', currency: 'EUR' });
    expect(running.state.membership('sandbox', 'usr-1', group!.uid)).toMatchObject({ role: 'Admin' });
    expect(await (await open(`/companies/sandbox/${group!.uid}`)).text()).toContain('Lee &amp; &lt;Sons&gt;');
  });

  it('gives a new person an id that nobody has', async () => {
    const running = await start();
    const token = tokenOf(await (await open('/companies/maestrano-uat/cld-1')).text());
    await post('/companies/maestrano-uat/cld-1/people', {
      name: 'Ada',
      surname: 'New',
      role: 'Guest',
      csrf: token,
    });
    expect(running.state.user('maestrano-uat', 'usr-1')).toMatchObject({ name: 'Ana' });
    expect(running.state.users.filter(({ name: own }) => own === 'Ada')).toHaveLength(1);
  });

  it('tells records of two marketplaces under one id apart', async () => {
    const running = await start({ scenario: 'two-marketplaces' });
    for (const marketplace of ['alpha', 'beta'])
      running.connec.write('people', { first_name: `Of-${marketplace}` }, { group: 'cld-1', marketplace });
    const page = await (await open('/records?company=alpha+cld-1')).text();
    expect(page).toContain('Of-alpha');
    expect(page).not.toContain('Of-beta');
    expect(page).toContain('Alpha Works (alpha, cld-1)');
  });

  it('changes a record by hand, and notifies as it is told', async () => {
    const { connec, webhooks } = await start({ appUrl: 'http://127.0.0.1:9' });
    const { id, ...person } = connec.list('people')[0]!;
    const place = { marketplace: 'maestrano-uat', group: 'cld-1', resource: 'people', id: String(id) };
    const path = `/records?open=${encodeURIComponent(Object.values(place).join(' '))}`;
    const page = await (await open(path)).text();
    expect(page).toContain('action="/records/edit"');
    expect(page).toMatch(/<option value="yes" selected>/);
    const form = { ...place, csrf: tokenOf(page), seen: String(person['updated_at']) };
    const said = async (fields: Record<string, string>): Promise<string> =>
      new URL(
        (await post('/records/edit', { ...form, ...fields })).headers.get('location')!,
        'http://x',
      ).searchParams.get('done')!;
    expect(await said({ document: '{ "first_name": "Ada <b>" }', tell: 'yes' })).toContain(
      'Saved; your application',
    );
    const now = connec.get('people', String(id))!;
    expect(now).toEqual({ ...person, id, first_name: 'Ada <b>', updated_at: now['updated_at'] });
    expect(webhooks.deliveries).toHaveLength(1);
    expect(JSON.parse(webhooks.deliveries[0]!.body!)).toEqual({ people: [now] });
    form.seen = String(now['updated_at']);
    expect(await said({ document: '[1' })).toContain('no JSON object');
    expect(await said({ document: '{ "first_name": "Eve" }', seen: '2001-01-01T00:00:00Z' })).toContain(
      'meanwhile',
    );
    expect(await said({ document: '{ "first_name": "Ada <b>" }' })).toContain('nothing was changed');
    expect(await said({ document: '{ "first_name": "Bea" }' })).toBe('Saved.');
    await webhooks.idle();
    expect(webhooks.deliveries).toHaveLength(1);
    expect(connec.get('people', String(id))).toMatchObject({ first_name: 'Bea' });
    expect((await post('/records/edit', { ...form, id: 'nobody', document: '{}' })).status).toBe(404);
    expect((await post('/records/edit', { ...form, csrf: 'x', document: '{}' })).status).toBe(403);
  });

  it('lists problems only, and gives them as an HTTP archive', async () => {
    await start();
    await open('/api/v1/account/bills', {});
    await open('/version', {});
    const page = await (await open('/journal?show=problems')).text();
    expect(page).toContain('/api/v1/account/bills');
    expect(page).not.toContain('>GET /version<');
    const har = (await (await open('/journal/har?show=problems')).json()) as {
      log: { version: string; entries: { request: { url: string }; response: { status: number } }[] };
    };
    expect(har.log.version).toBe('1.2');
    expect(
      har.log.entries.map(({ request, response }) => [new URL(request.url).pathname, response.status]),
    ).toEqual([['/api/v1/account/bills', 401]]);
  });

  it('gives the bills that the list shows to a spreadsheet, which calculates nothing of them', async () => {
    const { build } = await start();
    build.bill('maestrano-uat', 'cld-1', 1_500, '=HYPERLINK("http://x"),\nend', 0);
    const response = await open('/bills/csv?q=hyperlink&status=submitted');
    expect(response.headers.get('content-disposition')).toContain('bills.csv');
    const [head, ...lines] = (await response.text()).trimEnd().split('\r\n');
    expect(head).toMatch(/^id,marketplace,company,.*price_cents,currency$/);
    expect(lines.join()).toContain(`"'=HYPERLINK(""http://x""),\nend"`);
    expect(lines.join()).toMatch(/,submitted,1500,[A-Z]{3}$/);
    expect(await (await open('/bills')).text()).toContain('/bills/csv');
  });

  it('gives the webhooks that the list shows as JSON, without their credentials', async () => {
    const { webhooks } = await start({ appUrl: 'http://127.0.0.1:9' });
    await webhooks.deleteGroup('cld-of-nobody', { onlySend: true });
    const response = await open('/webhooks/json?show=failed');
    const text = await response.text();
    expect(JSON.parse(text)).toMatchObject([{ kind: 'group', method: 'DELETE', status: null }]);
    expect(text).not.toMatch(/Basic [\w+/]{20}/);
    expect(await (await open('/webhooks')).text()).toContain('/webhooks/json');
  });

  it('asks before it starts again, and before keys end', async () => {
    const running = await start();
    const token = tokenOf(await (await open('/reset')).text());
    running.state.bills.clear();
    running.marketplaces.rotateKey('maestrano-uat');
    const page = await (await open('/marketplaces')).text();
    expect(page).toContain('act=retire-keys');
    expect(page).not.toContain('value="retire-keys"');
    await post('/reset', { csrf: token });
    expect(running.state.bills.size).toBeGreaterThan(0);
  });
});
