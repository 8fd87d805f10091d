import { describe, expect, it } from '@jest/globals';

import { LoginSubjects, maskEmail } from '../../../../src/sso/trace/login-subjects.service.js';
import { settingsOf } from '../../../support/settings.js';

const OLD = 'an older text of at least thirty-two characters';
const NEW = 'a newer text of at least thirty-two characters';
const subjectsOf = (secret: string | string[]): LoginSubjects =>
  new LoginSubjects(settingsOf({ session: { secret } }).session);
const attributes = (more: Record<string, string>): ReadonlyMap<string, string> =>
  new Map(Object.entries(more));

describe('whose a login was', () => {
  const MIA = attributes({ uid: 'usr-7', email: 'Mia.Tran@harbour.example', group_uid: 'cld-4' });

  it('is kept without who it was, and found by who knows', () => {
    const subjects = subjectsOf(NEW);
    const subject = subjects.of(MIA)!;
    expect(subject).toMatchObject({ email: 'M•••@harbour.example', groupUid: 'cld-4' });
    expect(JSON.stringify(subject)).not.toMatch(/Tran|usr-7/i);
    for (const typed of ['usr-7', ' USR-7 ', 'usr-7.cld-4', 'mia.tran@HARBOUR.example']) {
      expect([typed, subject.digests.includes(subjects.digestsOf(typed)[0]!)]).toEqual([typed, true]);
    }
    expect(subject.digests).not.toContain(subjects.digestsOf('usr-8')[0]);
  });

  it('is found on all instances with one secret, also while it is changed, and on no other', () => {
    const kept = subjectsOf(OLD).of(MIA)!.digests;
    expect(kept).toEqual(subjectsOf(OLD).of(MIA)!.digests);
    expect(
      subjectsOf([NEW, OLD])
        .digestsOf('usr-7')
        .some((one) => kept.includes(one)),
    ).toBe(true);
    expect(
      subjectsOf(NEW)
        .digestsOf('usr-7')
        .some((one) => kept.includes(one)),
    ).toBe(false);
  });

  it('is nobody where the response names nobody, and shows nothing that is no identifier and no address', () => {
    expect(subjectsOf(NEW).of(attributes({ group_uid: 'cld-4' }))).toBeNull();
    const odd = subjectsOf(NEW).of(
      attributes({ uid: 'usr-7', email: '<b>Mia Tran</b>', group_uid: 'Tran Ltd' }),
    );
    expect(odd).toMatchObject({ email: null, groupUid: null });
  });

  it.each([
    ['mia.tran@harbour.example', 'm•••@harbour.example'],
    ['é@x.example', 'é•••@x.example'],
    ['no address', null],
    ['a@b@c.example', null],
    ['', null],
  ])('masks %j as %j', (email, masked) => {
    expect(maskEmail(email)).toBe(masked);
  });
});
