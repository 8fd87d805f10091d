import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';

import { Logger } from '@nestjs/common';

import type { MaestranoHttp } from '../../../../src/http/maestrano-http.service.js';
import type { HttpCall } from '../../../../src/http/http.types.js';
import { OpenIdProviderClient } from '../../../../src/sso/openid/openid-provider-client.js';
import { fakeDate } from '../../../support/fake-date.js';
import { registeredMarketplace } from '../../../support/marketplaces.js';
import { forge, OpenIdLogins } from '../../../support/openid/openid-logins.js';
import { OpenIdProvider, USER } from '../../../support/openid/openid-provider.js';

const provider = new OpenIdProvider();
let app: OpenIdLogins;

beforeAll(() => {
  Logger.overrideLogger(false);
  return provider.start();
});
afterAll(() => provider.close());
beforeEach(() => {
  provider.reset();
  provider.sessionTypes = ['no-encryption', 'DH-SHA256'];
  app = new OpenIdLogins(provider);
});
afterEach(() => void jest.useRealTimers());

const handleIn = (url: string): string | null => new URL(url).searchParams.get('openid.assoc_handle');

describe('an association', () => {
  it('is agreed upon once, by Diffie-Hellman where nothing is encrypted, and spares every question', async () => {
    const begun = await Promise.all(Array.from({ length: 8 }, () => app.begin()));
    for (const login of begun) expect(await app.outcome(login.response())).toBe('accepted');
    expect(provider.associationRequests).toEqual(['HMAC-SHA256 DH-SHA256']);
    expect(provider.verifications).toBe(0);
  });

  it('leaves a request that every server takes: it asks for no attributes', async () => {
    const { url } = await app.begin();
    expect(handleIn(url)).not.toBeNull();
    expect(url).not.toContain('openid.ax');
    expect(url.length).toBeLessThan(1_000);
  });

  it('goes with the login, to whichever instance the response comes', async () => {
    const login = await app.begin();
    expect(await app.outcome(login.response(), app.instance().logins)).toBe('accepted');
    expect(provider.verifications).toBe(0);
  });

  it('is found in nothing that a login leads to', async () => {
    const login = await app.begin();
    const verified = await app.logins.verify(app.marketplace, login.response());
    expect(Object.keys(verified.transaction).sort()).toEqual(['byGuard', 'id', 'returnTo']);
    const trace = await app.traces.find(verified.traceCode);
    expect(trace?.checks.map(({ code }) => code)).toContain('openid.signature');
  });

  it.each<[string, (query: URLSearchParams) => void]>([
    ['a forged signature', (query) => forge(query)],
    ['a changed role', (query) => replaceValue(query, 'Admin', 'Super Admin')],
    ['another spelling of the signature', (query) => query.set('openid.sig', `${query.get('openid.sig')}=`)],
    [
      'an added attribute that it says is signed',
      (query) => {
        query.set('openid.ext1.type.x', 'http://openid.net/schema/contact/city/home');
        query.set('openid.ext1.value.x', 'Sydney');
        query.set('openid.signed', `${query.get('openid.signed')},ext1.type.x,ext1.value.x`);
      },
    ],
  ])('rejects %s at once, without a question, and leaves the login open', async (_, tamper) => {
    const login = await app.begin();
    for (let time = 0; time < 10; time += 1) {
      expect(await app.outcome(login.response(tamper))).toBe('openid.signature');
    }
    expect(provider.verifications).toBe(0);
    expect(await app.outcome(login.response())).toBe('accepted');
  });

  it('of one login judges no response to another', async () => {
    const [one, other] = [await app.begin(), await app.begin()];
    const swapped = { ...one.response(), query: new URLSearchParams(other.response().query) };
    swapped.query.set('maestrano_login', one.requestId);
    expect(await app.outcome(swapped)).toBe('openid.returnTo');
  });

  it('that the provider forgot is agreed upon anew, after it confirmed a response itself', async () => {
    await app.begin();
    provider.forgetAssociations();
    const login = await app.begin();
    expect(await app.outcome(login.response())).toBe('accepted');
    expect(provider.verifications).toBe(1);
    const next = await app.begin();
    expect(provider.associationRequests).toHaveLength(2);
    expect(await app.outcome(next.response())).toBe('accepted');
    expect(provider.verifications).toBe(1);
  });

  it('is not given up because a response says that it is gone', async () => {
    const login = await app.begin();
    const handle = handleIn(login.url) ?? '';
    const own = await app.begin((fields) => {
      fields.set('assoc_handle', 'private');
      fields.set('invalidate_handle', handle);
    });
    await app.outcome(own.response());
    provider.word = `is_valid:false\ninvalidate_handle:${handle}\n`;
    await app.outcome(own.response((query) => forge(query, 'other')));
    expect(handleIn((await app.begin()).url)).toBe(handle);
  });

  it('is used for half of its life, and judges nothing after its end', async () => {
    provider.spoilAssociation = (reply) => void (reply['expires_in'] = '600');
    const login = await app.begin();
    fakeDate(Date.now() + 601_000);
    const late = login.response((query) => {
      const now = `${new Date().toISOString().slice(0, 19)}Zabc`;
      query.set('openid.response_nonce', now);
    });
    expect(await app.outcome(late)).toBe('openid.verification');
    expect(provider.verifications).toBe(1);
    const clock = jest.spyOn(performance, 'now');
    clock.mockReturnValue(performance.now() + 301_000);
    await app.begin();
    clock.mockRestore();
    expect(provider.associationRequests).toHaveLength(2);
  });

  it.each<[string, (reply: Record<string, string>) => void]>([
    ['another type', (reply) => void (reply['assoc_type'] = 'HMAC-SHA1')],
    ['another session', (reply) => void (reply['session_type'] = 'no-encryption')],
    ['a short key', (reply) => void (reply['enc_mac_key'] = 'AAAA')],
    ['no key', (reply) => void delete reply['enc_mac_key']],
    ['a public key that gives the secret away', (reply) => void (reply['dh_server_public'] = 'AQ==')],
    ['no public key', (reply) => void (reply['dh_server_public'] = '')],
    ['a handle of 300 characters', (reply) => void (reply['assoc_handle'] = 'h'.repeat(300))],
    ['a handle with a blank', (reply) => void (reply['assoc_handle'] = 'a b')],
    ['no life', (reply) => void (reply['expires_in'] = '0')],
    ['a life that is no number', (reply) => void (reply['expires_in'] = 'long')],
  ])('with %s is not used, and the provider confirms by itself', async (_, spoil) => {
    provider.spoilAssociation = spoil;
    const login = await app.begin();
    expect(handleIn(login.url)).toBeNull();
    expect(await app.outcome(login.response())).toBe('accepted');
    expect(provider.verifications).toBe(1);
  });

  it('is not taken unencrypted where the connection is not encrypted', async () => {
    provider.sessionTypes = ['no-encryption'];
    const login = await app.begin();
    expect(provider.associationRequests).toEqual(['HMAC-SHA256 DH-SHA256']);
    expect(await app.outcome(login.response())).toBe('accepted');
    // A provider without is not asked for each login.
    await app.begin();
    expect(provider.associationRequests).toHaveLength(1);
  });
});

describe('over https', () => {
  const uat = registeredMarketplace('uat', { api: { host: 'https://hub.example.com' } });
  const key = Buffer.alloc(32, 7).toString('base64');
  const lines = (fields: object): string =>
    Object.entries(fields)
      .map(([name, value]) => `${name}:${String(value)}\n`)
      .join('');

  /** What was asked for, and what came of it. */
  async function agree(...replies: { readonly status: number; readonly text: string }[]) {
    const asked: (string | null)[] = [];
    const http = {
      request: (_: unknown, call: HttpCall) => {
        asked.push((call.body as URLSearchParams).get('openid.session_type'));
        return Promise.resolve(replies.shift());
      },
    } as unknown as MaestranoHttp;
    const client = new OpenIdProviderClient(http);
    return { association: await client.association(uat, 'https://hub.example.com/openid'), asked };
  }

  it('the key comes as it is', async () => {
    const fields = { assoc_handle: 'h', assoc_type: 'HMAC-SHA256', session_type: 'no-encryption' };
    const text = lines({ ...fields, expires_in: 60, mac_key: key });
    expect(await agree({ status: 200, text })).toMatchObject({
      association: { handle: 'h', key },
      asked: ['no-encryption'],
    });
  });

  it('a provider that wants Diffie-Hellman is asked for that', async () => {
    const unsupported = { status: 400, text: lines({ error: 'x', error_code: 'unsupported-type' }) };
    expect(await agree(unsupported, unsupported)).toEqual({
      association: null,
      asked: ['no-encryption', 'DH-SHA256'],
    });
    expect(await agree({ status: 500, text: '' })).toEqual({ association: null, asked: ['no-encryption'] });
  });
});

describe('what is signed', () => {
  const COMPANY = 'http://openid.net/schema/company/name';

  it.each([
    'Acme\nclaimed_id:http://evil.example/',
    'Acme\next1.value.a0:usr-2',
    'Acme\nns.ax:http://openid.net/srv/ax/1.0',
  ])('is rejected where a value could be cut into other fields: %j', async (name) => {
    for (const sessionTypes of [['DH-SHA256'], []]) {
      app = new OpenIdLogins(provider);
      provider.sessionTypes = sessionTypes;
      provider.attributes = { ...USER, [COMPANY]: name };
      const login = await app.begin();
      expect(await app.outcome(login.response())).toBe('openid.signedFields');
    }
    expect(provider.verifications).toBe(0);
  });

  it('may be a value of two lines, and a company whose name looks like a label', async () => {
    provider.attributes = { ...USER, [COMPANY]: 'Acme\nTel: 123' };
    const login = await app.begin();
    const { profile } = await app.logins.verify(app.marketplace, login.response());
    expect(profile.group.name).toBe('Acme Tel: 123');
  });

  it('cannot be read as other fields: names with a colon are rejected', async () => {
    const login = await app.begin();
    const signed = (query: URLSearchParams): void => {
      query.set('openid.signed', `${query.get('openid.signed')},a:b`);
      query.set('openid.a:b', 'c');
    };
    expect(await app.outcome(login.response(signed))).toBe('openid.signedFields');
  });
});

function replaceValue(query: URLSearchParams, from: string, to: string): void {
  for (const [name, value] of query) if (value === from) query.set(name, to);
}
