import { describe, expect, it } from '@jest/globals';

import type { SyncEntity } from '../../../src/sync/fields/entity-definition.js';
import { match, matchKeysOf } from '../../../src/sync/merge/match.js';
import { newLink, type SyncLink, type SyncSide } from '../../../src/sync/store/sync-link.js';
import { plainRule, sideRecord } from '../../support/sync/records.js';

const ENTITY = {
  rules: [plainRule('email'), plainRule('name'), plainRule('phone')],
  match: [
    [{ field: 'email', as: 'email' }],
    [
      { field: 'name', as: 'text' },
      { field: 'phone', as: 'phone' },
    ],
  ],
} as unknown as SyncEntity;

function keys(side: SyncSide, values: Readonly<Record<string, unknown>>): readonly string[] {
  return matchKeysOf(ENTITY, sideRecord(side, values), (_rule, _from, value) => ({ value }));
}

function half(side: SyncSide, id: string, matchKeys: readonly string[]): SyncLink {
  return { ...newLink(`${side}-${id}`, { [side]: id }), matchKeys };
}

describe('keys by which records are recognised', () => {
  it('are the same for values that say the same', () => {
    expect(keys('app', { email: ' Ann@X.test' })).toEqual(keys('connec', { email: 'ann@x.test' }));
    expect(keys('app', { name: 'Ann  Bee', phone: '0049 30/12' })).toEqual(
      keys('connec', { name: 'ann bee', phone: '+49 (30) 12' }),
    );
  });

  it('are none where a field of the key is empty', () => {
    expect(keys('app', { email: '', name: 'Ann' })).toEqual([]);
  });

  it('differ between two ways that have the same values', () => {
    expect(keys('app', { email: 'x' })).not.toEqual(keys('app', { name: 'x', phone: '1' }));
  });
});

describe('matching', () => {
  const ann = half('app', '1', ['k']);
  const connecAnn = half('connec', 'c-1', ['k']);

  it('pairs the only two that are the same', () => {
    expect(match(ann, [ann, connecAnn])).toEqual({ kind: 'pair', other: connecAnn });
    expect(match(connecAnn, [ann])).toEqual({ kind: 'pair', other: ann });
  });

  it('check 29: says nothing of two people with one address on one side', () => {
    expect(match(ann, [ann, half('app', '2', ['k'])])).toEqual({ kind: 'none' });
  });

  it('check 29: leaves it to a person when a third one is on the other side', () => {
    const bob = half('app', '2', ['k']);
    expect(match(ann, [ann, bob, connecAnn])).toEqual({ kind: 'ambiguous', links: [bob, connecAnn] });
    expect(match(connecAnn, [ann, bob, connecAnn])).toMatchObject({ kind: 'ambiguous' });
  });

  it('never takes a record that is linked, gone or in the middle of a write', () => {
    const intent = { side: 'app' as const, sent: {}, from: {}, version: null, whole: null, at: 0 };
    for (const taken of [
      { ...connecAnn, app: { ...connecAnn.app, id: '9' } },
      { ...connecAnn, gone: { since: 0, archived: true } },
      { ...connecAnn, intents: [intent] },
    ]) {
      expect(match(ann, [taken])).toEqual({ kind: 'none' });
    }
  });
});
