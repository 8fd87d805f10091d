import { describe, expect, it } from '@jest/globals';

import { settle } from '../../../src/sync/merge/settle.js';
import { digestsOf, type FieldUnit } from '../../../src/sync/merge/side-record.js';
import { digest } from '../../../src/sync/merge/values.js';
import type { SyncIntent } from '../../../src/sync/store/sync-link.js';
import { agreedLink, plainRule, sideRecord } from '../../support/sync/records.js';

const UNITS: readonly FieldUnit[] = [[plainRule('name')], [plainRule('note')]];
const BASE = { name: 'old', note: 'n' };

function toConnec(sent: Readonly<Record<string, unknown>>, version: number | null = 0): SyncIntent {
  return { side: 'connec', sent, from: digestsOf(sent), version, whole: null, at: 0 };
}

/** What is taken for agreed of the name, after a look at both sides. */
function agreed(
  intents: readonly SyncIntent[],
  app: string,
  connec: Readonly<Record<string, unknown>>,
  stamp = 0,
): { readonly app: string; readonly connec: string; readonly undecided: number } {
  const link = { ...agreedLink(BASE), intents };
  const records = {
    app: sideRecord('app', { ...BASE, name: app }),
    connec: sideRecord('connec', { ...BASE, ...connec }, stamp),
  };
  const settled = settle(link, records, UNITS);
  expect(settled.link.intents).toEqual([]);
  const named = (found: string | undefined): string =>
    ['old', 'sent', 'newer', 'sen', 'third'].find((value) => digest(value) === found) ?? '?';
  return {
    app: named(settled.link.app.base.name),
    connec: named(settled.link.connec.base.name),
    undecided: settled.undecided.length,
  };
}

describe('a write whose outcome was not known', () => {
  it('happened when the target shows what was sent, or its form of it', () => {
    expect(agreed([toConnec({ name: 'sent' })], 'sent', { name: 'sent' }, 5)).toEqual({
      app: 'sent',
      connec: 'sent',
      undecided: 0,
    });
    expect(agreed([toConnec({ name: 'sent' })], 'sent', { name: 'sen' }, 5)).toMatchObject({
      app: 'sent',
      connec: 'sen',
    });
  });

  it('did not happen when the target is as it was: the source still counts as changed', () => {
    expect(agreed([toConnec({ name: 'sent' })], 'sent', {})).toMatchObject({ app: 'old', connec: 'old' });
  });

  it('was taken back by a person when only the stamp of the target moved: their word flows', () => {
    expect(agreed([toConnec({ name: 'sent' })], 'sent', {}, 5)).toMatchObject({
      app: 'sent',
      connec: 'sent',
    });
  });

  it('did not happen when something else explains the stamp, also a field that was sent along', () => {
    expect(agreed([toConnec({ name: 'sent' })], 'sent', { note: 'm' }, 5)).toMatchObject({ app: 'old' });
    const both = toConnec({ name: 'sent', note: 'sent along' });
    expect(agreed([both], 'sent', { note: 'a third note' }, 5)).toMatchObject({ app: 'old' });
  });

  it('lost to a person who wrote something third: theirs is the newer word', () => {
    expect(agreed([toConnec({ name: 'sent' })], 'sent', { name: 'third' }, 5)).toEqual({
      app: 'sent',
      connec: 'old',
      undecided: 1,
    });
  });

  it('is decided by the newest of several; an older one tells our value from a person’s', () => {
    const intents = [toConnec({ name: 'sent' }), toConnec({ name: 'newer' })];
    expect(agreed(intents, 'newer', { name: 'newer' }, 5)).toMatchObject({ app: 'newer', connec: 'newer' });
    expect(agreed(intents, 'newer', { name: 'sent' }, 5)).toEqual({
      app: 'sent',
      connec: 'sent',
      undecided: 0,
    });
    // The newest did not arrive, and the older one must not claim that its own did.
    expect(agreed(intents, 'newer', {})).toMatchObject({ app: 'old', connec: 'old' });
  });
});

describe('a stamp that moved', () => {
  const records = (whole: string): Parameters<typeof settle>[1] => ({
    app: sideRecord('app', { ...BASE, name: 'sent' }),
    connec: { ...sideRecord('connec', BASE, 5), whole: () => whole },
  });
  const link = { ...agreedLink(BASE), intents: [{ ...toConnec({ name: 'sent' }), whole: 'as it was' }] };

  it('tells of a person only where the record is as it was in everything', () => {
    expect(settle(link, records('as it was'), UNITS).link.app.base.name).toBe(digest('sent'));
    expect(settle(link, records('another telephone number'), UNITS).link.app.base.name).toBe(digest('old'));
  });
});
