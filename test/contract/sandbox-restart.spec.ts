import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import { afterEach, describe, expect, it } from '@jest/globals';
import { SAML } from '@node-saml/node-saml';

import { type Sandbox, startSandbox } from '../../src/sandbox/index.js';
import { Associations } from '../../src/sandbox/openid/associations.js';

const NS = 'http://specs.openid.net/auth/2.0';
const DH = { ns: NS, mode: 'associate', assoc_type: 'HMAC-SHA256', session_type: 'DH-SHA256' };

let sandbox: Sandbox | null = null;
afterEach(async () => {
  await sandbox?.close();
  sandbox = null;
});

/** One direct request to the provider. */
async function post(fields: Record<string, string>): Promise<{ status: number; body: string }> {
  sandbox ??= await startSandbox({ scenario: 'demo', seed: 7 });
  const { api } = sandbox.options.marketplaces[0]!;
  const form = new URLSearchParams(Object.entries(fields).map(([name, value]) => [`openid.${name}`, value]));
  const response = await fetch(`${sandbox.url}/api/openid/provider/${api.id}`, {
    method: 'POST',
    body: form,
  });
  return { status: response.status, body: await response.text() };
}

describe('the OpenID provider of the sandbox', () => {
  it.each([
    ['no number', { dh_consumer_public: '' }],
    ['a prime that is none', { dh_modulus: 'AA==', dh_consumer_public: 'Ag==' }],
    [
      'an endless prime',
      { dh_modulus: Buffer.alloc(5_000, 255).toString('base64'), dh_consumer_public: 'Ag==' },
    ],
    ['garbage', { dh_modulus: '%%%', dh_gen: '%%%', dh_consumer_public: '%%%' }],
  ])('responds with 400 to a key exchange with %s', async (_name, fields) => {
    const { status, body } = await post({ ...DH, ...fields });
    expect([status, body]).toEqual([400, expect.stringContaining('error:')]);
  });

  it('responds with 400 to a type that it does not have', async () => {
    const { status, body } = await post({ ...DH, assoc_type: 'X' });
    expect([status, body]).toEqual([400, expect.stringContaining('error_code:unsupported-type')]);
  });

  it('says which handle is of no use any more', async () => {
    const check = { ns: NS, mode: 'check_authentication', assoc_handle: 'x', invalidate_handle: 'long-gone' };
    expect((await post(check)).body).toContain('invalidate_handle:long-gone');
    const known = /assoc_handle:(.*)/.exec((await post({ ...DH, session_type: 'no-encryption' })).body)![1]!;
    expect((await post({ ...check, invalidate_handle: known })).body).not.toContain('invalidate_handle');
    const associations = new Associations();
    expect([associations.isKnown('x'), associations.isKnown(associations.handleFor(undefined))]).toEqual([
      false,
      false,
    ]);
  });
});

/** Ids of the response and the assertion of the first login at a sandbox with the seed. */
async function idsOfFirstLogin(): Promise<string[]> {
  sandbox = await startSandbox({ scenario: 'demo', seed: 7 });
  const { api, sso } = sandbox.options.marketplaces[0]!;
  let response = '';
  let url = '';
  const consumer = createServer((request, reply) => {
    if (request.method === 'GET') {
      const saml = new SAML({
        callbackUrl: url + sso.consume_path,
        entryPoint: `${sso.idp}/api/v1/auth/saml`,
        issuer: api.id,
        idpCert: sso.x509_certificate as string,
      });
      void saml
        .getAuthorizeUrlAsync('', undefined, {})
        .then((location) => reply.writeHead(302, { location }).end());
      return;
    }
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const form = new URLSearchParams(Buffer.concat(chunks).toString());
      response = Buffer.from(form.get('SAMLResponse') ?? '', 'base64').toString();
      reply.end('home');
    });
  });
  await new Promise<void>((resolve) => consumer.listen(0, '127.0.0.1', resolve));
  try {
    url = `http://127.0.0.1:${(consumer.address() as AddressInfo).port}`;
    sandbox.setAppUrl(url);
    await sandbox.login(url, { user: 'usr-1', group: 'cld-1' });
  } finally {
    consumer.closeAllConnections();
    consumer.close();
    await sandbox.close();
    sandbox = null;
  }
  return [...response.matchAll(/ ID="([^"]+)"/g)].map(([, id]) => id!);
}

describe('a sandbox that is started again with its seed', () => {
  it('gives no id of a login twice, which an application that remembers would take for a replay', async () => {
    const [first, second] = [await idsOfFirstLogin(), await idsOfFirstLogin()];
    expect([first.length, second.length]).toEqual([2, 2]);
    expect(new Set([...first, ...second]).size).toBe(4);
  });
});
