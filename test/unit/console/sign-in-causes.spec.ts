import { describe, expect, it } from '@jest/globals';

import { groupSignIns, needsSomebody, remedyOf, sentenceFor } from '../../../src/console/sign-in-causes.js';
import { LOGIN_ERROR_CODES } from '../../../src/errors/sso-error-codes.js';
import type { LoginTrace } from '../../../src/interfaces/login-trace.interface.js';

let minute = 0;
const trace = (rejection: string | null, more: Partial<LoginTrace> = {}): LoginTrace => ({
  code: `CODE-${(minute += 1)}`,
  marketplace: 'acme',
  at: new Date(Date.UTC(2026, 0, 1, 0, minute)).toISOString(),
  accepted: rejection === null,
  began: true,
  rejection,
  requestId: null,
  clockOffsetMs: null,
  cleanedAttributes: [],
  omittedAttributes: [],
  checks: [],
  subject: null,
  ...more,
});

describe('causes of refused sign-ins', () => {
  it('are one for each marketplace and check, strays left out', () => {
    const causes = groupSignIns([
      trace('sso.signature'),
      trace('sso.signature'),
      trace('sso.signature', { marketplace: 'other' }),
      trace('sso.audience'),
      trace('sso.audience', { began: false }),
    ]);
    expect(causes.map(({ marketplace, code, refused }) => [marketplace, code, refused.length])).toEqual([
      ['acme', 'sso.signature', 2],
      ['other', 'sso.signature', 1],
      ['acme', 'sso.audience', 1],
    ]);
  });

  it('need somebody while nobody gets in, or where several were refused', () => {
    const needsOne = (...traces: LoginTrace[]): boolean => needsSomebody(groupSignIns(traces)[0]!);
    expect(needsOne(trace('sso.audience'))).toBe(true);
    expect(needsOne(trace('sso.audience'), trace(null))).toBe(false);
    expect(needsOne(trace(null), trace('sso.audience'))).toBe(true);
    expect(needsOne(trace('sso.audience'), trace('sso.audience'), trace('sso.audience'), trace(null))).toBe(
      true,
    );
  });

  it('that people bring about themselves need nobody, unless nothing else happens', () => {
    const many = Array.from({ length: 12 }, () => trace('sso.requestUsed'));
    expect(needsSomebody(groupSignIns(many.slice(0, 5))[0]!)).toBe(false);
    expect(needsSomebody(groupSignIns(many)[0]!)).toBe(true);
    expect(needsSomebody(groupSignIns([...many, trace(null)])[0]!)).toBe(false);
  });

  it.each(Object.keys(LOGIN_ERROR_CODES))(
    '%s has a remedy, and a sentence that a customer can read',
    (code) => {
      const sentence = sentenceFor(code, 'Acme');
      expect(remedyOf(code)).not.toBe('');
      expect(sentence).toContain('Acme');
      expect(sentence).not.toMatch(/sso\.|openid\.|SAML|XML|certificate/);
    },
  );
});
