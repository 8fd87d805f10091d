import { afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { inspect } from 'node:util';

import { Logger } from '@nestjs/common';

import { MaestranoHttpError } from '../../../src/errors/http.error.js';
import { MaestranoStoreError } from '../../../src/errors/store.error.js';
import { decodeSessionPayload, encodeSessionPayload } from '../../../src/session/session-payload.js';
import { MemoryStore } from '../../../src/stores/memory-store.js';
import { Secret } from '../../../src/utils/secret.js';
import { exchangeOf, inMinutes, loginOf, registryOfNames, SECRET, sessionsOf } from './harness.js';
import { fakeDate } from '../../support/fake-date.js';

const NOW = new Date('2016-08-01T15:27:20.123Z');
const fakeNow = (now = NOW): void => {
  fakeDate(now);
};

beforeAll(() => Logger.overrideLogger(false));
beforeEach(() => fakeNow());
afterEach(() => {
  jest.useRealTimers();
});

describe('session payload', () => {
  const official = {
    uid: 'usr-1',
    session: 'tok',
    session_recheck: '2016-08-01T15:30:20Z',
    group_uid: 'cld-1',
  };
  const encoded = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64');

  it('writes the official form on one line', () => {
    const text = encodeSessionPayload({
      userUid: 'usr-1',
      groupUid: 'cld-1',
      token: new Secret('tok'),
      recheckAt: new Date('2016-08-01T15:30:20.700Z'),
      preset: 'uat',
      signedInAt: NOW,
      endsAt: null,
    });
    expect(text).not.toMatch(/\s/);
    expect(JSON.parse(Buffer.from(text, 'base64').toString())).toEqual({
      ...official,
      preset: 'uat',
      signed_in_at: '2016-08-01T15:27:20.123Z',
    });
    expect(decodeSessionPayload(text)).toMatchObject({ userUid: 'usr-1', preset: 'uat', signedInAt: NOW });
  });

  it.each([
    ['ruby', '2016-08-01T15:30:20Z', '2016-08-01T15:30:20.000Z'],
    ['java', '2016-08-01T15:30:20.500Z', '2016-08-01T15:30:20.500Z'],
    ['php', '2016-08-01T15:30:20+0000', '2016-08-01T15:30:20.000Z'],
    ['a zone with a colon', '2016-08-02T01:30:20+10:00', '2016-08-01T15:30:20.000Z'],
    ['.NET, whose local time says nothing', '2016-08-01T15:30:20', '1970-01-01T00:00:00.000Z'],
    ['nobody', 'soon', '1970-01-01T00:00:00.000Z'],
  ])('reads the time as %s writes it', (_, session_recheck, expected) => {
    const payload = decodeSessionPayload(encoded({ ...official, session_recheck }));
    expect(payload?.recheckAt.toISOString()).toBe(expected);
    expect(payload?.signedInAt.getTime()).toBe(0);
  });

  it('reads the line breaks of the ruby SDK', () => {
    const broken = encoded({ ...official, preset: 'uat' }).replace(/.{60}/g, '$&\n') + '\n';
    expect(broken.match(/\n/g)?.length).toBeGreaterThan(1);
    expect(decodeSessionPayload(broken)).toMatchObject({
      userUid: 'usr-1',
      groupUid: 'cld-1',
      preset: 'uat',
    });
  });

  it.each([
    ['nothing', undefined],
    ['an object', official],
    ['no base64', '{"uid":"usr-1"}'],
    ['no JSON', Buffer.from('uid=usr-1').toString('base64')],
    ['null', encoded(null)],
    ['no user', encoded({ ...official, uid: '' })],
    ['no group', encoded({ ...official, group_uid: undefined })],
    ['a number for a token', encoded({ ...official, session: 5 })],
    ['a megabyte', encoded({ ...official, uid: 'x'.repeat(1_000_000) })],
  ])('reads %s as no session', (_, text) => {
    expect(decodeSessionPayload(text)).toBeNull();
  });

  it('does not print the token', () => {
    expect(inspect(decodeSessionPayload(encoded({ ...official, session: 'hidden' })))).not.toContain(
      'hidden',
    );
  });
});

describe('sealed cookie', () => {
  const registry = registryOfNames(['uat', 'live']);
  const uat = registry.get('uat');

  async function signIn(sessions = sessionsOf(registry)) {
    const jar: Record<string, string> = {};
    const { exchange, lines } = exchangeOf({}, jar);
    await sessions.service.establish(exchange, uat, loginOf('uat', inMinutes(3)));
    return { sessions, jar, lines };
  }

  it('keeps a login from one request to the next', async () => {
    const { sessions, jar, lines } = await signIn();
    expect(lines).toEqual([
      expect.stringMatching(/^mno-session-[0-9a-f]{16}=[^;]+; Path=\/; HttpOnly; SameSite=Lax$/),
    ]);
    expect(lines.join()).not.toContain('usr-1');
    expect(await sessions.service.read(exchangeOf({}, jar).exchange.request)).toMatchObject({
      marketplace: 'uat',
      userUid: 'usr-1',
      maskedUserUid: 'usr-1',
      groupUid: 'cld-1',
      signedInAt: NOW,
    });
  });

  it('is bound to its host where there is https', async () => {
    const secure = registryOfNames(['uat'], { idm: 'https://app.example.test' });
    const { service } = sessionsOf(secure);
    const { exchange, lines, jar } = exchangeOf();
    await service.establish(exchange, secure.get('uat'), loginOf('uat', inMinutes(3)));
    expect(lines[0]).toMatch(/^__Host-mno-session-[^;]+; Path=\/; HttpOnly; Secure; SameSite=Lax$/);
    const [name = '', value = ''] = Object.entries(jar)[0] ?? [];
    const planted = exchangeOf({}, { [name.replace('__Host-', '')]: value });
    expect(await service.read(planted.exchange.request)).toBeNull();
  });

  it('opens with an older secret of the list, and not with a strange one', async () => {
    const { jar } = await signIn();
    const { request } = exchangeOf({}, jar).exchange;
    const rotated = sessionsOf(registry, { secret: ['another secret of thirty-two characters', SECRET] });
    const strange = sessionsOf(registry, { secret: 'another secret of thirty-two characters' });
    expect(await rotated.service.read(request)).not.toBeNull();
    expect(await strange.service.read(request)).toBeNull();
  });

  it('does not open when one character is changed, wherever it is', async () => {
    const { sessions, jar } = await signIn();
    const [name = '', value = ''] = Object.entries(jar)[0] ?? [];
    for (let at = 0; at < value.length; at += 7) {
      const other = value[at] === 'A' ? 'B' : 'A';
      const changed = { [name]: value.slice(0, at) + other + value.slice(at + 1) };
      expect(await sessions.service.read(exchangeOf({}, changed).exchange.request)).toBeNull();
    }
  });

  it('does not open under the name of another marketplace', async () => {
    const { sessions, jar } = await signIn();
    const { exchange, jar: other } = exchangeOf();
    await sessions.service.establish(exchange, registry.get('live'), loginOf('live', inMinutes(3)));
    const moved = { [Object.keys(other)[0] ?? '']: Object.values(jar)[0] ?? '' };
    expect(await sessions.service.read(exchangeOf({}, moved).exchange.request)).toBeNull();
  });

  it('keeps two marketplaces apart, the latest login first', async () => {
    const { sessions, jar } = await signIn();
    fakeNow(new Date(NOW.getTime() + 1_000));
    const second = exchangeOf({}, jar);
    await sessions.service.establish(
      second.exchange,
      registry.get('live'),
      loginOf('live', inMinutes(3), 'usr-2'),
    );
    const { exchange } = exchangeOf({}, jar);
    expect((await sessions.service.list(exchange.request)).map((session) => session.userUid)).toEqual([
      'usr-2',
      'usr-1',
    ]);
    expect(await sessions.service.read(exchange.request, 'uat')).toMatchObject({ userUid: 'usr-1' });
    await sessions.service.clear(exchange, 'live');
    const left = await sessions.service.list(exchangeOf({}, jar).exchange.request);
    expect(left.map(({ marketplace }) => marketplace)).toEqual(['uat']);
    expect(sessions.signedOut.map(({ name }) => name)).toEqual(['live']);
  });

  it('rejects a session that no browser would keep', async () => {
    const { service } = sessionsOf(registry);
    const login = { ...loginOf('uat', inMinutes(3)), sessionToken: new Secret('x'.repeat(4_000)) };
    await expect(service.establish(exchangeOf().exchange, uat, login)).rejects.toMatchObject({
      code: 'session.tooLarge',
    });
  });

  it('asks for a proper secret, in production for any', () => {
    expect(() => sessionsOf(registry, { secret: 'short' })).toThrow(/5 characters/);
    expect(() => sessionsOf(registry, { secret: [] })).toThrow(/empty/);
    const before = process.env['NODE_ENV'];
    process.env['NODE_ENV'] = 'production';
    try {
      expect(() => sessionsOf(registry, {})).toThrow(/In production the session cookie needs a secret/);
      expect(() => sessionsOf(registry, { storage: 'request' })).not.toThrow();
    } finally {
      process.env['NODE_ENV'] = before;
    }
  });
});

describe("the application's session", () => {
  const registry = registryOfNames(['uat', 'live', 'third']);

  it('shares the session with the official SDKs, both ways', async () => {
    const { service } = sessionsOf(registry);
    const session: Record<string, unknown> = {};
    const { exchange, lines } = exchangeOf({ session });
    await service.establish(exchange, registry.get('uat'), loginOf('uat', inMinutes(3)));
    expect(lines).toEqual([]);
    expect(JSON.parse(Buffer.from(String(session['maestrano']), 'base64').toString())).toMatchObject({
      uid: 'usr-1',
      session: 'token-usr-1',
      group_uid: 'cld-1',
      preset: 'uat',
    });
    const java = {
      uid: 'usr-7',
      session: 't',
      session_recheck: '2016-08-01T15:30:20.000Z',
      group_uid: 'cld-7',
    };
    const theirs = { maestrano: Buffer.from(JSON.stringify(java)).toString('base64') };
    expect(await service.read(exchangeOf({ session: theirs }).exchange.request)).toMatchObject({
      marketplace: 'uat',
      userUid: 'usr-7',
    });
    const dotnet = { live: theirs.maestrano, other: 'text', uat: 'not a login' };
    expect(await service.read(exchangeOf({ session: dotnet }).exchange.request)).toMatchObject({
      marketplace: 'live',
    });
  });

  it('is saved before a login goes on, and one that cannot be is no login', async () => {
    const { service } = sessionsOf(registry);
    const saving: ((error?: Error) => void)[] = [];
    const save = (done: (error?: Error) => void): void => void saving.push(done);
    const begin = () =>
      service.establish(
        exchangeOf({ session: { save } }).exchange,
        registry.get('uat'),
        loginOf('uat', inMinutes(3)),
      );
    const isSaving = async (): Promise<void> => {
      for (let turns = 0; saving.length === 0 && turns < 1_000; turns += 1) await nextTurn();
    };
    let hasBegun = false;
    const begun = begin().then(() => (hasBegun = true));
    await isSaving();
    await nextTurn();
    expect(hasBegun).toBe(false);
    saving.pop()?.();
    await begun;
    const failed = begin();
    await isSaving();
    saving.pop()?.(new Error('disk full'));
    await expect(failed).rejects.toMatchObject({ code: 'session.notSaved', httpStatus: 503 });
  });

  it('is written again where the application began it anew while it signed the person in', async () => {
    const { service } = sessionsOf(registry);
    const request: { session: Record<string, unknown> } = { session: { before: 1 } };
    const { exchange } = exchangeOf(request);
    await service.establish(exchange, registry.get('uat'), loginOf('uat', inMinutes(3)));
    let saves = 0;
    request.session = { passport: { user: 7 }, save: (done: () => void) => ((saves += 1), done()) };
    await service.keep(exchange);
    expect(await service.read(exchange.request)).toMatchObject({ userUid: 'usr-1', marketplace: 'uat' });
    expect([request.session['passport'], saves]).toEqual([{ user: 7 }, 1]);
  });

  it('keeps other logins, renews and removes each by itself', async () => {
    const { service, hub } = sessionsOf(registry);
    const session: Record<string, unknown> = {};
    const signIn = async (name: string, at: number) => {
      fakeNow(new Date(NOW.getTime() + at));
      await service.establish(
        exchangeOf({ session }).exchange,
        registry.get(name),
        loginOf(name, inMinutes(3)),
      );
    };
    await signIn('uat', 0);
    await signIn('live', 1_000);
    await signIn('third', 2_000);
    const names = async () =>
      (await service.list(exchangeOf({ session }).exchange.request)).map((s) => s.marketplace);
    expect(await names()).toEqual(['third', 'live', 'uat']);

    fakeNow(inMinutes(4));
    const result = await service.authenticate(exchangeOf({ session }).exchange, 'live');
    expect(result.session?.recheckAt).toEqual(inMinutes(3));
    expect(hub.calls).toHaveLength(1);
    const kept = await service.read(exchangeOf({ session }).exchange.request, 'live');
    expect(kept?.recheckAt.getTime()).toBe(Math.floor(inMinutes(3).getTime() / 1_000) * 1_000);

    await service.clear(exchangeOf({ session }).exchange, 'third');
    expect(await names()).toEqual(['live', 'uat']);
    await service.clear(exchangeOf({ session }).exchange, 'live');
    expect(await names()).toEqual(['uat']);
    await service.clear(exchangeOf({ session }).exchange);
    expect(await names()).toEqual([]);
  });

  describe('which does not come along with the cross-site response', () => {
    const depart = async (sessions = sessionsOf(registry)) => {
      const { service } = sessions;
      const session: Record<string, unknown> = {};
      await service.establish(
        exchangeOf({ session }).exchange,
        registry.get('uat'),
        loginOf('uat', inMinutes(3)),
      );
      const { exchange, jar, lines } = exchangeOf({ session });
      await service.depart(exchange, registry.get('live'));
      return { service, session, jar, lines };
    };
    const arrive = async (
      service: Awaited<ReturnType<typeof depart>>['service'],
      jar: Record<string, string>,
    ) => {
      const session: Record<string, unknown> = {};
      const { exchange } = exchangeOf({ session }, jar);
      fakeNow(inMinutes(1));
      await service.establish(exchange, registry.get('live'), loginOf('live', inMinutes(3), 'usr-2'));
      const sessions = await service.list(exchangeOf({ session }).exchange.request);
      return sessions.map(({ marketplace, userUid }) => `${userUid} ${marketplace}`);
    };

    it('keeps other logins all the same', async () => {
      const { service, jar, lines } = await depart();
      expect(lines).toEqual([
        expect.stringMatching(/^mno-carried=[^;]+; Path=\/; HttpOnly; Secure; SameSite=None$/),
      ]);
      expect(await arrive(service, jar)).toEqual(['usr-2 live', 'usr-1 uat']);
      expect(jar).toEqual({});
    });

    it('carries nothing where nobody is signed in elsewhere', async () => {
      const { service, session } = await depart();
      const again = exchangeOf({ session });
      await service.depart(again.exchange, registry.get('uat'));
      const cookie = exchangeOf();
      await service.depart(cookie.exchange, registry.get('uat'));
      expect([...again.lines, ...cookie.lines]).toEqual([]);
    });

    it('leaves nothing of an earlier visitor to the next one of the browser', async () => {
      const { service, jar } = await depart();
      const { exchange } = exchangeOf({ session: {} }, jar);
      await service.depart(exchange, registry.get('live'));
      expect(jar).toEqual({});
      expect(await arrive(service, jar)).toEqual(['usr-2 live']);
    });

    it('brings back nobody who signed out meanwhile, and nothing that others sealed', async () => {
      const { service, session, jar } = await depart();
      const strange = sessionsOf(registry, { secret: 'another secret of thirty-two characters' });
      expect(await arrive(strange.service, { ...jar })).toEqual(['usr-2 live']);
      await service.clear(exchangeOf({ session }, jar).exchange);
      expect(await arrive(service, jar)).toEqual(['usr-2 live']);
    });
  });

  it('counts nothing of a marketplace that is not configured any more', async () => {
    const { service } = sessionsOf(registry);
    const session: Record<string, unknown> = {};
    await service.establish(
      exchangeOf({ session }).exchange,
      registry.get('third'),
      loginOf('third', inMinutes(3)),
    );
    const fewer = sessionsOf(registryOfNames(['uat', 'live']));
    expect(await fewer.service.read(exchangeOf({ session }).exchange.request)).toBeNull();
  });

  it.each([
    { maxAgeMs: Number.NaN },
    { maxAgeMs: '12h' as unknown as number },
    { maxAgeMs: 0 },
    { graceMs: -1 },
    { graceMs: Infinity },
    { recheckTimeoutMs: 0 },
  ])('is not kept with a senseless %j', (session) => {
    expect(() => sessionsOf(registry, { secret: SECRET, ...session })).toThrow(
      expect.objectContaining({ code: 'configuration.options' }),
    );
  });

  it('follows the storage option', async () => {
    const onlyCookie = sessionsOf(registry, { secret: SECRET, storage: 'cookie' });
    const session: Record<string, unknown> = {};
    const { exchange, lines } = exchangeOf({ session });
    await onlyCookie.service.establish(exchange, registry.get('uat'), loginOf('uat', inMinutes(3)));
    expect(session).toEqual({});
    expect(lines).toHaveLength(1);
    const onlyRequest = sessionsOf(registry, { storage: 'request' });
    await expect(onlyRequest.service.read(exchangeOf().exchange.request)).rejects.toMatchObject({
      code: 'session.noStorage',
    });
  });
});

describe('whether a session still holds', () => {
  const registry = registryOfNames(['uat']);
  const uat = registry.get('uat');

  async function signedIn(options = {}, store = new MemoryStore()) {
    const sessions = sessionsOf(registry, { secret: SECRET, ...options }, store);
    const jar: Record<string, string> = {};
    await sessions.service.establish(exchangeOf({}, jar).exchange, uat, loginOf('uat', inMinutes(3)));
    const authenticate = () => sessions.service.authenticate(exchangeOf({}, jar).exchange);
    return { ...sessions, jar, authenticate };
  }

  it('asks nobody before the recheck is due', async () => {
    const { authenticate, hub } = await signedIn();
    fakeNow(inMinutes(2.9));
    expect((await authenticate()).rejection).toBeNull();
    expect(hub.calls).toEqual([]);
  });

  it('asks the marketplace when due, once for all requests at that moment, and notes the response', async () => {
    const { authenticate, hub } = await signedIn();
    fakeNow(inMinutes(3));
    const results = await Promise.all(Array.from({ length: 20 }, authenticate));
    expect(results.every(({ rejection }) => rejection === null)).toBe(true);
    expect(hub.calls).toHaveLength(1);
    expect(hub.calls[0]).toMatchObject({
      method: 'GET',
      path: '/api/v1/auth/saml/usr-1',
      secretQuery: 'session=token-usr-1',
      timeoutMs: 2_000,
      deadlineMs: 2_000,
      attempts: 1,
    });
    await authenticate();
    expect(hub.calls).toHaveLength(1);
  });

  it('ends at once when the marketplace says so, and stays ended', async () => {
    const { authenticate, hub, jar, signedOut } = await signedIn();
    hub.respond = () =>
      Promise.resolve({ status: 200, json: { valid: false, recheck: inMinutes(9).toISOString() } });
    fakeNow(inMinutes(3));
    expect(await authenticate()).toMatchObject({ session: null, rejection: 'session.ended' });
    expect(jar).toEqual({});
    expect(signedOut).toEqual([uat]);
    expect(await authenticate()).toMatchObject({ rejection: 'session.none' });
  });

  it.each<[string, () => Promise<object>]>([
    ['does not respond', () => Promise.reject(timeout())],
    ['responds 500', () => Promise.resolve({ status: 500, json: { valid: false } })],
    ['responds HTML', () => Promise.resolve({ status: 200, json: undefined })],
    ['responds without a result', () => Promise.resolve({ status: 200, json: { recheck: 'x' } })],
    ['responds valid without a time', () => Promise.resolve({ status: 200, json: { valid: true } })],
    [
      'responds valid until an odd time',
      () => Promise.resolve({ status: 200, json: { valid: true, recheck: 'x' } }),
    ],
  ])('goes on for the time of grace when the marketplace %s', async (_, response) => {
    const { authenticate, hub, jar } = await signedIn();
    hub.respond = response;
    fakeNow(inMinutes(7.9));
    expect((await authenticate()).rejection).toBeNull();
    fakeNow(inMinutes(0.1));
    expect(await authenticate()).toMatchObject({ session: null, rejection: 'session.unreachable' });
    // Kept: it may turn out to be valid once the marketplace responds again.
    expect(Object.keys(jar)).toHaveLength(1);
    hub.respond = () =>
      Promise.resolve({ status: 200, json: { valid: true, recheck: inMinutes(3).toISOString() } });
    // A response serves all requests of five seconds.
    fakeNow(inMinutes(0.1));
    expect((await authenticate()).rejection).toBeNull();
  });

  it('has no grace where none is wanted', async () => {
    const { authenticate, hub } = await signedIn({ graceMs: 0 });
    hub.respond = () => Promise.reject(timeout());
    fakeNow(inMinutes(3));
    expect(await authenticate()).toMatchObject({ rejection: 'session.unreachable' });
  });

  it.each([
    ['in the past', '2016-08-01T00:00:00Z', 10_000],
    ['in a hundred years', '2116-08-01T00:00:00Z', 86_400_000],
    ['without a zone', '2016-08-01T15:33:00', 160_000 - 123],
  ])('keeps to sensible intervals when the next recheck is %s', async (_, recheck, expected) => {
    const { authenticate, hub } = await signedIn();
    hub.respond = () => Promise.resolve({ status: 200, json: { valid: true, recheck } });
    fakeNow(inMinutes(3));
    const { session } = await authenticate();
    expect((session?.recheckAt.getTime() ?? 0) - Date.now()).toBe(expected);
  });

  it('is asked about within a day, whatever the login said', async () => {
    const { service } = sessionsOf(registry);
    const session = await service.establish(
      exchangeOf().exchange,
      uat,
      loginOf('uat', new Date('2116-08-01')),
    );
    expect(session.recheckAt).toEqual(inMinutes(24 * 60));
  });

  it.each([2 * 60, 25 * 60])(
    'is asked about once a clock that was %i minutes ahead is right',
    async (ahead) => {
      const { authenticate, hub } = await signedIn();
      const { respond } = hub;
      fakeNow(inMinutes(-ahead));
      hub.respond = () => Promise.reject(new Error('down'));
      expect(await authenticate()).toMatchObject({ rejection: 'session.unreachable' });
      hub.respond = respond;
      // A response serves all requests of five seconds.
      fakeNow(inMinutes(0.1));
      const { session } = await authenticate();
      expect(session?.recheckAt).toEqual(inMinutes(3));
      expect(session?.signedInAt).toEqual(new Date());
      const { length } = hub.calls;
      await authenticate();
      expect(hub.calls).toHaveLength(length);
    },
  );

  it('is over after the longest time, whatever the marketplace says', async () => {
    const { authenticate } = await signedIn({ maxAgeMs: 60_000 });
    fakeNow(inMinutes(1));
    // The sealed cookie carries the same limit in itself.
    expect(await authenticate()).toMatchObject({ rejection: 'session.none' });
    const opened = await signedIn({ maxAgeMs: 60_000 });
    expect((await opened.authenticate()).rejection).toBeNull();
    fakeNow(inMinutes(1));
    expect(await opened.authenticate()).toMatchObject({ rejection: 'session.expired' });
    const { service } = sessionsOf(registry, { maxAgeMs: 60_000, secret: SECRET });
    const session: Record<string, unknown> = {};
    await service.establish(exchangeOf({ session }).exchange, uat, loginOf('uat', inMinutes(3)));
    fakeNow(inMinutes(1));
    expect(await service.authenticate(exchangeOf({ session }).exchange)).toMatchObject({
      rejection: 'session.expired',
    });
    expect(session['maestrano']).toBeUndefined();
  });

  it('never asks where single logout is off', async () => {
    const quiet = registryOfNames(['uat'], { slo_enabled: false });
    const { service, hub } = sessionsOf(quiet);
    const jar: Record<string, string> = {};
    await service.establish(exchangeOf({}, jar).exchange, quiet.get('uat'), loginOf('uat', inMinutes(3)));
    fakeNow(inMinutes(60));
    expect((await service.authenticate(exchangeOf({}, jar).exchange)).rejection).toBeNull();
    expect(hub.calls).toEqual([]);
  });

  it('is over once the person or the company was removed, on any instance, until a new login', async () => {
    const store = new MemoryStore();
    const removed = await signedIn({}, store);
    const other = sessionsOf(registry, { secret: SECRET }, store).service;
    await other.closeMembership('uat', 'cld-2', 'usr-1');
    await other.closeMembership('uat', 'cld-1', 'usr-2');
    await other.closeGroup('live', 'cld-1');
    expect((await removed.authenticate()).rejection).toBeNull();
    await other.closeMembership('uat', 'cld-1', 'usr-1.cld-1');
    expect(await removed.authenticate()).toMatchObject({ rejection: 'session.removed' });
    fakeNow(inMinutes(0.1));
    const again = await signedIn({}, store);
    expect((await again.authenticate()).rejection).toBeNull();
    await other.closeGroup('uat', 'cld-1');
    expect(await again.authenticate()).toMatchObject({ rejection: 'session.removed' });
  });

  it('stays over when the removal is repeated by an instance whose clock is behind', async () => {
    const store = new MemoryStore();
    const removed = await signedIn({}, store);
    const other = sessionsOf(registry, { secret: SECRET }, store).service;
    await other.closeMembership('uat', 'cld-1', 'usr-1');
    await other.closeGroup('uat', 'cld-1');
    fakeNow(inMinutes(-5));
    await other.closeMembership('uat', 'cld-1', 'usr-1');
    await other.closeGroup('uat', 'cld-1');
    fakeNow(inMinutes(5.1));
    expect(await removed.authenticate()).toMatchObject({ rejection: 'session.removed' });
  });

  it.each([
    [600_000, true],
    [0, false],
  ])('goes on while removals cannot be looked up, for %i ms', async (graceMs, goesOn) => {
    const store = new MemoryStore();
    const { authenticate } = await signedIn({ graceMs }, store);
    const refused = new MaestranoStoreError('store.unavailable');
    const asked = jest.spyOn(store, 'getMany').mockRejectedValue(refused);
    if (goesOn) expect((await authenticate()).rejection).toBeNull();
    else await expect(authenticate()).rejects.toBe(refused);
    // A store that is away is asked once a second, not by every page.
    await authenticate().catch(() => undefined);
    expect(asked).toHaveBeenCalledTimes(1);
  });

  it('follows what the application says of the marketplace', async () => {
    const two = registryOfNames(['uat', 'live']);
    const { service } = sessionsOf(two, {
      secret: SECRET,
      marketplaceOf: (request) => (request as { url: string }).url.slice(1),
    });
    const jar: Record<string, string> = {};
    await service.establish(exchangeOf({}, jar).exchange, two.get('uat'), loginOf('uat', inMinutes(3)));
    const visit = (url: string) => service.authenticate(exchangeOf({ url }, jar).exchange);
    expect(await visit('/uat')).toMatchObject({ rejection: null });
    expect(await visit('/live')).toMatchObject({ rejection: 'session.none', marketplace: { name: 'live' } });
    expect(await visit('/none')).toMatchObject({ rejection: 'session.none', marketplace: null });
  });
});

function timeout(): Error {
  return Object.assign(Object.create(MaestranoHttpError.prototype) as Error, { code: 'http.timeout' });
}
