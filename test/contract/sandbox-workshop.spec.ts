import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import {
  ASSERTION_VARIANTS,
  SandboxBrowser,
  startSandbox,
  type BrowserPage,
  type Sandbox,
} from '../../src/sandbox/index.js';
import { readPostedForm } from '../../src/sandbox/login/sandbox-login.js';
import { HTTP_ADAPTERS } from '../support/http-adapters.js';
import { HomeController, type TestApplication, testApplication } from '../support/application.js';

describe.each(HTTP_ADAPTERS)('every defect of the workshop, sent to an application on %s', (httpAdapter) => {
  let sandbox: Sandbox;
  let app: TestApplication;

  beforeAll(async () => {
    sandbox = await startSandbox();
    app = await testApplication({
      httpAdapter,
      sandbox,
      options: { defaultMarketplace: 'maestrano-uat' },
      controllers: [HomeController],
    });
  });

  afterAll(async () => {
    await app?.close();
    await sandbox?.close();
  });

  it.each(ASSERTION_VARIANTS.map(({ name, title }) => [name, title]))('%s: %s', async (name) => {
    app.users.calls.length = 0;
    const result = await sandbox.assertions.send(app.url, name);
    const { status, code, location, expected } = result;
    expect({ status, code, location, expected, asExpected: result.asExpected }).toMatchObject({
      asExpected: true,
    });
    // The rejection names its own check; only one that begins the login afresh is a redirect instead.
    if (result.rejected && code === null) expect(location).toContain('/maestrano/auth/saml/init');
    const signIns = { valid: 1, replay: 1 }[name] ?? 0;
    expect(app.users.calls.map(({ uid }) => uid)).toEqual(Array.from({ length: signIns }, () => 'usr-1'));
  });

  it('finds the metadata of the application in order, and says what is not', async () => {
    expect(await sandbox.checkMetadata()).toMatchObject({
      good: true,
      rejectsStrangers: true,
      leaksKey: false,
    });
    const { paths } = sandbox.marketplaces.get('bluebank');
    sandbox.marketplaces.edit('bluebank', { paths: { consume: '/elsewhere' } });
    const report = await sandbox.checkMetadata('bluebank');
    sandbox.marketplaces.edit('bluebank', { paths });
    expect(report.fields.filter(({ result }) => result !== 'same')).toEqual([
      { field: 'sso.consume_path', expected: '/elsewhere', seen: paths.consume, result: 'different' },
    ]);
  });

  it('lets a person choose a defect at the login page', async () => {
    const browser = new SandboxBrowser();
    const users = await browser.get(`${app.url}/maestrano/auth/saml/init/maestrano-uat`);
    const follow = async (page: BrowserPage, parameter: string): Promise<BrowserPage> => {
      const links = [...page.body.matchAll(/href="([^"]+)"/g)].map(([, href = '']) =>
        href.replaceAll('&amp;', '&'),
      );
      const link = links.find((href) => href.endsWith(parameter)) ?? '';
      return browser.get(new URL(link, page.url).href);
    };
    const asked = await follow(await follow(users, 'send=ask'), 'user_uid=usr-1');
    expect(asked.body).toContain('What shall be sent?');
    expect(asked.body).not.toContain('send=replay');
    const sent = readPostedForm((await follow(asked, 'send=wrong-audience')).body);
    const xml = Buffer.from(sent?.samlResponse ?? '', 'base64').toString();
    expect(xml).toContain('<Audience>https://elsewhere.example/</Audience>');
    expect((await browser.get(`${asked.url}&send=nonsense`)).status).toBe(400);
  });
});
