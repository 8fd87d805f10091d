import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Catch, Injectable, type LoggerService } from '@nestjs/common';
import { APP_FILTER, BaseExceptionFilter } from '@nestjs/core';
import { Redis } from 'ioredis';
import { randomUUID } from 'node:crypto';

import { MaestranoSessionAdapter, SsoService, type UserProfile } from '../../src/index.js';
import { MaestranoLoginDeniedError } from '../../src/errors/login-denied.error.js';
import { RedisStore } from '../../src/redis/index.js';
import { type Sandbox, SandboxBrowser, startSandbox } from '../../src/sandbox/index.js';
import { readPostedForm } from '../../src/sandbox/login/sandbox-login.js';
import { RecordingUserAdapter } from '../../src/testing/index.js';
import { freePort } from '../support/free-port.mjs';
import { type BootedApp, HTTP_ADAPTERS } from '../support/http-adapters.js';
import { bootSsoApp } from './sso-app.js';

/** Everything that is logged, to look for what must not be there. */
class Recorder implements LoggerService {
  readonly lines: string[] = [];
  readonly #keep = (...all: unknown[]): void => void this.lines.push(all.map(String).join(' '));
  log = this.#keep;
  warn = this.#keep;
  error = this.#keep;
  debug = this.#keep;
  verbose = this.#keep;
  fatal = this.#keep;
}

const seen: unknown[] = [];

@Catch()
class Filter extends BaseExceptionFilter {
  override catch(exception: unknown, host: Parameters<BaseExceptionFilter['catch']>[1]): void {
    seen.push(exception);
    super.catch(exception, host);
  }
}

/** Rejects some people in some ways. */
@Injectable()
class Doorkeeper extends RecordingUserAdapter {
  static mood: 'open' | 'denies' | 'fails' = 'open';

  override findOrCreateUser(profile: UserProfile): UserProfile {
    if (Doorkeeper.mood === 'denies') throw new MaestranoLoginDeniedError('Your trial is over.');
    if (Doorkeeper.mood === 'fails') throw new TypeError('relation "users" does not exist');
    return super.findOrCreateUser(profile);
  }
}

@Injectable()
class SignedIn extends MaestranoSessionAdapter {
  override signIn(): void {}
}

describe.each(HTTP_ADAPTERS)('login on %s', (httpAdapter) => {
  let sandbox: Sandbox;
  let app: BootedApp;
  const logger = new Recorder();

  beforeAll(async () => {
    sandbox = await startSandbox({ scenario: 'two-marketplaces' });
    app = await bootSsoApp(httpAdapter, sandbox, {
      logger,
      options: { defaultMarketplace: 'alpha' },
      extras: {
        userAdapter: Doorkeeper,
        sessionAdapter: SignedIn,
        extraProviders: [{ provide: APP_FILTER, useClass: Filter }],
      },
    });
  });
  afterAll(async () => {
    await app.close();
    await sandbox.close();
  });

  /** As far as the form that the identity provider posts. */
  async function atTheProvider(browser: SandboxBrowser, marketplace = 'alpha', query = '') {
    const page = await browser.get(`${app.url}/maestrano/auth/saml/init/${marketplace}${query}`, (url) =>
      url.startsWith(`${sandbox.url}/api/v1/auth/saml?`) ? `${url}&user_uid=usr-1&group_id=cld-1` : url,
    );
    const form = readPostedForm(page.body);
    if (!form) throw new Error(`no form: ${page.status} ${page.url}`);
    return form;
  }

  async function post(path: string, body: string | URLSearchParams, headers: Record<string, string> = {}) {
    const response = await fetch(app.url + path, {
      method: 'POST',
      redirect: 'manual',
      body,
      headers: { accept: 'application/json', ...headers },
    });
    const text = await response.text();
    expect(response.headers.getSetCookie().filter((line) => line.includes('mno-session'))).toEqual([]);
    return { status: response.status, text, headers: response.headers };
  }

  const CONSUME = '/maestrano/auth/saml/consume/alpha';
  const signedIn = (browser: SandboxBrowser) =>
    Object.keys(browser.jar.values(new URL(app.url))).some((name) => name.startsWith('mno-session'));

  it.each([
    ['/me?tab=1', '/me?tab=1'],
    ['//evil.example/me', '/'],
    ['https://evil.example/me', '/'],
    ['/.//evil.example', '/'],
    ['/\\evil.example', '/'],
  ])('returns to %s as %s', async (returnTo, expected) => {
    const login = await sandbox.login(app.url, { params: { return_to: returnTo } });
    expect(login.url).toBe(app.url + expected);
    expect(signedIn(login.browser)).toBe(true);
  });

  it.each<[string, () => string | URLSearchParams, number, string]>([
    ['an empty form', () => new URLSearchParams(), 400, 'sso.inputType'],
    ['two answers', () => new URLSearchParams('SAMLResponse=a&SAMLResponse=b'), 400, 'sso.inputType'],
    ['an answer within another', () => new URLSearchParams('SAMLResponse[a]=b'), 400, 'sso.inputType'],
    ['what is not base64', () => new URLSearchParams({ SAMLResponse: '<xml>' }), 400, 'sso.inputEncoding'],
    [
      'half a megabyte of base64',
      () => new URLSearchParams({ SAMLResponse: 'A'.repeat(300_000) }),
      400,
      'sso.inputTooLarge',
    ],
    ['what is not XML', () => new URLSearchParams({ SAMLResponse: btoa('hello') }), 403, 'sso.xmlMalformed'],
    [
      'XML with a DOCTYPE',
      () => new URLSearchParams({ SAMLResponse: btoa('<!DOCTYPE a><a/>') }),
      403,
      'sso.xmlForbidden',
    ],
    ['any other XML', () => new URLSearchParams({ SAMLResponse: btoa('<a/>') }), 403, 'sso.response'],
  ])('refuses %s', async (_, body, status, code) => {
    const response = await post(CONSUME, body());
    expect(response.status).toBe(status);
    expect(JSON.parse(response.text)).toMatchObject({ code, signInUrl: expect.anything() });
  });

  it.each([
    ['plain text', 'text/plain', 'SAMLResponse=abc'],
    ['JSON of the wrong kind', 'application/json', '{"SAMLResponse":{"a":1}}'],
    ['broken JSON', 'application/json', '{"SAMLResponse'],
    ['an unknown media type', 'application/x-none', 'abc'],
    ['a broken multipart form', 'multipart/form-data; boundary=x', '--x'],
  ])('answers %s with a status from 400 to 499', async (_, type, body) => {
    const { status } = await post(CONSUME, body, { 'content-type': type });
    expect(status).toBeGreaterThanOrEqual(400);
    expect(status).toBeLessThan(500);
  });

  it('knows no marketplace but its own', async () => {
    expect((await post('/maestrano/auth/saml/consume/gamma', new URLSearchParams())).status).toBe(404);
    expect((await fetch(`${app.url}/maestrano/auth/saml/init/gamma`)).status).toBe(404);
    expect((await fetch(app.url + CONSUME)).status).toBe(400);
  });

  it('rejects the response of another marketplace, and a second use of its own', async () => {
    const browser = new SandboxBrowser();
    const { action, samlResponse } = await atTheProvider(browser, 'beta');
    const foreign = await post(CONSUME, new URLSearchParams({ SAMLResponse: samlResponse }));
    expect(foreign.status).toBe(401);
    expect(JSON.parse(foreign.text)).toMatchObject({ code: 'sso.requestUnknown' });
    await browser.postFromOtherSite(action, { SAMLResponse: samlResponse }, sandbox.url);
    expect(signedIn(browser)).toBe(true);
    const again = await post(new URL(action).pathname, new URLSearchParams({ SAMLResponse: samlResponse }));
    expect(again.status).toBe(401);
    expect(JSON.parse(again.text)).toMatchObject({ code: 'sso.requestUsed' });
  });

  it('rejects a login that was begun in another browser', async () => {
    const [attacker, victim] = [new SandboxBrowser(), new SandboxBrowser()];
    const { action, samlResponse } = await atTheProvider(attacker, 'alpha', '?return_to=/public');
    await atTheProvider(victim, 'alpha', '?return_to=/me');
    const page = await victim.postFromOtherSite(action, { SAMLResponse: samlResponse }, sandbox.url);
    expect(signedIn(victim)).toBe(false);
    // Sent to begin a login of its own.
    expect(victim.steps.at(-3)).toMatchObject({
      method: 'POST',
      status: 303,
      location: `${app.url}/maestrano/auth/saml/init/alpha`,
    });
    expect(page.url).toContain(`${sandbox.url}/api/v1/auth/saml`);
  });

  it('shows a page with a code that explains itself', async () => {
    const browser = new SandboxBrowser();
    const { action, samlResponse } = await atTheProvider(browser);
    const xml = Buffer.from(samlResponse, 'base64').toString();
    const changed = Buffer.from(xml.replaceAll('Admin', 'Owner')).toString('base64');
    const page = await browser.postFromOtherSite(action, { SAMLResponse: changed }, sandbox.url);
    expect(page.status).toBe(403);
    expect(page.headers['content-type']).toBe('text/html; charset=utf-8');
    const [, code = ''] = /<code>([^<]+)<\/code>/.exec(page.body) ?? [];
    const explanation = await app.app.get(SsoService, { strict: false }).explain(code);
    expect(explanation).toMatch(/was rejected/);
    expect(logger.lines.join('\n')).toContain(code);
  });

  it("shows the application's own words, and hands its failures to its filters", async () => {
    Doorkeeper.mood = 'denies';
    const denied = await sandbox.login(app.url);
    expect(denied.status).toBe(403);
    expect(signedIn(denied.browser)).toBe(false);
    expect(denied.body).toContain('Your trial is over.');
    Doorkeeper.mood = 'fails';
    const failed = await sandbox.login(app.url);
    expect(failed.status).toBe(500);
    expect(signedIn(failed.browser)).toBe(false);
    expect(seen.at(-1)).toBeInstanceOf(TypeError);
    expect(failed.body).not.toContain('relation');
    Doorkeeper.mood = 'open';
    expect((await sandbox.login(app.url)).status).not.toBe(500);
  });

  it('has logged nothing that is secret or personal', () => {
    const text = logger.lines.join('\n');
    expect(text).toContain('rejected');
    for (const secret of ['SAMLResponse=', 'PHNhbWx', '<saml', 'Alma', '@example.com', 'BEGIN CERT']) {
      expect(text).not.toContain(secret);
    }
    for (const { key } of sandbox.options.marketplaces.map(({ api }) => api)) expect(text).not.toContain(key);
  });

  it('begins again by itself when the instance has forgotten the login', async () => {
    const browser = new SandboxBrowser();
    const { action, samlResponse } = await atTheProvider(browser, 'alpha', '?return_to=/me%3Ftab=1');
    const restarted = await bootSsoApp(httpAdapter, sandbox, { port: await freePort() });
    try {
      const elsewhere = new URL(new URL(action).pathname, restarted.url).href;
      const page = await browser.postFromOtherSite(elsewhere, { SAMLResponse: samlResponse }, sandbox.url);
      expect(browser.steps.map(({ status }) => status).slice(-3)).toEqual([303, 302, 200]);
      expect(page.url).toContain(sandbox.url);
      // The person signs in again, and comes to where they wanted to go in the first place.
      const { body } = await browser.get(`${page.url}&user_uid=usr-1&group_id=cld-1`);
      const form = readPostedForm(body);
      const end = await browser.postFromOtherSite(
        form?.action ?? '',
        { SAMLResponse: form?.samlResponse ?? '' },
        sandbox.url,
      );
      expect(end.status).toBe(200);
      expect(end.url).toBe(`${app.url}/me?tab=1`);
    } finally {
      await restarted.close();
    }
  });
});

const redisUrl = process.env['TEST_REDIS_URL'];
if (!redisUrl)
  console.warn('Skipped: two instances, because redis-server is missing (Debian package: redis-server).');

(redisUrl ? describe : describe.skip)('two instances that share Redis', () => {
  it.each(HTTP_ADAPTERS)('begin on one and end on the other, once, on %s', async (httpAdapter) => {
    const sandbox = await startSandbox();
    const connections = [new Redis(String(redisUrl)), new Redis(String(redisUrl))];
    const prefix = `sso-e2e-${randomUUID()}:`;
    const stores = connections.map((redis) => new RedisStore(redis, { prefix }));
    const [first, second] = stores;
    const one = await bootSsoApp(httpAdapter, sandbox, { options: first ? { store: first } : {} });
    const two = await bootSsoApp(httpAdapter, sandbox, {
      options: second ? { store: second } : {},
      port: await freePort(),
    });
    try {
      const browser = new SandboxBrowser();
      const init = `${one.url}/maestrano/auth/saml/init/${sandbox.options.marketplaces[0]?.marketplace}`;
      const page = await browser.get(init, (url) =>
        url.startsWith(`${sandbox.url}/api/v1/auth/saml?`) ? `${url}&user_uid=usr-1&group_id=cld-1` : url,
      );
      const form = readPostedForm(page.body);
      const path = new URL(form?.action ?? '').pathname;
      const consume = (instance: BootedApp) =>
        fetch(instance.url + path, {
          method: 'POST',
          redirect: 'manual',
          body: new URLSearchParams({ SAMLResponse: form?.samlResponse ?? '' }),
        });
      // Ten copies at once, half of them on each instance: one wins.
      const responses = await Promise.all(
        Array.from({ length: 10 }, (_, copy) => consume(copy % 2 ? one : two)),
      );
      expect(responses.map(({ status }) => status).sort((a, b) => a - b)).toEqual([
        303,
        ...Array<number>(9).fill(401),
      ]);
      const [session = ''] =
        responses
          .find(({ status }) => status === 303)
          ?.headers.getSetCookie()
          .filter((line) => line.startsWith('mno-session')) ?? [];
      const cookie = session.split(';')[0] ?? '';
      const me = (instance: BootedApp) => fetch(`${instance.url}/me`, { headers: { cookie } });
      expect((await me(one)).status).toBe(200);
      expect((await me(two)).status).toBe(200);
      expect((await consume(one)).status).toBe(401);
      expect((await consume(two)).status).toBe(401);
      await sandbox.webhooks.deleteGroupUser('cld-1', 'usr-1');
      expect((await me(one)).status).toBe(401);
      expect((await me(two)).status).toBe(401);
    } finally {
      await Promise.all([one.close(), two.close()]);
      await sandbox.close();
      for (const connection of connections) connection.disconnect();
    }
  });
});
