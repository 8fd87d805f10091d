import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { createDiffieHellman, createHash, createHmac } from 'node:crypto';

import { sendRequest, type IncomingResponse } from '../../src/sandbox/http/send-request.js';
import { startSandbox, type Sandbox } from '../../src/sandbox/index.js';
import { readPostedForm } from '../../src/sandbox/login/sandbox-login.js';
import { HTTP_ADAPTERS } from '../support/http-adapters.js';
import { HomeController, type TestApplication, testApplication } from '../support/application.js';

const NS = 'http://specs.openid.net/auth/2.0';
const SELECT = 'http://specs.openid.net/auth/2.0/identifier_select';

/** A key-value body as an object. */
function keyValues(body: string): Record<string, string> {
  const pairs = body
    .trim()
    .split('\n')
    .map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1)]);
  return Object.fromEntries(pairs) as Record<string, string>;
}

describe('the OpenID provider by itself', () => {
  let sandbox: Sandbox;
  let endpoint: string;

  beforeAll(async () => {
    sandbox = await startSandbox({ appUrl: 'http://app.test' });
    endpoint = `${sandbox.url}/api/openid/provider/app-1`;
  });
  afterAll(() => sandbox.close());

  function post(fields: Record<string, string>): Promise<IncomingResponse> {
    const body = new URLSearchParams(
      Object.entries(fields).map(([name, value]): [string, string] => [`openid.${name}`, value]),
    );
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    return sendRequest({ method: 'POST', url: endpoint, headers, body: body.toString() });
  }

  async function signIn(
    more: Record<string, string> = {},
    choice = '&user_uid=usr-1',
  ): Promise<Record<string, string>> {
    const request = new URLSearchParams({
      'openid.ns': NS,
      'openid.mode': 'checkid_setup',
      'openid.claimed_id': SELECT,
      'openid.identity': SELECT,
      'openid.return_to': 'http://app.test/maestrano/auth/saml/init/maestrano-uat',
      ...more,
    });
    const { body } = await sendRequest({ method: 'GET', url: `${endpoint}?${request.toString()}${choice}` });
    const form = readPostedForm(body);
    expect(form?.action).toBe('http://app.test/maestrano/auth/saml/init/maestrano-uat');
    return Object.fromEntries(
      Object.entries(form?.fields ?? {}).map(([name, value]) => [name.slice('openid.'.length), value]),
    );
  }

  it('is discovered at its own address, and persons at theirs', async () => {
    const server = await sendRequest({
      method: 'GET',
      url: endpoint,
      headers: { accept: 'application/xrds+xml' },
    });
    expect(server.headers['content-type']).toContain('application/xrds+xml');
    expect(server.body).toContain(`<Type>${NS}/server</Type>`);
    expect(server.body).toContain(`<URI>${endpoint}</URI>`);
    const user = await sendRequest({ method: 'GET', url: `${endpoint}/users/usr-1` });
    expect(user.headers['x-xrds-location']).toBe(`${endpoint}/users/usr-1.xrds`);
    expect((await sendRequest({ method: 'GET', url: `${endpoint}/users/usr-1.xrds` })).body).toContain(
      `${NS}/signon`,
    );
  });

  it('sends attributes by form, and confirms its response once', async () => {
    const response = await signIn({ 'openid.ns.sreg': 'http://openid.net/extensions/sreg/1.1' });
    expect(response).toMatchObject({
      mode: 'id_res',
      claimed_id: `${endpoint}/users/usr-1`,
      'ax.value.u_guid': 'usr-1',
      'ax.value.g_guid': 'cld-1',
      'ax.value.g_name': 'Kovač & Daughters Joinery',
      'ax.value.u_city': 'Sydney',
      'sreg.nickname': 'Ana',
    });
    const check = async (fields: Record<string, string>): Promise<string | undefined> =>
      keyValues((await post({ ...fields, mode: 'check_authentication' })).body)['is_valid'];
    expect(await check({ ...response, 'ax.value.u_guid': 'usr-2' })).toBe('false');
    expect(await check(response)).toBe('true');
    expect(await check(response)).toBe('false');
  });

  it.each([
    ['HMAC-SHA1', 'sha1'],
    ['HMAC-SHA256', 'sha256'],
  ])('shares a secret for %s by Diffie-Hellman and signs with it', async (type, hash) => {
    const diffieHellman = createDiffieHellman(MODULUS, 'hex', Buffer.from([2]));
    const publicKey = btwoc(diffieHellman.generateKeys());
    const association = keyValues(
      (
        await post({
          ns: NS,
          mode: 'associate',
          assoc_type: type,
          session_type: type.replace('HMAC', 'DH'),
          dh_consumer_public: publicKey.toString('base64'),
        })
      ).body,
    );
    const shared = diffieHellman.computeSecret(Buffer.from(association['dh_server_public'] ?? '', 'base64'));
    const pad = createHash(hash).update(btwoc(shared)).digest();
    const secret = Buffer.from(association['enc_mac_key'] ?? '', 'base64').map(
      (byte, index) => byte ^ (pad[index] ?? 0),
    );
    const response = await signIn({ 'openid.assoc_handle': association['assoc_handle'] ?? '' });
    expect(response['assoc_handle']).toBe(association['assoc_handle']);
    const signed = (response['signed'] ?? '').split(',').map((name) => `${name}:${response[name]}\n`);
    expect(response['sig']).toBe(createHmac(hash, secret).update(signed.join('')).digest('base64'));
    // Shared secrets prove nothing to the provider itself.
    expect((await post({ ...response, mode: 'check_authentication' })).body).toContain('is_valid:false');
  });

  it('rejects other types, immediate mode, malformed requests and unknown applications as it should', async () => {
    expect((await post({ ns: NS, mode: 'associate', assoc_type: 'X', session_type: 'Y' })).body).toContain(
      'error_code:unsupported-type',
    );
    const get = (query: string, at = endpoint): Promise<IncomingResponse> =>
      sendRequest({ method: 'GET', url: `${at}?${query}` });
    const immediate = await get('openid.mode=checkid_immediate&openid.return_to=http://app.test/back');
    expect(immediate).toMatchObject({
      status: 302,
      headers: { location: expect.stringContaining('openid.mode=setup_needed') },
    });
    expect(await get('openid.mode=checkid_setup')).toMatchObject({
      status: 500,
      body: expect.stringContaining('Invalid OpenID request'),
    });
    expect(await get('', `${sandbox.url}/api/openid/provider/app-99`)).toMatchObject({
      status: 302,
      headers: { location: `${sandbox.url}/app_access_unauthorized` },
    });
    const denied = await get(
      'openid.mode=checkid_setup&openid.return_to=http://app.test/back&user_uid=usr-6',
    );
    expect(denied.headers['location']).toBe(`${sandbox.url}/app_access_unauthorized`);
  });
});

function btwoc(bytes: Buffer): Buffer {
  // A secret in 256 begins with a zero byte, which the shortest form does not have.
  const shortest = bytes.subarray(bytes.findIndex((byte) => byte !== 0));
  return (shortest[0] ?? 0) & 0x80 ? Buffer.concat([Buffer.from([0]), shortest]) : shortest;
}

const MODULUS =
  'dcf93a0b883972ec0e19989ac5a2ce310e1d37717e8d9571bb7623731866e61ef75a2e27898b057f9891c2e27a639c3f' +
  '29b60814581cd3b2ca3986d2683705577d45c2e7e52dc81c7a171876e5cea74b1448bfdfaf18828efd2519f14e45e382' +
  '6634af1949e5b535cc829a483b8a76223e5d490a257f05bdff16f2fb22c583ab';

describe.each(HTTP_ADAPTERS)('signing in by OpenID to an application on %s', (httpAdapter) => {
  let sandbox: Sandbox;
  let app: TestApplication;

  beforeAll(async () => {
    sandbox = await startSandbox();
    sandbox.marketplaces.edit('bluebank', { protocol: 'openid' });
    app = await testApplication({
      httpAdapter,
      sandbox,
      controllers: [HomeController],
    });
  });

  afterAll(async () => {
    await app?.close();
    await sandbox?.close();
  });

  it('arrives with the profile of the person', async () => {
    const { status, url, body } = await sandbox.login(app.url, {
      marketplace: 'bluebank',
      user: 'usr-1',
      group: 'cld-1',
    });
    expect({ status, url, body }).toEqual({ status: 200, url: `${app.url}/`, body: 'home' });
    expect(app.users.calls).toMatchObject([{ uid: 'usr-1', firstName: 'Grace', marketplace: 'bluebank' }]);
    const journal = JSON.stringify(sandbox.journal.find());
    expect(journal).toContain('u_session_key');
    expect(journal).not.toContain(sandbox.state.user('bluebank', 'usr-1')?.ssoSession);
  });
});
