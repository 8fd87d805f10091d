import { describe, expect, it } from '@jest/globals';

import { DeadLetterSeal, isSealed } from '../../../src/connec/notifications/dead-letter-seal.service.js';
import { resolveSettings } from '../../../src/settings/maestrano-settings.js';
import { errorOf } from '../../support/error-of.js';

const SECRET = 'a secret of dead letters that is long enough';
const OTHER = 'another secret of dead letters, long enough';
const BODY = {
  people: [
    { group_id: 'cld-1', id: 'p-1', name: 'Zoë 🦜', half: '\ud800', nested: { b: 1, a: [null] } },
    { group_id: 'cld-2', id: 'p-2' },
  ],
  company: [{ group_id: 'cld-1', name: 'Harbour' }],
};

type Sealed = Readonly<Record<'group_id' | 'maestrano_sealed', string>>;

function sealOf(deadLetterSecret?: string | readonly string[]): DeadLetterSeal {
  const notifications = deadLetterSecret === undefined ? {} : { deadLetterSecret };
  return new DeadLetterSeal(resolveSettings({ connec: { notifications } }).connec);
}

describe('the seal of dead letters', () => {
  it('gives back what it took, in the same order of names', () => {
    const seal = sealOf(SECRET);
    const sealed = seal.seal('acme', BODY);
    expect(isSealed(sealed)).toBe(true);
    expect(JSON.stringify(sealed)).not.toMatch(/Harbour|p-1|nested/);
    expect(sealed.people?.map(({ group_id }) => group_id)).toEqual(['cld-1', 'cld-2']);
    expect(JSON.stringify(seal.open('acme', sealed))).toBe(JSON.stringify(BODY));
    // Twice sealed is once sealed.
    expect(seal.seal('acme', sealed)).toEqual(sealed);
    // The same is never sealed into the same.
    expect(seal.seal('acme', BODY)).not.toEqual(sealed);
  });

  it('leaves everything as it is without a secret', () => {
    const seal = sealOf();
    expect(seal.isOn).toBe(false);
    expect(seal.seal('acme', BODY)).toBe(BODY);
    expect(seal.open('acme', BODY)).toBe(BODY);
  });

  it('opens with every secret that is known, and with no other', async () => {
    const sealed = sealOf(SECRET).seal('acme', BODY);
    expect(sealOf([OTHER, SECRET]).open('acme', sealed)).toEqual(BODY);
    for (const seal of [sealOf(OTHER), sealOf()]) {
      expect(await errorOf(() => seal.open('acme', sealed))).toMatchObject({ code: 'connec.sealed' });
    }
  });

  it('opens nothing that was changed, cut or moved', async () => {
    const seal = sealOf(SECRET);
    const { people = [], company = [] } = seal.seal('acme', BODY);
    const [first, second] = people as unknown as [Sealed, Sealed];
    const text = first.maestrano_sealed;
    const middle = text.length >> 1;
    const flipped = `${text.slice(0, middle)}${text[middle] === 'A' ? 'B' : 'A'}${text.slice(middle + 1)}`;
    const wrong: readonly (readonly [string, Parameters<DeadLetterSeal['open']>[1]])[] = [
      ['acme', { people: [{ ...first, maestrano_sealed: flipped }] }],
      ['acme', { people: [{ ...first, maestrano_sealed: text.slice(0, 20) }] }],
      ['acme', { people: [{ ...first, maestrano_sealed: `${text.slice(0, 12)}` }] }],
      ['acme', { people: [{ ...first, maestrano_sealed: 'v1.nothing' }] }],
      ['acme', { people: [{ ...first, group_id: 'cld-2' }, second] }],
      ['acme', { people: company }],
      ['other', { people }],
    ];
    for (const [marketplace, body] of wrong) {
      expect(await errorOf(() => seal.open(marketplace, body))).toMatchObject({
        code: 'connec.sealed',
        marketplace,
      });
    }
  });
});
