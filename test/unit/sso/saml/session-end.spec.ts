import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';

import { decodeSessionPayload, encodeSessionPayload } from '../../../../src/session/session-payload.js';
import { Secret } from '../../../../src/utils/secret.js';
import { fakeDate } from '../../../support/fake-date.js';
import { instant, type ResponseSpec } from '../../../support/saml/response-builder.js';
import { SamlBench } from '../../../support/saml/saml-bench.js';
import { exchangeOf, inMinutes, loginOf, registryOfNames, sessionsOf } from '../../session/harness.js';

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
  ['our own cookie', false],
  ['the session of the application', true],
])('a session in %s', (_name, inApplication) => {
  const registry = registryOfNames(['uat']);

  /** A browser that is signed in, and what it asks with each time. */
  async function signedIn(recheckAt: Date, endsAt: Date) {
    const jar: Record<string, string> = {};
    const session = {};
    const parts = sessionsOf(registry);
    const next = () => exchangeOf(inApplication ? { session } : {}, jar).exchange;
    const login = { ...loginOf('uat', recheckAt), endsAt };
    const established = await parts.service.establish(next(), registry.get('uat'), login);
    const rejection = async () => (await parts.service.authenticate(next())).rejection;
    return { ...parts, established, rejection };
  }

  it('ends when that at the provider does, whatever the recheck says', async () => {
    const begun = Date.now();
    fakeDate(begun);
    const { established, rejection, signedOut, hub } = await signedIn(inMinutes(3), inMinutes(2));
    expect(established.endsAt).toEqual(inMinutes(2));
    fakeDate(begun + 2 * MINUTE - 1);
    expect(await rejection()).toBeNull();
    fakeDate(begun + 2 * MINUTE);
    expect(await rejection()).toBe('session.expired');
    expect(signedOut).toHaveLength(1);
    expect(hub.calls).toHaveLength(0);
  });

  it('keeps its end when the marketplace confirms it', async () => {
    const begun = Date.now();
    fakeDate(begun);
    const { rejection, hub } = await signedIn(inMinutes(1), inMinutes(5));
    fakeDate(begun + 2 * MINUTE);
    expect(await rejection()).toBeNull();
    expect(hub.calls).toHaveLength(1);
    fakeDate(begun + 5 * MINUTE);
    expect(await rejection()).toBe('session.expired');
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
