import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { SsoService } from '../../src/index.js';
import { SandboxBrowser } from '../../src/sandbox/index.js';
import { readPostedForm } from '../../src/sandbox/login/sandbox-login.js';
import { freePort } from '../support/free-port.mjs';
import { HTTP_ADAPTERS } from '../support/http-adapters.js';
import { SIMPLESAMLPHP_MISSING, SimpleSamlPhp } from '../support/simplesamlphp/identity-provider.js';
import type { TestApplication } from '../support/application.js';
import { bootSsoApp } from './sso-app.js';

if (SIMPLESAMLPHP_MISSING)
  console.warn(`Skipped: an independent identity provider, because ${SIMPLESAMLPHP_MISSING}.`);

const ATTRIBUTES = {
  mno_uid: 'usr-1',
  uid: 'usr-1',
  virtual_uid: 'usr-1.cld-1',
  email: 'zoé@example.com',
  virtual_email: 'usr-1.cld-1@mail.example.com',
  name: 'Zoé',
  surname: "O'Neill & <Daughters>",
  country: 'AU',
  mno_session: 'token-of-the-session',
  mno_session_recheck: new Date(Date.now() + 3_600_000).toISOString(),
  group_uid: 'cld-1',
  group_name: 'Zürich & Söhne',
  group_role: 'Admin',
};

(SIMPLESAMLPHP_MISSING ? describe.skip : describe).each(HTTP_ADAPTERS)(
  'SimpleSAMLphp, application on %s',
  (httpAdapter) => {
    let provider: SimpleSamlPhp;
    let app: TestApplication;

    beforeAll(async () => {
      const [port, providerPort] = [await freePort(), await freePort()];
      const consumePath = '/maestrano/auth/saml/consume/php';
      provider = await SimpleSamlPhp.start(providerPort, {
        apiId: 'app-php',
        consumeUrl: `http://127.0.0.1:${port}${consumePath}`,
        attributes: ATTRIBUTES,
      });
      const marketplace = {
        marketplace: 'php',
        app: { host: `http://127.0.0.1:${port}` },
        api: { id: 'app-php', key: 'key-of-php', host: provider.url },
        sso: { consumePath, x509Certificate: provider.certificate },
      };
      app = await bootSsoApp(
        httpAdapter,
        { options: { marketplaces: [] }, setAppUrl: () => undefined },
        { port, options: { marketplaces: [marketplace] } },
      );
    });
    afterAll(async () => {
      await app?.close();
      await provider?.stop();
    });

    async function atTheProvider(browser: SandboxBrowser) {
      const page = await browser.get(`${app.url}/me`);
      const form = readPostedForm(page.body);
      if (!form) throw new Error(`no form: ${page.status} ${page.url} ${page.body.slice(0, 500)}`);
      return form;
    }

    it('signs a person in, who lands where she wanted to', async () => {
      const browser = new SandboxBrowser();
      const { action, samlResponse } = await atTheProvider(browser);
      const page = await browser.postFromOtherSite(action, { SAMLResponse: samlResponse }, provider.url);
      expect(page.status).toBe(200);
      expect(page.url).toBe(`${app.url}/me`);
      expect(JSON.parse(page.body)).toMatchObject({ user: 'usr-1', group: 'cld-1', marketplace: 'php' });
      expect([...app.users.users.keys()]).toEqual(['php/usr-1']);
      expect(app.users.calls.at(-1)).toMatchObject({ firstName: 'Zoé', lastName: "O'Neill & <Daughters>" });
      expect(Buffer.from(samlResponse, 'base64').toString()).toContain('<samlp:Response');
    });

    it('is rejected where the response was changed, with the reason', async () => {
      const browser = new SandboxBrowser();
      const { action, samlResponse } = await atTheProvider(browser);
      const xml = Buffer.from(samlResponse, 'base64').toString();
      const changed = Buffer.from(xml.replaceAll('>Admin<', '>Owner<')).toString('base64');
      expect(changed).not.toBe(samlResponse);
      const page = await browser.postFromOtherSite(action, { SAMLResponse: changed }, provider.url);
      expect(page.status).toBe(403);
      const [, code = ''] = /<code>([^<]+)<\/code>/.exec(page.body) ?? [];
      expect(await app.app.get(SsoService, { strict: false }).explain(code)).toContain('sso.signature');
    });
  },
);
