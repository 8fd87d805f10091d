import { afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { HttpException, Logger } from '@nestjs/common';
import * as fc from 'fast-check';

import { AdapterResolver } from '../../../../src/adapters/adapter-resolver.js';
import { MaestranoEvents } from '../../../../src/events/maestrano-events.service.js';
import { MaestranoLoginDeniedError } from '../../../../src/errors/login-denied.error.js';
import { MaestranoSsoError } from '../../../../src/errors/sso.error.js';
import type { SsoErrorCode } from '../../../../src/errors/sso-error-codes.js';
import type { SsoOptions } from '../../../../src/interfaces/sso-options.interface.js';
import { HttpExchange } from '../../../../src/routing/http-exchange.js';
import type { LoginService, VerifiedLogin } from '../../../../src/sso/login/login.service.js';
import type { SsoResponse } from '../../../../src/sso/login/sso-protocol.js';
import { LoginBinding } from '../../../../src/sso/login/login-binding.service.js';
import { LoginCompletion } from '../../../../src/sso/login/login-completion.service.js';
import { LoginRejection } from '../../../../src/sso/login/login-rejection.service.js';
import { type LoginStart, requestIdOf } from '../../../../src/sso/login/login-transaction.service.js';
import { ReturnTo } from '../../../../src/sso/login/return-to.service.js';
import { SsoService } from '../../../../src/sso/sso.service.js';
import { LostSessions } from '../../../../src/session/lost-sessions.service.js';
import { PersonPages } from '../../../../src/session/person-pages.service.js';
import { SessionSeal } from '../../../../src/session/session-seal.service.js';
import { SsoConsumeHandler } from '../../../../src/sso/sso-consume.handler.js';
import { SsoInitHandler } from '../../../../src/sso/sso-init.handler.js';
import { DeletedGroupsService } from '../../../../src/stores/deleted-groups.service.js';
import { MemoryStore } from '../../../../src/stores/memory-store.js';
import { loginOf, registryOfNames, SECRET, sessionsOf } from '../../session/harness.js';
import { settingsOf } from '../../../support/settings.js';

beforeAll(() => Logger.overrideLogger(false));
afterEach(() => {
  jest.restoreAllMocks();
});

describe('return-to', () => {
  const registry = registryOfNames(['uat'], { idm: 'https://sso.example.test' });
  const [marketplace] = registry.list();
  if (!marketplace) throw new Error('no marketplace');
  const returnTo = new ReturnTo(settingsOf({ sso: { returnToOrigins: ['https://admin.example.test'] } }).sso);
  const parse = (address: unknown) => returnTo.parse(address, marketplace);

  it.each([
    ['/invoices?page=2#top', 'http://app.example.test/invoices?page=2#top'],
    ['/', 'http://app.example.test/'],
    ['/a/../b', 'http://app.example.test/b'],
    ['/search?q=https://evil.example', 'http://app.example.test/search?q=https://evil.example'],
    ['https://sso.example.test/welcome', '/welcome'],
    ['https://admin.example.test/x', 'https://admin.example.test/x'],
    ['HTTP://APP.example.test/x', 'http://app.example.test/x'],
  ])('takes %s', (address, expected) => expect(parse(address)).toBe(expected));

  it.each([
    '',
    'invoices',
    '//evil.example',
    '/\\evil.example',
    '\\\\evil.example',
    '/\t/evil.example',
    '/%0d%0aX: 1\r\nSet-Cookie: a=b',
    '/.//evil.example',
    '/x/..//evil.example',
    'https://evil.example',
    'https://app.example.test.evil.example/',
    'https://app.example.test@evil.example/',
    'http://user:secret@app.example.test/',
    'https://app.example.test/',
    'http://app.example.test:8080/',
    'javascript:alert(1)',
    'data:text/html,x',
    ' https://admin.example.test',
    `/${'x'.repeat(3_000)}`,
    `/${'€'.repeat(2_000)}`,
    '/maestrano/auth/saml/init/uat?return_to=/',
    '/maestrano/auth/saml/consume/uat',
    undefined,
    ['/a'],
  ])('rejects %j', (address) => expect(parse(address)).toBeNull());

  it.each(['admin.example.test', 'admin.example.test:8443', '/admin', 'javascript:alert(1)', ''])(
    'is not used with %j as an origin',
    (origin) => {
      expect(() => new ReturnTo(settingsOf({ sso: { returnToOrigins: [origin] } }).sso)).toThrow(
        expect.objectContaining({ code: 'configuration.options' }),
      );
    },
  );

  it('never leads away, whatever it is given', () => {
    const origins = new Set([
      'http://app.example.test',
      'https://sso.example.test',
      'https://admin.example.test',
    ]);
    const pieces = fc.constantFrom(
      '/',
      '\\',
      '.',
      '..',
      '//',
      '@',
      ':',
      '?',
      '#',
      '%2f',
      '%5c',
      'evil.example',
      'https:',
      '\t',
      '\n',
      'app.example.test',
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.webUrl(),
          fc.array(pieces, { maxLength: 8 }).map((all) => all.join('')),
        ),
        (address) => {
          const parsed = parse(address);
          if (parsed === null) return true;
          // As a browser would read it in a Location header on the login origin.
          return origins.has(new URL(parsed, 'https://sso.example.test/maestrano/consume').origin);
        },
      ),
      { numRuns: 3_000 },
    );
  });

  it('falls back to the home page of the application', () => {
    expect(returnTo.home(marketplace)).toBe('http://app.example.test/');
    expect(new ReturnTo(settingsOf({ sso: { homeUrl: '/desk' } }).sso).home(marketplace)).toBe(
      'http://app.example.test/desk',
    );
  });
});

describe('options that come to nothing', () => {
  const registry = registryOfNames(['uat']);
  const warnings = (): unknown[] =>
    jest.mocked(Logger.prototype.warn).mock.calls.map(([message]: readonly unknown[]) => message);
  beforeEach(() => void jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined));

  it('are reported once: a home that nobody may be sent to', () => {
    const [marketplace] = registry.list();
    const returnTo = new ReturnTo(
      settingsOf({ sso: { homeUrl: 'https://elsewhere.example.test/desk' } }).sso,
    );
    expect(returnTo.home(marketplace!)).toBe('/');
    expect(returnTo.home(marketplace!)).toBe('/');
    expect(warnings()).toEqual([expect.stringMatching(/homeUrl.*"uat".*returnToOrigins/)]);
  });

  it('are reported at start: settings of a marketplace that there is not', () => {
    const perMarketplace = { uat: { binding: 'off' as const }, uta: { binding: 'require' as const } };
    const service = new SsoService(
      registry,
      {} as never,
      {} as never,
      {} as never,
      settingsOf({ sso: { perMarketplace } }).sso,
    );
    service.onApplicationBootstrap();
    expect(warnings()).toEqual([expect.stringMatching(/perMarketplace names "uta".*\(uat\)/)]);
  });
});

/** What the browser that began this login is given, and the login's ID. */
const keyOf = (number: number): string => `request${number}`.padEnd(27, '_');
const idOf = (number: number): string => requestIdOf(keyOf(number));

/** The two ends of a login as far as the handlers know them; what becomes of a response is what the test says. */
class LoginsStub {
  readonly begun: LoginStart[] = [];
  readonly responses: SsoResponse[] = [];
  outcome: () => Promise<VerifiedLogin> = () => Promise.reject(new Error('nothing arranged'));

  isResponse(): boolean {
    return false;
  }

  begin(_: unknown, start: LoginStart) {
    this.begun.push(start);
    const browserKey = keyOf(this.begun.length);
    return Promise.resolve({
      url: 'https://uat.example.test/sign-in',
      requestId: requestIdOf(browserKey),
      browserKey,
    });
  }

  verify(_: unknown, response: SsoResponse): Promise<VerifiedLogin> {
    this.responses.push(response);
    return this.outcome();
  }
}

interface Visit {
  readonly method?: string;
  readonly url: string;
  readonly headers?: Record<string, string>;
}

/** The handlers around the stub, a browser's cookie jar, and the last response. */
function startLogin(sso: SsoOptions = {}, marketplaceSso: Record<string, unknown> = {}) {
  const registry = registryOfNames(['uat'], marketplaceSso);
  const marketplace = registry.get('uat');
  const stub = new LoginsStub();
  const logins = stub as unknown as LoginService;
  const calls: string[] = [];
  const users = { findOrCreateUser: () => Promise.resolve({ name: 'Jo' }) };
  const groups = {
    member: false,
    findOrCreateGroup: () => Promise.resolve('company'),
    hasMember: () => groups.member,
    addMember: (): Promise<void> => Promise.resolve(void calls.push('add')),
    updateMember: (): Promise<void> => Promise.resolve(void calls.push('update')),
  };
  const session: { adapter: object | null } = { adapter: null };
  const adapters = Object.assign(new AdapterResolver(null as never, new Map(), 50), {
    user: () => Promise.resolve(users),
    group: () => Promise.resolve(groups),
    session: () => Promise.resolve(session.adapter),
  } as object);
  const sessions = sessionsOf(registry, { secret: SECRET }).service;
  const lost = new LostSessions(new SessionSeal(settingsOf({ session: { secret: SECRET } }).session, {}));
  const binding = new LoginBinding();
  const settings = settingsOf({ sso }).sso;
  const policy = new ReturnTo(settings);
  const deletedGroups = new DeletedGroupsService(new MemoryStore());
  const rejection = new LoginRejection(binding, policy, settings, new PersonPages(settingsOf().pages));
  const completion = new LoginCompletion(adapters, sessions, policy, deletedGroups);
  const consume = new SsoConsumeHandler(logins, binding, completion, rejection, lost, new MaestranoEvents());
  const init = new SsoInitHandler(logins, binding, policy, rejection, consume, sessions, lost, settings);
  const jar: Record<string, string> = {};

  async function visit(
    handler: SsoInitHandler | SsoConsumeHandler,
    { method = 'GET', url, headers = {} }: Visit,
  ) {
    const sent: { status?: number; location?: string; body?: string; headers: Record<string, string> } = {
      headers: {},
    };
    const adapter = {
      getType: () => 'fastify',
      setHeader: (_: unknown, name: string, value: string) => (sent.headers[name.toLowerCase()] = value),
      appendHeader: (_: unknown, _name: string, line: string) => {
        const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
        if (/max-age=0/i.test(line)) delete jar[name];
        else jar[name] = value;
        sent.headers['set-cookie'] = `${sent.headers['set-cookie'] ?? ''}${line}\n`;
      },
      status: (_: unknown, status: number) => Object.assign(sent, { status }),
      reply: (_: unknown, body: string) => Object.assign(sent, { body }),
      redirect: (_: unknown, status: number, location: string) => Object.assign(sent, { status, location }),
    };
    const cookie = Object.entries(jar)
      .map(([name, value]) => `${name}=${value}`)
      .join('; ');
    const request = {
      method,
      url,
      headers: { accept: 'text/html', cookie, ...headers },
      body: { SAMLResponse: 'x' },
    };
    await handler.handle(new HttpExchange(adapter as never, request, {}), {
      endpoint: 'sso',
      marketplace,
      params: {},
    });
    return sent;
  }
  return {
    marketplace,
    stub,
    jar,
    users,
    groups,
    calls,
    session,
    begin: (query = '') => visit(init, { url: `/init${query}` }),
    consume: (headers?: Record<string, string>) =>
      visit(consume, { method: 'POST', url: '/consume', ...(headers ? { headers } : {}) }),
    accept: (id: string, returnTo: string | null = null, byGuard = false) => {
      stub.outcome = () =>
        Promise.resolve({
          ...loginOf('uat', new Date(Date.now() + 60_000)),
          transaction: { id, returnTo, byGuard },
          traceCode: 'ABC-123',
        });
    },
    reject: (code: SsoErrorCode, requestId: string | null = null) => {
      const details = { marketplace: 'uat', checks: [], traceCode: 'ABC-123', requestId };
      stub.outcome = () => Promise.reject(new MaestranoSsoError(code, details));
    },
  };
}

const logins = (jar: Record<string, string>): string[] =>
  Object.entries(jar).flatMap(([name, value]) =>
    name.startsWith('mno-login-') ? [requestIdOf(value.split('.')[1] ?? '')] : [],
  );
const signedIn = (jar: Record<string, string>): boolean =>
  Object.keys(jar).some((name) => name.startsWith('mno-session-'));

describe('init', () => {
  it('passes on the group and what the application allows, and nothing else', async () => {
    const { begin, stub } = startLogin({ passParameters: ['locale'] });
    const response = await begin(
      '?group_id=cld-2&locale=fr&SAMLRequest=x&RelayState=y&return_to=/invoices&other=1',
    );
    expect(stub.begun).toEqual([{ returnTo: '/invoices', params: { group_id: 'cld-2', locale: 'fr' } }]);
    expect(response).toMatchObject({ status: 302, location: 'https://uat.example.test/sign-in' });
    expect(response.headers).toMatchObject({ 'cache-control': 'no-store' });
  });

  it('reads the group behind a second question mark, as the marketplace appends it', async () => {
    const { begin, stub } = startLogin();
    await begin('?marketplace=uat?group_id=cld-2');
    expect(stub.begun[0]?.params).toEqual({ group_id: 'cld-2' });
  });

  it('leaves out what is too long and forgets a foreign page', async () => {
    const { begin, stub } = startLogin();
    await begin(`?group_id=${'x'.repeat(600)}&return_to=https://evil.example`);
    expect(stub.begun).toEqual([{ returnTo: null, params: {} }]);
  });

  it('binds the login to the browser, up to sixteen at once, the oldest going first', async () => {
    const { begin, jar } = startLogin();
    const now = jest.spyOn(Date, 'now');
    const { headers } = await begin();
    expect(headers['set-cookie']).toMatch(
      /^mno-login-[0-9a-f]{16}=[^;]+; Max-Age=3600; Path=\/; HttpOnly; Secure; SameSite=None\n$/,
    );
    for (let tab = 2; tab <= 18; tab += 1) {
      now.mockReturnValue(Date.UTC(2030, 0, tab));
      await begin();
    }
    const kept = Array.from({ length: 16 }, (_, position) => idOf(position + 3));
    expect(logins(jar).sort()).toEqual(kept.sort());
  });

  it('uses a name that no sibling host can set where there is https', async () => {
    const { begin, jar, consume, stub, reject } = startLogin({}, { idm: 'https://app.example.test' });
    reject('sso.audience');
    await begin();
    const [name = '', value = ''] = Object.entries(jar)[0] ?? [];
    expect(name).toMatch(/^__Host-mno-login-/);
    delete jar[name];
    jar[name.replace('__Host-', '')] = value;
    await consume();
    expect(stub.responses[0]?.boundRequestIds).toBeNull();
  });

  it('is proved by the key in the cookie, which nobody makes who knows the ID of a login alone', async () => {
    const { begin, jar, consume, stub, reject } = startLogin();
    reject('sso.audience');
    await begin();
    const [name = '', value = ''] = Object.entries(jar)[0] ?? [];
    expect(value).toContain(keyOf(1));
    expect(value).not.toContain(idOf(1));
    for (const forged of [idOf(1), keyOf(2), idOf(1).slice(0, 27), '']) {
      jar[name] = value.replace(keyOf(1), forged);
      await consume();
      expect(stub.responses.at(-1)?.boundRequestIds).toBeNull();
    }
  });

  it.each([
    [
      'a browser that carries such cookies',
      'https://app.example.test',
      { 'sec-fetch-site': 'cross-site' },
      [],
    ],
    ['a client that may not', 'https://app.example.test', {}, null],
    ['a host where they are not kept', 'http://app.example.test', { 'sec-fetch-site': 'cross-site' }, null],
  ])('tells what no cookie means, from %s', async (_, idm, headers, expected) => {
    const { consume, stub, reject } = startLogin({}, { idm });
    reject('sso.requestNotBound');
    await consume(headers);
    expect(stub.responses[0]?.boundRequestIds).toEqual(expected);
  });

  it('is closed where SSO is off', async () => {
    const { begin, stub } = startLogin({}, { enabled: false });
    expect(await begin()).toMatchObject({ status: 403, body: expect.stringContaining('switched off') });
    expect(stub.begun).toEqual([]);
  });
});

describe('consume', () => {
  it('finds or creates, begins a session and goes where the person wanted to', async () => {
    const { begin, consume, accept, jar, calls, stub, groups } = startLogin();
    await begin();
    accept(idOf(1), '/invoices');
    expect(await consume()).toMatchObject({ status: 303, location: '/invoices' });
    expect(stub.responses[0]).toMatchObject({
      method: 'POST',
      boundRequestIds: [idOf(1)],
      body: { SAMLResponse: 'x' },
    });
    expect(calls).toEqual(['add']);
    expect(logins(jar)).toEqual([]);
    expect(signedIn(jar)).toBe(true);
    groups.member = true;
    accept(idOf(2));
    expect(await consume()).toMatchObject({ status: 303, location: '/' });
    expect(calls).toEqual(['add', 'update']);
  });

  it('shows who cannot come in a page with a code, and no session', async () => {
    const { consume, reject, jar } = startLogin();
    reject('sso.audience');
    const response = await consume();
    expect(response).toMatchObject({ status: 403, headers: { 'cache-control': 'no-store' } });
    expect(response.headers['content-security-policy']).toMatch(/^default-src 'none'; style-src 'sha256-/);
    expect(response.body).toContain('ABC-123');
    expect(response.body).not.toContain('udience');
    expect(signedIn(jar)).toBe(false);
  });

  it('responds to programs in JSON', async () => {
    const { consume, reject } = startLogin();
    reject('sso.inputType');
    const response = await consume({ accept: '*/*' });
    expect(response.status).toBe(400);
    expect(JSON.parse(response.body ?? '')).toMatchObject({
      statusCode: 400,
      code: 'sso.inputType',
      trace: 'ABC-123',
    });
  });

  it('begins again by itself once, and only where cookies travel', async () => {
    const { begin, consume, reject, jar, marketplace } = startLogin();
    reject('sso.requestUnknown');
    expect(await consume()).toMatchObject({ status: 401 });
    await begin();
    expect(await consume()).toMatchObject({
      status: 303,
      location: `http://app.example.test${marketplace.sso.initPath}`,
    });
    // A login in another tab is not disturbed.
    expect(logins(jar)).toEqual([idOf(1)]);
    await begin();
    const second = await consume();
    expect(second.status).toBe(401);
    expect(second.body).toContain('Sign in again');
  });

  it.each(['http://app.example.test', 'https://sso.example.test'])(
    'begins again with the page that the person wanted, signing in on %s',
    async (idm) => {
      const { begin, consume, reject, stub } = startLogin({}, { idm });
      const page = '/invoices?page=2&q=a%26b.c';
      await begin(`?return_to=${encodeURIComponent(page)}`);
      await begin('?return_to=/other-tab');
      reject('sso.requestUnknown', idOf(1));
      const { location = '' } = await consume();
      expect(new URL(location).searchParams.get('return_to')).toBe(page);
      await begin(new URL(location).search);
      expect(stub.begun[0]?.returnTo).toContain(page);
      expect(stub.begun[2]).toEqual(stub.begun[0]);
    },
  );

  it.each([
    ['no login', null],
    ['a login of another browser', '_elsewhere'],
    ['a login that wanted nothing in particular', idOf(2)],
  ])('begins again without a page when the response names %s', async (_, requestId) => {
    const { begin, consume, reject } = startLogin();
    await begin('?return_to=/invoices');
    await begin('?return_to=https://evil.example/');
    reject('sso.requestNotBound', requestId);
    expect(await consume()).toMatchObject({
      status: 303,
      location: expect.not.stringContaining('return_to'),
    });
  });

  it.each(['https://evil.example/', '//evil.example', '/maestrano/auth/saml/consume/uat', '/a\nb'])(
    'does not believe a binding cookie that wants to %j',
    async (address) => {
      const { begin, consume, reject, jar } = startLogin();
      await begin('?return_to=/invoices');
      const [name = '', value = ''] = Object.entries(jar)[0] ?? [];
      jar[name] = value.replace('%2Finvoices', encodeURIComponent(address));
      expect(jar[name]).not.toBe(value);
      reject('sso.requestUnknown', idOf(1));
      expect(await consume()).toMatchObject({
        status: 303,
        location: expect.not.stringContaining('return_to'),
      });
    },
  );

  it('keeps binding cookies small: a very long address is not remembered in them', async () => {
    const { begin, consume, reject, jar, stub } = startLogin();
    const page = `/invoices?filter=${'x'.repeat(1_500)}`;
    await begin(`?return_to=${encodeURIComponent(page)}`);
    expect(stub.begun[0]?.returnTo).toContain(page);
    expect(Object.values(jar)[0]?.length).toBeLessThan(100);
    await begin(`?return_to=/${'\u{1f600}'.repeat(100)}`);
    for (const value of Object.values(jar)) expect(value.length).toBeLessThan(600);
    reject('sso.requestUnknown', idOf(1));
    expect(await consume()).toMatchObject({
      status: 303,
      location: expect.not.stringContaining('return_to'),
    });
  });

  it('offers the page in the link to sign in again', async () => {
    const { begin, consume, reject } = startLogin();
    await begin('?return_to=/invoices');
    reject('sso.audience', idOf(1));
    expect((await consume()).body).toContain('?return_to=%2Finvoices"');
    const { accept, users, ...denying } = startLogin();
    await denying.begin('?return_to=/invoices');
    accept(idOf(1), '/invoices');
    users.findOrCreateUser = () => Promise.reject(new MaestranoLoginDeniedError());
    expect((await denying.consume()).body).toContain('?return_to=%2Finvoices"');
  });

  it("sends to the application's own page", async () => {
    const path = startLogin({ deniedUrl: '/sorry?from=maestrano' });
    path.reject('sso.expired');
    expect(await path.consume()).toMatchObject({
      status: 303,
      location: 'http://app.example.test/sorry?from=maestrano&code=sso.expired&trace=ABC-123',
    });
    const chosen = startLogin({ deniedUrl: ({ code, restart, status }) => `/${code}/${restart}/${status}` });
    chosen.reject('sso.replay');
    expect(await chosen.consume()).toMatchObject({ location: '/sso.replay/true/401' });
  });

  it('keeps out whom the application rejects, with its own words', async () => {
    const { consume, accept, users, jar } = startLogin();
    accept(idOf(1));
    users.findOrCreateUser = () =>
      Promise.reject(new MaestranoLoginDeniedError('Ask <b>your</b> administrator.'));
    const response = await consume();
    expect(response).toMatchObject({ status: 403 });
    expect(response.body).toContain('Ask &lt;b&gt;your&lt;/b&gt; administrator.');
    expect(signedIn(jar)).toBe(false);
  });

  it.each([
    ['an error of the application', new TypeError('no table')],
    ['an HttpException', new HttpException('gone', 410)],
  ])("lets %s through to the application's filters, without a session", async (_, error) => {
    const { consume, accept, groups, jar } = startLogin();
    accept(idOf(1));
    groups.addMember = () => Promise.reject(error);
    await expect(consume()).rejects.toBe(error);
    expect(signedIn(jar)).toBe(false);
  });

  it('lets the session adapter choose the page, on our own origins', async () => {
    const { consume, accept, session } = startLogin();
    accept(idOf(1), '/invoices');
    session.adapter = { signIn: () => '/tour' };
    expect(await consume()).toMatchObject({ location: '/tour' });
    session.adapter = { signIn: () => 'https://evil.example/' };
    expect(await consume()).toMatchObject({ location: '/invoices' });
    session.adapter = { signIn: () => undefined };
    expect(await consume()).toMatchObject({ location: '/invoices' });
  });

  it('takes the session back when the session adapter fails', async () => {
    const { consume, accept, session, jar } = startLogin();
    accept(idOf(1));
    session.adapter = { signIn: () => Promise.reject(new MaestranoLoginDeniedError()) };
    expect(await consume()).toMatchObject({
      status: 403,
      body: expect.stringContaining('does not let you in'),
    });
    expect(signedIn(jar)).toBe(false);
  });
});

describe('a browser that comes round', () => {
  const isMarked = (jar: Record<string, string>): boolean =>
    Object.keys(jar).some((name) => name.includes('mno-signed-in'));

  it('is marked by a login that the guard began, and by no other', async () => {
    const { begin, consume, accept, reject, jar } = startLogin();
    await begin();
    accept(idOf(1), '/invoices');
    await consume();
    expect(isMarked(jar)).toBe(false);
    await begin('?from=guard&return_to=/invoices');
    reject('sso.audience');
    await consume();
    expect(isMarked(jar)).toBe(false);
    accept(idOf(2), '/invoices', true);
    await consume();
    expect(isMarked(jar)).toBe(true);
  });

  it('sees the page only where the guard sent it, and may try again', async () => {
    const { begin, consume, accept, jar } = startLogin();
    await begin('?from=guard&return_to=/invoices');
    accept(idOf(1), '/invoices', true);
    await consume();
    expect(await begin('?return_to=/invoices')).toMatchObject({ status: 302 });
    expect(isMarked(jar)).toBe(true);
    expect(await begin('?from=guard&return_to=/invoices')).toMatchObject({
      status: 401,
      body: expect.stringContaining('session.lost'),
    });
    expect(isMarked(jar)).toBe(false);
    expect(await begin('?from=guard&return_to=/invoices')).toMatchObject({ status: 302 });
  });
});

describe('a response that another tab was quicker than', () => {
  const toProvider = 'https://uat.example.test/sign-in';

  /** What becomes of the first login's response, after the second was accepted. */
  async function late(first: string, begunMs = 0): Promise<string | undefined> {
    const { begin, consume, accept, reject } = startLogin();
    const now = jest.spyOn(Date, 'now').mockReturnValue(Date.now() + begunMs);
    await begin(first);
    now.mockRestore();
    await begin('?return_to=/second');
    accept(idOf(2), '/second');
    await consume();
    reject('sso.requestUsed', idOf(1));
    const { location = '' } = await consume();
    expect(new URL(location).searchParams.get('resume')).toBe(idOf(1));
    return (await begin(new URL(location).search)).location;
  }

  it('goes on to the page that its own login asked for', async () => {
    expect(await late('?return_to=/first')).toBe('/first');
    expect(await late('?return_to=/first&group_id=cld-1')).toBe('/first');
  });

  it('signs in anew where the session is of another company, or from before', async () => {
    expect(await late('?return_to=/first&group_id=cld-9')).toBe(toProvider);
    expect(await late('?return_to=/first', 600_000)).toBe(toProvider);
  });
});
