import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SAML, ValidateInResponseTo } from '@node-saml/node-saml';

import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { startSandbox, type Sandbox } from '../../src/sandbox/index.js';
import { sharedFixture, SHARED_FIXTURES_REASON, sharedFixturesPresent } from '../support/shared-fixtures.js';

async function text(request: IncomingMessage): Promise<string> {
  let body = '';
  for await (const chunk of request) body += String(chunk);
  return body;
}

/** The smallest application: node-saml and nothing of this package. */
class BareConsumer {
  readonly server: Server;
  profile: Record<string, unknown> | null = null;
  /** What the browser sent along with the response. */
  cookies: string | undefined;
  url = '';

  constructor(private readonly sandbox: Sandbox) {
    this.server = createServer((request, response) => {
      this.#answer(request).then(
        ([status, headers, body]) => response.writeHead(status, headers).end(body),
        (error: Error) => response.writeHead(500).end(error.message),
      );
    });
  }

  async listen(): Promise<void> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    this.url = `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
    this.sandbox.setAppUrl(this.url);
  }

  async #answer(request: IncomingMessage): Promise<[number, Record<string, string | string[]>, string]> {
    const url = new URL(request.url ?? '/', this.url);
    const marketplace = this.sandbox.options.marketplaces.find((one) =>
      url.pathname.endsWith(one.marketplace),
    );
    if (!marketplace) return [200, {}, 'home'];
    const saml = new SAML({
      callbackUrl: this.url + marketplace.sso.consume_path,
      entryPoint: `${marketplace.sso.idp}/api/v1/auth/saml`,
      issuer: marketplace.api.id,
      audience: `${this.url}/`,
      idpCert: marketplace.sso.x509_certificate as string,
      wantAssertionsSigned: true,
      wantAuthnResponseSigned: false,
      validateInResponseTo: ValidateInResponseTo.never,
      disableRequestedAuthnContext: true,
      identifierFormat: 'urn:oasis:names:tc:SAML:2.0:nameid-format:persistent',
    });
    if (request.method === 'GET') {
      const additionalParams = Object.fromEntries(url.searchParams);
      const location = await saml.getAuthorizeUrlAsync('', undefined, { additionalParams });
      return [
        302,
        { location, 'set-cookie': ['lax=1; Path=/; SameSite=Lax', 'none=1; Path=/; SameSite=None; Secure'] },
        '',
      ];
    }
    this.cookies = request.headers.cookie;
    const fields = Object.fromEntries(new URLSearchParams(await text(request)));
    const { profile } = await saml.validatePostResponseAsync(fields as Record<string, string>);
    this.profile = profile as Record<string, unknown>;
    return [303, { location: '/', 'set-cookie': 'signed-in=yes; Path=/' }, ''];
  }
}

describe('login with a bare node-saml application', () => {
  let sandbox: Sandbox;
  let app: BareConsumer;

  beforeAll(async () => {
    sandbox = await startSandbox({ scenario: 'demo', seed: 7 });
    app = new BareConsumer(sandbox);
    await app.listen();
  });

  afterAll(async () => {
    await sandbox.close();
    app.server.close();
  });

  it('signs usr-1 in through cld-1, with values that need escaping', async () => {
    const result = await sandbox.login(app.url, { user: 'usr-1', group: 'cld-1' });
    expect(result).toMatchObject({ status: 200, body: 'home', cookies: { 'signed-in': 'yes' } });
    expect(app.profile).toMatchObject({
      nameID: 'usr-1',
      group_uid: 'cld-1',
      group_name: 'Kovač & Daughters Joinery',
      group_role: 'Super Admin',
      surname: 'Kovač',
    });
  });

  it('posts the response as another site does: only SameSite=None cookies travel', async () => {
    const { cookies } = await sandbox.login(app.url);
    expect(app.cookies).toBe('none=1');
    expect(cookies).toEqual({ lax: '1', none: '1', 'signed-in': 'yes' });
  });

  it('knows other people by the same ids on the second marketplace, and signs with SHA-256 there', async () => {
    await sandbox.login(app.url, { user: 'usr-1', group: 'cld-1', marketplace: 'bluebank' });
    expect(app.profile).toMatchObject({ nameID: 'usr-1', name: 'Grace', group_name: 'Adeyemi Legal' });
  });

  it('signs a reseller in to a customer as guest, with the reseller in the assertion', async () => {
    await sandbox.login(app.url, { user: 'usr-5', group: 'cld-3' });
    expect(app.profile).toMatchObject({
      group_uid: 'cld-3',
      group_name: 'Radhaus Köln <Werkstatt>',
      group_role: 'Guest',
      reseller_id: 'rsl-449s8fsd',
    });
  });

  it('calls itself by the request URL up to the first ampersand, and the application by its origin', async () => {
    await sandbox.login(app.url);
    expect(app.profile?.['issuer']).toMatch(
      new RegExp(`^${sandbox.url}/api/v1/auth/saml\\?SAMLRequest=[^&]+$`),
    );
  });

  it('shows a denied page with 403 to a person without a group, and posts nothing', async () => {
    await expect(sandbox.login(app.url, { user: 'usr-6' })).rejects.toMatchObject({ code: 'sandbox.login' });
    expect(sandbox.journal.find({ route: 'auth/saml', status: 403 })).toHaveLength(1);
  });

  it('ends the session when the person signs out of the marketplace', async () => {
    const { ssoSession } = sandbox.state.user('maestrano-uat', 'usr-1') ?? { ssoSession: '' };
    const check = async (id: string): Promise<unknown> =>
      (await fetch(`${sandbox.url}/api/v1/auth/saml/${id}?session=${ssoSession}`)).json();
    expect(await check('usr-1')).toMatchObject({ valid: true });
    expect(await check('usr-1.cld-1')).toMatchObject({ valid: true });
    const journal = JSON.stringify(sandbox.journal.find());
    expect(journal).toContain('auth/saml/:uid');
    expect(journal).not.toContain(ssoSession);
    await fetch(`${sandbox.url}/app_logout?user_uid=usr-1`);
    expect(await check('usr-1')).toEqual({ valid: false, recheck: expect.stringMatching(/Z$/) });
    const fresh = sandbox.state.user('maestrano-uat', 'usr-1')?.ssoSession;
    sandbox.signOut('usr-1');
    expect(sandbox.state.user('maestrano-uat', 'usr-1')?.ssoSession).not.toBe(fresh);
    expect(() => sandbox.signOut('usr-77')).toThrow('maestrano-uat has no user usr-77');
  });
});

/** Elements and attributes of a response, in order, without their values. */
function shape(samlResponse: string): string[] {
  const xml = Buffer.from(samlResponse, 'base64').toString('utf8');
  return [...xml.matchAll(/<([A-Za-z:]+)([^>]*)>/g)].map(([, name = '', attributes = '']) => {
    const names = [...attributes.matchAll(/([\w:]+)="([^"]*)"/g)].map(([, one = '', value = '']) =>
      one === 'Name' || one === 'Algorithm' || one.startsWith('xmlns') ? `${one}=${value}` : one,
    );
    return [name, ...names.toSorted()].join(' ');
  });
}

const recorded = sharedFixturesPresent ? describe : describe.skip;
if (!sharedFixturesPresent) console.warn(`Skipping the real provider's shape: ${SHARED_FIXTURES_REASON}.`);

recorded('the shape of a response', () => {
  it('is that of the real provider, element by element', async () => {
    await using sandbox = await startSandbox({ behaviour: 'like-2016', scenario: 'two-marketplaces' });
    const app = new BareConsumer(sandbox);
    await app.listen();
    const { samlResponse } = await sandbox.login(app.url, { user: 'usr-1' });
    app.server.close();
    expect(shape(samlResponse)).toEqual(shape(sharedFixture('real-idp/valid-rsa2048.b64')));
    const lines = samlResponse.trimEnd().split('\n');
    expect(new Set(lines.slice(0, -1).map((line) => line.length))).toEqual(new Set([60]));
  });
});

const xmlsec = spawnSync('xmlsec1', ['--version']).status === 0;
if (!xmlsec) console.warn('Skipping xmlsec1 verification: install the Debian package xmlsec1.');

(xmlsec ? describe : describe.skip)('signatures as xmlsec1 sees them', () => {
  it.each(['sha1', 'sha256'] as const)(
    'verifies a %s response, and not one that was changed',
    async (signatureAlgorithm) => {
      await using sandbox = await startSandbox({ signatureAlgorithm, scenario: 'two-marketplaces' });
      const app = new BareConsumer(sandbox);
      await app.listen();
      const { samlResponse } = await sandbox.login(app.url, { user: 'usr-1' });
      app.server.close();
      const folder = mkdtempSync(join(tmpdir(), 'sandbox-xmlsec-'));
      try {
        const verify = (xml: string): string => {
          writeFileSync(join(folder, 'response.xml'), xml);
          writeFileSync(
            join(folder, 'idp.pem'),
            sandbox.options.marketplaces[0]?.sso.x509_certificate as string,
          );
          const assertion = 'urn:oasis:names:tc:SAML:2.0:assertion:Assertion';
          const flags = ['--verify', '--id-attr:ID', assertion, '--pubkey-cert-pem', 'idp.pem'];
          return execFileSync('xmlsec1', [...flags, 'response.xml'], {
            cwd: folder,
            stdio: 'pipe',
          }).toString();
        };
        const xml = Buffer.from(samlResponse, 'base64').toString('utf8');
        expect(() => verify(xml)).not.toThrow();
        expect(() => verify(xml.replace('Alma', 'Eve'))).toThrow();
      } finally {
        rmSync(folder, { recursive: true });
      }
    },
  );
});
