import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';

import { decodeSessionPayload, encodeSessionPayload } from '../../../../src/session/session-payload.js';
import { Secret } from '../../../../src/utils/secret.js';
import { fakeDate } from '../../../support/fake-date.js';
import { instant, type ResponseSpec } from '../../../support/saml/response-builder.js';
import { SamlBench } from '../../../support/saml/saml-bench.js';
import { exchangeOf, inMinutes, loginOf, registryOf, sessionsOf } from '../../session/harness.js';

const MINUTE = 60_000;

beforeEach(() => void jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined));
afterEach(() => {
  jest.useRealTimers();
  jest.restoreAllMocks();
});

/** A response whose sessions at the provider end at these moments; null for one that does not say. */
function ending(now: number, ...ends: readonly (number | null)[]): Partial<ResponseSpec> {
  const statements = ends.map(
    (end) =>
      `<AuthnStatement AuthnInstant="${instant(now)}"${end === null ? '' : ` SessionNotOnOrAfter="${instant(end)}"`}><AuthnContext/></AuthnStatement>`,
  );
  return { now, parts: { authnStatement: statements.join('') } };
}

describe('the end of the session at the provider', () => {
  const now = Math.floor(Date.now() / 1_000) * 1_000;

  it('is what the response says, the first of several', async () => {
    const bench = new SamlBench();
    expect((await bench.login(ending(now, null))).endsAt).toBeNull();
    expect((await bench.login(ending(now, now + MINUTE))).endsAt).toEqual(new Date(now + MINUTE));
    const several = ending(now, now + 9 * MINUTE, null, now + 5 * MINUTE);
    expect((await bench.login(several)).endsAt).toEqual(new Date(now + 5 * MINUTE));
  });

  it('has the tolerance of the clocks where it is over by ours alone', async () => {
    const { endsAt } = await new SamlBench().login(ending(now, now - 30_000));
    expect(endsAt).toEqual(new Date(now + 30_000));
  });
});

describe.each([
  ['our own cookie', () => ({})],
  ['the session of the application', () => ({ session: {} })],
])('a session in %s', (_name, request) => {
  const registry = registryOf(['uat']);

  it('ends when that at the provider does, whatever the recheck says', async () => {
    const begun = Date.now();
    fakeDate(begun);
    const { service, signedOut, hub } = sessionsOf(registry);
    const first = exchangeOf(request());
    const login = { ...loginOf('uat', inMinutes(3)), endsAt: inMinutes(2) };
    const session = await service.establish(first.exchange, registry.get('uat'), login);
    expect(session.endsAt).toEqual(inMinutes(2));
    const again = () =>
      exchangeOf(
        Reflect.has(first.exchange.request, 'session')
          ? { session: Reflect.get(first.exchange.request, 'session') }
          : {},
        first.jar,
      ).exchange;

    fakeDate(begun + 2 * MINUTE - 1);
    expect((await service.authenticate(again())).rejection).toBeNull();
    fakeDate(begun + 2 * MINUTE);
    expect((await service.authenticate(again())).rejection).toBe('session.expired');
    expect(signedOut).toHaveLength(1);
    expect(hub.calls).toHaveLength(0);
  });

  it('keeps its end when the marketplace confirms it', async () => {
    const begun = Date.now();
    fakeDate(begun);
    const { service, hub } = sessionsOf(registry);
    const first = exchangeOf(request());
    const login = { ...loginOf('uat', inMinutes(1)), endsAt: inMinutes(5) };
    await service.establish(first.exchange, registry.get('uat'), login);
    const again = () =>
      exchangeOf(
        Reflect.has(first.exchange.request, 'session')
          ? { session: Reflect.get(first.exchange.request, 'session') }
          : {},
        first.jar,
      );

    fakeDate(begun + 2 * MINUTE);
    const renewed = again();
    expect((await service.authenticate(renewed.exchange)).rejection).toBeNull();
    expect(hub.calls).toHaveLength(1);
    fakeDate(begun + 5 * MINUTE);
    Object.assign(first.jar, renewed.jar);
    expect((await service.authenticate(again().exchange)).rejection).toBe('session.expired');
  });
});

describe('the payload of a session', () => {
  const payload = {
    userUid: 'usr-1',
    groupUid: 'cld-1',
    token: new Secret('t'),
    recheckAt: new Date('2026-01-01T00:00:00Z'),
    preset: 'uat',
    signedInAt: new Date('2026-01-01T00:00:00Z'),
  };

  it('holds the end, and is as before without one', () => {
    const endsAt = new Date('2026-01-02T00:00:00Z');
    expect(decodeSessionPayload(encodeSessionPayload({ ...payload, endsAt }))?.endsAt).toEqual(endsAt);
    const without = encodeSessionPayload({ ...payload, endsAt: null });
    expect(Buffer.from(without, 'base64').toString()).not.toContain('ends_at');
    expect(decodeSessionPayload(without)?.endsAt).toBeNull();
  });
});
