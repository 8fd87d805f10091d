import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Get, Module } from '@nestjs/common';

import { MaestranoGroupAdapter, MaestranoModule, MaestranoUserAdapter } from '../../src/index.js';
import {
  ASSERTION_VARIANTS,
  SandboxBrowser,
  startSandbox,
  type BrowserPage,
  type Sandbox,
} from '../../src/sandbox/index.js';
import { readPostedForm } from '../../src/sandbox/login/sandbox-login.js';
import { freePort } from '../support/free-port.js';
import { bootApp, HTTP_ADAPTERS, type BootedApp } from '../support/http-adapters.js';

const signedIn: string[] = [];

class Users extends MaestranoUserAdapter<string> {
  override findOrCreateUser({ uid }: { uid: string }): string {
    signedIn.push(uid);
    return uid;
  }
}

class Groups extends MaestranoGroupAdapter<string, string> {
  override findOrCreateGroup({ uid }: { uid: string }): string {
    return uid;
  }
  override hasMember(): boolean {
    return true;
  }
  override addMember(): void {}
  override removeMember(): void {}
  override deleteGroup(): void {}
}

@Controller()
class HomeController {
  @Get()
  home(): string {
    return 'home';
  }
}

describe.each(HTTP_ADAPTERS)('every defect of the workshop, sent to an application on %s', (httpAdapter) => {
  let sandbox: Sandbox;
  let app: BootedApp;

  beforeAll(async () => {
    const port = await freePort();
    sandbox = await startSandbox({ appUrl: `http://127.0.0.1:${port}` });
    @Module({
      imports: [
        MaestranoModule.forRoot({
          ...sandbox.options,
          defaultMarketplace: 'maestrano-uat',
          session: { secret: 'a secret of at least thirty-two characters' },
          userAdapter: Users,
          groupAdapter: Groups,
        }),
      ],
      controllers: [HomeController],
    })
    class App {}
    app = await bootApp(httpAdapter, App, { port });
  });

  afterAll(async () => {
    await app?.close();
    await sandbox?.close();
  });

  it.each(ASSERTION_VARIANTS.map(({ name, title }) => [name, title]))('%s: %s', async (name) => {
    signedIn.length = 0;
    const result = await sandbox.assertions.send(app.url, name);
    const { status, code, location, expected } = result;
    expect({ status, code, location, expected, asExpected: result.asExpected }).toMatchObject({
      asExpected: true,
    });
    // The refusal names its own check; only one that begins the login afresh answers with a redirect instead.
    if (result.rejected && code === null) expect(location).toContain('/maestrano/auth/saml/init');
    const signIns = { valid: 1, replay: 1 }[name] ?? 0;
    expect(signedIn).toEqual(Array.from({ length: signIns }, () => 'usr-1'));
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
