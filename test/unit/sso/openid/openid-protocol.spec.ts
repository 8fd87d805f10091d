import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';

import { Logger } from '@nestjs/common';

import { MaestranoSsoError } from '../../../../src/errors/sso.error.js';
import { OpenIdDiscoveryError } from '../../../../src/errors/openid.error.js';
import type { Marketplace } from '../../../../src/interfaces/marketplace.interface.js';
import { OpenIdProtocol } from '../../../../src/sso/openid/openid.protocol.js';
import { endpointOf } from '../../../../src/sso/openid/xrds.js';
import type { LoginService } from '../../../../src/sso/login/login.service.js';
import type { SsoResponse } from '../../../../src/sso/login/sso-protocol.js';
import type { LoginTraceService } from '../../../../src/sso/trace/login-trace.service.js';
import { MemoryStore } from '../../../../src/stores/memory-store.js';
import { errorOf } from '../../../support/error-of.js';
import { httpClient } from '../../../support/http-client.js';
import { loginServices } from '../../../support/login-services.js';
import { registeredMarketplace } from '../../../support/marketplaces.js';
import { OpenIdProvider, USER, xrds } from '../../../support/openid/openid-provider.js';
import { fakeDate } from '../../../support/fake-date.js';

const provider = new OpenIdProvider();
const http = httpClient({ attempts: 1, timeoutMs: 2_000 });
let uat: Marketplace;
let other: Marketplace;
let logins: LoginService;
let traces: LoginTraceService;

function marketplace(name: string, overrides: Record<string, unknown> = {}): Marketplace {
  return registeredMarketplace(name, {
    api: { host: provider.url },
    sso: { protocol: 'openid' },
    ...overrides,
  });
}

function createLogins(options: object = {}, store = new MemoryStore()): LoginService {
  const services = loginServices({ openid: new OpenIdProtocol(http, store) }, { sso: options, store });
  traces = services.traces;
  return services.logins;
}

/** Begins a login and has the provider response it; the pieces a test may tamper with. */
async function signIn(
  change?: (fields: Map<string, string>) => void,
  tamper: (fields: URLSearchParams) => void = () => undefined,
): Promise<{ response: SsoResponse; requestId: string; fields: URLSearchParams }> {
  const { url, requestId } = await logins.begin(uat, { returnTo: '/bills', params: {} });
  const fields = provider.respond(new URL(url).searchParams, uat.api.id, change);
  tamper(fields);
  const query = new URLSearchParams([['maestrano_login', requestId], ...fields]);
  const response: SsoResponse = {
    method: 'GET',
    query,
    body: undefined,
    boundRequestIds: [requestId],
  };
  return { response, requestId, fields };
}

beforeAll(async () => {
  Logger.overrideLogger(false);
  await provider.start();
  uat = marketplace('uat');
  other = marketplace('other');
});
afterAll(async () => {
  await provider.close();
});
beforeEach(() => {
  provider.reset();
  logins = createLogins();
});
afterEach(() => void jest.useRealTimers());

describe('beginning', () => {
  it('asks the discovered endpoint to select an identifier, with return URL and realm', async () => {
    const params = {
      group_id: 'cld-1',
      'openid.mode': 'error',
      'openid.assoc_handle': 'x',
      'openid.return_to': 'https://evil.example.com',
    };
    const { url, requestId } = await logins.begin(uat, { returnTo: null, params });
    expect(url.split('?')[0]).toBe(`${provider.url}/api/openid/provider/app-uat`);
    expect(new URL(url).searchParams.has('openid.assoc_handle')).toBe(false);
    const query = new URL(url).searchParams;
    const select = 'http://specs.openid.net/auth/2.0/identifier_select';
    expect(Object.fromEntries(query)).toMatchObject({
      group_id: 'cld-1',
      'openid.ns': 'http://specs.openid.net/auth/2.0',
      'openid.mode': 'checkid_setup',
      'openid.claimed_id': select,
      'openid.identity': select,
      'openid.realm': 'https://app.example.com/',
      'openid.return_to': `https://app.example.com/maestrano/auth/saml/init/uat?maestrano_login=${requestId}`,
    });
    expect(Object.fromEntries(query)).not.toHaveProperty(['openid.ns.ax']);
  });

  it.each([
    ['nothing', ''],
    ['two words', 'is_valid:true\nis_valid:false\n'],
    ['another spelling', 'is_valid:True\n'],
    ['a page', '<html>is_valid:true</html>'],
    ['JSON', '{"is_valid":true}'],
  ])('takes %s of the provider for no confirmation', async (_name, word) => {
    const { response } = await signIn();
    provider.word = word;
    expect(await errorOf(logins.verify(uat, response), MaestranoSsoError)).toMatchObject({
      code: 'openid.verification',
    });
  });

  it('keeps the query of the init path in the return URL', async () => {
    const query = marketplace('uat', { sso: { protocol: 'openid', init_path: '/init/?marketplace=uat' } });
    const { url, requestId } = await logins.begin(query, { returnTo: null, params: {} });
    expect(new URL(url).searchParams.get('openid.return_to')).toBe(
      `https://app.example.com/init/?marketplace=uat&maestrano_login=${requestId}`,
    );
  });

  it.each([
    ['another type of service', () => xrds(`${provider.url}/x`, 'http://openid.net/signon/1.0')],
    ['an endpoint on a foreign host', () => xrds('https://evil.example.com/api')],
    ['an endpoint that is no URL', () => xrds('nonsense')],
    ['a page', () => '<html><body>maintenance</body></html>'],
    ['a document type', () => `<!DOCTYPE x [<!ENTITY e "e">]>${xrds(`${provider.url}/x`)}`],
    ['nothing', () => ''],
  ])('does not begin when discovery brings %s', async (_name, document) => {
    provider.document = document();
    await expect(logins.begin(uat, { returnTo: null, params: {} })).rejects.toBeInstanceOf(
      OpenIdDiscoveryError,
    );
  });

  it('asks again after a failed discovery, and not after a good one', async () => {
    provider.status = 503;
    await expect(logins.begin(uat, { returnTo: null, params: {} })).rejects.toMatchObject({
      code: 'openid.discovery',
      httpStatus: 502,
    });
    provider.status = 200;
    await logins.begin(uat, { returnTo: null, params: {} });
    provider.status = 503;
    await expect(logins.begin(uat, { returnTo: null, params: {} })).resolves.toBeDefined();
  });

  it('asks again after an hour, and keeps the endpoint where nobody responds', async () => {
    const endpoint = async (): Promise<string | undefined> =>
      (await logins.begin(uat, { returnTo: null, params: {} })).url.split('?')[0];
    const first = await endpoint();
    provider.status = 503;
    fakeDate(Date.now() + 61 * 60_000);
    expect(await endpoint()).toBe(first);
    provider.status = 200;
    provider.document = xrds(`${provider.url}/moved`);
    expect(await endpoint()).toBe(first);
    jest.setSystemTime(Date.now() + 61 * 60_000);
    expect(await endpoint()).toBe(`${provider.url}/moved`);
  });
});

describe('a good response', () => {
  it('gives the profiles that SAML would', async () => {
    const { response, requestId } = await signIn();
    const login = await logins.verify(uat, response);
    expect(login.profile.user).toMatchObject({
      provider: 'maestrano',
      marketplace: 'uat',
      uid: 'usr-1',
      virtualUid: 'usr-1.cld-1',
      email: 'zoe@example.com',
      firstName: 'Zoë',
      lastName: 'Müller & Co',
      country: 'AU',
    });
    expect(login.profile.group).toMatchObject({
      uid: 'cld-1',
      name: 'Acme',
      timezone: 'Australia/Sydney',
      city: null,
    });
    expect(login.profile.membership).toMatchObject({ groupUid: 'cld-1', userUid: 'usr-1', role: 'Admin' });
    expect(login.sessionToken.reveal()).toBe('token-1');
    expect(login.recheckAt).toEqual(new Date('2036-08-01T15:30:20Z'));
    expect(login.transaction).toMatchObject({ id: requestId, returnTo: '/bills' });
    expect(provider.verifications).toBe(1);
    expect(await traces.find(login.traceCode)).toMatchObject({
      accepted: true,
      began: true,
      rejection: null,
    });
  });

  it('is taken from the form of a POST as well, and not from its URL', async () => {
    const { response, fields, requestId } = await signIn();
    const query = new URLSearchParams({ maestrano_login: requestId });
    await expect(
      errorOf(logins.verify(uat, { ...response, method: 'POST', body: {} }), MaestranoSsoError),
    ).resolves.toMatchObject({ code: 'openid.input' });
    const body = Object.fromEntries(fields);
    await expect(logins.verify(uat, { ...response, method: 'POST', query, body })).resolves.toBeDefined();
  });

  it('masks the user where the marketplace wants virtual ones', async () => {
    uat = marketplace('uat', { sso: { protocol: 'openid', creation_mode: 'virtual' } });
    const { response } = await signIn();
    const { profile } = await logins.verify(uat, response);
    expect(profile.user).toMatchObject({ uid: 'usr-1.cld-1', email: 'usr-1.cld-1@mail.example.com' });
    uat = marketplace('uat');
  });

  it('keeps attributes of unknown type under their URI and leaves out blank ones', async () => {
    provider.attributes = {
      ...USER,
      'http://example.com/shoe-size': '43',
      'http://openid.net/schema/company/name': '',
    };
    const { profile } = await logins.verify(uat, (await signIn()).response);
    expect(profile.user.attributes).toMatchObject({ 'http://example.com/shoe-size': '43' });
    expect(profile.group.name).toBeNull();
  });
});

describe('a bad response', () => {
  const set = (name: string, value: string) => (fields: Map<string, string>) => void fields.set(name, value);
  const withAttributes = (attributes: Record<string, string>) => () => {
    provider.attributes = { ...USER, ...attributes };
  };
  const guid = 'http://openid.net/schema/person/guid';

  /** Changes made before the provider signs: a provider gone wrong, or an response for somebody else. */
  it.each<[string, (fields: Map<string, string>) => void, string]>([
    ['of OpenID 1.1', set('ns', 'http://openid.net/signon/1.1'), 'openid.input'],
    ['that cancels', set('mode', 'cancel'), 'openid.cancelled'],
    ['that needs setup', set('mode', 'setup_needed'), 'openid.cancelled'],
    ['that tells an error', set('mode', 'error'), 'openid.cancelled'],
    [
      'for another return URL',
      set('return_to', 'https://evil.example.com/?maestrano_login=x'),
      'openid.returnTo',
    ],
    ['without a return URL', (fields) => void fields.delete('return_to'), 'openid.returnTo'],
    [
      'of another endpoint',
      (fields) => void fields.set('op_endpoint', `${provider.url}/api/openid/provider/app-other`),
      'openid.endpoint',
    ],
    [
      'with an identifier elsewhere',
      (fields) => {
        fields.set('claimed_id', 'https://evil.example.com/users/usr-1');
        fields.set('identity', 'https://evil.example.com/users/usr-1');
      },
      'openid.claimedId',
    ],
    [
      'with two identifiers',
      (fields) => void fields.set('identity', `${fields.get('identity')}2`),
      'openid.claimedId',
    ],
    [
      'with a path as identifier',
      (fields) => {
        fields.set('claimed_id', `${fields.get('claimed_id')}/../usr-2`);
        fields.set('identity', fields.get('claimed_id') ?? '');
      },
      'openid.claimedId',
    ],
    [
      'for another user than the identifier tells',
      (fields) => {
        for (const [name, value] of fields) if (value === 'usr-1') fields.set(name, 'usr-2');
        for (const [name, value] of fields) if (value === 'usr-1.cld-1') fields.set(name, 'usr-2.cld-1');
      },
      'openid.userMismatch',
    ],
    ['with too few signed fields', set('signed', 'op_endpoint,return_to'), 'openid.signedFields'],
    [
      'with unsigned attributes',
      set('signed', 'ns,mode,op_endpoint,claimed_id,identity,return_to,response_nonce,assoc_handle'),
      'openid.signedFields',
    ],
    ['without a signature', set('sig', ''), 'openid.signedFields'],
    ['with a foreign signature', set('sig', 'AAAA'), 'openid.verification'],
    ['with an old nonce', set('response_nonce', '2016-08-01T15:30:20Zabc'), 'openid.nonce'],
    [
      'with a nonce from tomorrow',
      (fields) =>
        void fields.set(
          'response_nonce',
          `${new Date(Date.now() + 86_400_000).toISOString().slice(0, 19)}Zabc`,
        ),
      'openid.nonce',
    ],
    ['without a time in the nonce', set('response_nonce', 'abc'), 'openid.nonce'],
    [
      'with an attribute of two values',
      (fields) => {
        for (const name of [...fields.keys()].filter((key) => fields.get(key) === 'Acme')) {
          const alias = name.split('.').at(-1) ?? '';
          fields.delete(name);
          fields.set(`ext1.count.${alias}`, '2');
          fields.set(`ext1.value.${alias}.1`, 'Acme');
          fields.set(`ext1.value.${alias}.2`, 'Evil');
        }
      },
      'openid.attributes',
    ],
    [
      'with one attribute twice',
      (fields) => {
        fields.set('ext1.type.more', guid);
        fields.set('ext1.value.more', 'usr-2');
      },
      'openid.attributes',
    ],
    [
      'with an attribute named like a prototype',
      (fields) => {
        fields.set('ext1.type.more', '__proto__');
        fields.set('ext1.value.more', 'x');
      },
      'openid.attributes',
    ],
  ])('%s is rejected', async (_name, change, code) => {
    const { response } = await signIn(change);
    expect(await errorOf(logins.verify(uat, response), MaestranoSsoError)).toMatchObject({ code });
  });

  it.each<[string, () => void, string]>([
    ['no user', withAttributes({ [guid]: '' }), 'openid.claimedId'],
    [
      'an odd group',
      withAttributes({ 'http://openid.maestrano.com/schema/company/guid': 'cld 1/../' }),
      'sso.groupUid',
    ],
    ['no group', withAttributes({ 'http://openid.maestrano.com/schema/company/guid': '' }), 'sso.groupUid'],
    [
      'a foreign virtual user',
      withAttributes({ 'http://openid.maestrano.com/schema/person/vguid': 'usr-2.cld-1' }),
      'sso.virtualUid',
    ],
    [
      'no session',
      withAttributes({ 'http://openid.maestrano.com/schema/session/key': '' }),
      'sso.sessionToken',
    ],
    [
      'a line end in an address',
      withAttributes({ 'http://openid.net/schema/contact/internet/email': 'jo@example.com\nBcc: all' }),
      'openid.attributes',
    ],
  ])('with %s is rejected', async (_name, prepare, code) => {
    prepare();
    const { response } = await signIn();
    expect(await errorOf(logins.verify(uat, response), MaestranoSsoError)).toMatchObject({ code });
  });

  it('changed on its way is rejected, and does not use up the login', async () => {
    const { response, fields } = await signIn();
    const tampered = new URLSearchParams(response.query);
    for (const [name, value] of fields) if (value === 'Admin') tampered.set(name, 'Super Admin');
    expect(
      await errorOf(logins.verify(uat, { ...response, query: tampered }), MaestranoSsoError),
    ).toMatchObject({
      code: 'openid.verification',
    });
    const again = await signIn();
    await expect(logins.verify(uat, again.response)).resolves.toBeDefined();
  });

  it('sent again is rejected, also when the provider would confirm it', async () => {
    const { response } = await signIn();
    await logins.verify(uat, response);
    expect(await errorOf(logins.verify(uat, response), MaestranoSsoError)).toMatchObject({
      code: 'sso.requestUsed',
      restart: true,
    });
  });

  it('with a used nonce is rejected even for another login', async () => {
    const first = await signIn();
    await logins.verify(uat, first.response);
    const nonce = first.fields.get('openid.response_nonce') ?? '';
    const { response } = await signIn(set('response_nonce', nonce));
    expect(await errorOf(logins.verify(uat, response), MaestranoSsoError)).toMatchObject({
      code: 'sso.replay',
    });
  });

  it.each([false, true])('of ten copies at once lets one in (gullible provider: %s)', async (gullible) => {
    provider.gullible = gullible;
    const { response } = await signIn();
    const results = await Promise.allSettled(Array.from({ length: 10 }, () => logins.verify(uat, response)));
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    const reasons = results.flatMap((result) =>
      result.status === 'rejected' ? [result.reason as MaestranoSsoError] : [],
    );
    expect(new Set(reasons.map(({ code }) => code))).toEqual(new Set(['sso.requestUsed']));
    expect(provider.verifications).toBe(1);
  });

  it('is rejected on an instance that cannot find the provider, and can be tried again', async () => {
    const store = new MemoryStore();
    logins = createLogins({}, store);
    const { response } = await signIn();
    const instance = createLogins({}, store);
    provider.document = 'maintenance';
    expect(
      await errorOf(instance.verify(marketplace('uat', { nid: 'fresh' }), response), MaestranoSsoError),
    ).toMatchObject({
      code: 'openid.discovery',
    });
    provider.document = null;
    await expect(instance.verify(uat, response)).resolves.toBeDefined();
  });

  it('begun on another marketplace, in another browser or never is rejected without calling the provider', async () => {
    const { response } = await signIn();
    expect(await errorOf(logins.verify(other, response), MaestranoSsoError)).toMatchObject({
      code: 'sso.requestUnknown',
    });
    expect(
      await errorOf(logins.verify(uat, { ...response, boundRequestIds: ['_other'] }), MaestranoSsoError),
    ).toMatchObject({
      code: 'sso.requestNotBound',
    });
    const query = new URLSearchParams(response.query);
    query.set('maestrano_login', `_${'0'.repeat(40)}`);
    const stray = { ...response, query, boundRequestIds: null };
    // The login that is named tells which page the person wanted, when the browser has to begin again.
    expect(await errorOf(logins.verify(uat, stray), MaestranoSsoError)).toMatchObject({
      code: 'sso.requestUnknown',
      requestId: query.get('maestrano_login'),
    });
    query.delete('maestrano_login');
    expect(await errorOf(logins.verify(uat, stray), MaestranoSsoError)).toMatchObject({
      code: 'sso.requestMissing',
      requestId: null,
    });
    expect(provider.verifications).toBe(0);
  });

  it('after its time is rejected', async () => {
    const { response } = await signIn();
    fakeDate(Date.now() + 16 * 60_000);
    expect(await errorOf(logins.verify(uat, response), MaestranoSsoError)).toMatchObject({
      code: 'sso.requestUnknown',
    });
  });

  it('whose provider does not respond is rejected and can be tried again', async () => {
    const { response } = await signIn();
    provider.status = 500;
    expect(await errorOf(logins.verify(uat, response), MaestranoSsoError)).toMatchObject({
      code: 'openid.unavailable',
    });
    provider.status = 200;
    await expect(logins.verify(uat, response)).resolves.toBeDefined();
  });

  it('reports its checks without personal values or the token', async () => {
    const { response } = await signIn(set('sig', 'AAAA'));
    const error = await errorOf(logins.verify(uat, response), MaestranoSsoError);
    const reported = JSON.stringify([error.message, error.checks, await traces.find(error.traceCode)]);
    for (const value of ['token-1', 'zoe@example.com', 'Müller', 'usr-1'])
      expect(reported).not.toContain(value);
  });

  it.each<[string, Partial<SsoResponse>]>([
    ['a field twice in the URL', { query: new URLSearchParams('openid.mode=id_res&openid.mode=cancel') }],
    ['a list in the form', { method: 'POST', body: { 'openid.mode': ['id_res', 'cancel'] } }],
    ['an object in the form', { method: 'POST', body: { 'openid.mode': { a: 1 } } }],
    ['no form', { method: 'POST', body: undefined }],
    ['a text for a form', { method: 'POST', body: 'openid.mode=id_res' }],
    ['too much', { query: new URLSearchParams({ 'openid.mode': 'x'.repeat(70_000) }) }],
    [
      'too many',
      {
        query: new URLSearchParams(
          Array.from({ length: 300 }, (_, i): [string, string] => [`openid.x${i}`, 'x']),
        ),
      },
    ],
  ])('that is %s is rejected', async (_name, part) => {
    const response = {
      method: 'GET',
      query: new URLSearchParams(),
      body: undefined,
      boundRequestIds: null,
      ...part,
    };
    expect(await errorOf(logins.verify(uat, response), MaestranoSsoError)).toMatchObject({
      code: 'openid.input',
    });
  });
});

describe('endpointOf', () => {
  const service = (priority: string, uri: string): string =>
    `<Service ${priority}><Type>http://specs.openid.net/auth/2.0/server</Type><URI>${uri}</URI></Service>`;
  const document = (...services: string[]): string =>
    `<x:XRDS xmlns:x="xri://$xrds" xmlns="xri://$xrd*($v*2.0)"><XRD>${services.join('')}</XRD></x:XRDS>`;

  it('takes the most preferred server', () => {
    expect(
      endpointOf(document(service('', 'c'), service('priority="2"', 'b'), service('priority="1"', 'a'))),
    ).toBe('a');
    expect(endpointOf(document(service('', '\n  only\n')))).toBe('only');
  });

  it('gives null for what is no XRDS document, or too large a one', () => {
    for (const text of [
      '',
      '<',
      '{}',
      document(),
      document(...Array.from({ length: 100 }, () => service('', 'a'))),
    ]) {
      expect(endpointOf(text)).toBeNull();
    }
  });
});
