import { describe, expect, it } from '@jest/globals';

import { mapProfile, mapSession } from '../../../../src/sso/login/login-profile.js';
import { describeInstant } from '../../../../src/sso/saml/assertion-checks.js';
import { maskUser, unmaskUser } from '../../../../src/utils/platform-identifier.js';
import { ATTRIBUTES } from '../../../support/saml/response-builder.js';
import { samlMarketplace } from '../../../support/saml/saml-bench.js';

describe('masking (protocol Appendix A 6)', () => {
  it.each([
    ['usr-1.cld-9', 'cld-1', 'real', 'usr-1'],
    ['usr-1', 'cld-1', 'real', 'usr-1'],
    ['usr-1', 'cld-1', 'virtual', 'usr-1.cld-1'],
    ['usr-1.cld-9', 'cld-1', 'virtual', 'usr-1.cld-1'],
  ] as const)('of %s in %s in %s mode gives %s', (uid, group, mode, masked) => {
    expect(maskUser(uid, group, mode)).toBe(masked);
    expect(unmaskUser(masked)).toBe('usr-1');
  });
});

describe('profiles', () => {
  const attributes = new Map(Object.entries({ ...ATTRIBUTES, group_org_uid: 'org-1', loyalty: 'gold' }));

  it('hold everything the platform documents', () => {
    expect(mapProfile(samlMarketplace(), attributes)).toEqual({
      user: {
        provider: 'maestrano',
        marketplace: 'lab',
        uid: 'usr-1',
        email: 'jo@example.com',
        realUid: 'usr-1',
        virtualUid: 'usr-1.cld-1',
        realEmail: 'jo@example.com',
        virtualEmail: 'usr-1.cld-1@mail.maestrano.com',
        firstName: 'Jo',
        lastName: 'Doe',
        country: 'NZ',
        companyName: null,
        reseller: null,
        omittedAttributes: [],
        attributes: expect.objectContaining({ loyalty: 'gold', app_owner: 'true', organizations: '{}' }),
      },
      group: {
        provider: 'maestrano',
        marketplace: 'lab',
        uid: 'cld-1',
        name: 'Acme',
        email: 'cld-1@example.com',
        hasCreditCard: false,
        freeTrialEndAt: new Date('2026-09-01T00:00:00Z'),
        currency: 'AUD',
        timezone: 'Australia/Sydney',
        country: 'AU',
        city: 'Sydney',
        organizationUid: 'org-1',
        resellerId: 'rsl-1',
      },
      membership: {
        provider: 'maestrano',
        marketplace: 'lab',
        groupUid: 'cld-1',
        userUid: 'usr-1',
        role: 'Admin',
      },
    });
  });

  it('never hold the session token', () => {
    const profile = mapProfile(samlMarketplace(), attributes);
    expect(JSON.stringify(profile)).not.toContain(ATTRIBUTES['mno_session']);
    expect(mapSession(attributes).sessionToken.reveal()).toBe(ATTRIBUTES['mno_session']);
    expect(mapSession(attributes).recheckAt).toEqual(new Date('2026-08-01T15:03:00Z'));
  });

  it('keep the real country of the person apart from that of the group', () => {
    const { user, group } = mapProfile(samlMarketplace(), attributes);
    expect(user.country).toBe('NZ');
    expect(group.country).toBe('AU');
  });
});

describe('instants', () => {
  it('are shown with their distance', () => {
    const now = Date.parse('2026-08-01T00:00:00Z');
    expect(describeInstant(now + 412_400, now)).toBe('2026-08-01T00:06:52.400Z (412 s ahead)');
    expect(describeInstant(now - 90_000, now)).toBe('2026-07-31T23:58:30.000Z (90 s ago)');
    expect(describeInstant(null, now)).toBe('no readable time');
  });
});
