import { describe, expect, it } from '@jest/globals';

import { afterWrite, merge, type MergeRules } from '../../../src/sync/merge/merge.js';
import type { Convert, FieldRule, FieldUnit } from '../../../src/sync/merge/side-record.js';
import { digest } from '../../../src/sync/merge/values.js';
import { agreedLink, plainRule, sideRecord } from '../../support/sync/records.js';
import { newLink } from '../../../src/sync/store/sync-link.js';

const NAME = plainRule('name');
const NOTE = plainRule('note');
const UNITS: readonly FieldUnit[] = [[NAME], [NOTE]];
const RULES: MergeRules = { writable: { app: true, connec: true }, conflict: 'newest' };
const plain: Convert = (_rule, _from, value) => ({ value });

type Values = Readonly<Record<string, unknown>>;

function merged(
  base: Values,
  app: Values,
  connec: Values,
  given: {
    readonly units?: readonly FieldUnit[];
    readonly rules?: Partial<MergeRules>;
    readonly at?: readonly [app: number, connec: number];
    readonly convert?: Convert;
  } = {},
): { readonly toApp: Values; readonly toConnec: Values; readonly rules: readonly string[] } {
  const [appAt, connecAt] = given.at ?? [1, 1];
  const result = merge(
    agreedLink(base),
    { app: sideRecord('app', app, appAt), connec: sideRecord('connec', connec, connecAt) },
    given.units ?? UNITS,
    given.convert ?? plain,
    { ...RULES, ...given.rules },
  );
  const values = (writes: readonly { readonly rule: FieldRule; readonly value: unknown }[]): Values =>
    Object.fromEntries(writes.map(({ rule, value }) => [rule.name, value]));
  return {
    toApp: values(result.toApp),
    toConnec: values(result.toConnec),
    rules: result.decisions.map(({ rule }) => rule),
  };
}

const A = { name: 'Ann', note: 'old' };

describe('merging a record', () => {
  it('check 7: carries changes of two fields to both sides, and writes nothing else', () => {
    expect(merged(A, { ...A, name: 'Anna' }, { ...A, note: 'new' })).toEqual({
      toApp: { note: 'new' },
      toConnec: { name: 'Anna' },
      rules: ['only app changed', 'only connec changed'],
    });
  });

  it('writes nothing where both sides came to the same', () => {
    expect(merged(A, { ...A, name: 'Anna' }, { ...A, name: 'Anna' })).toEqual({
      toApp: {},
      toConnec: {},
      rules: [],
    });
  });

  it.each([
    ['newest', [2, 1], { toConnec: { name: 'App' }, rules: ['newest: app'] }],
    ['newest', [1, 2], { toApp: { name: 'Connec' }, rules: ['newest: connec'] }],
    ['newest', [1, 1], { toApp: { name: 'Connec' }, rules: ['newest: connec'] }],
    ['app', [1, 2], { toConnec: { name: 'App' }, rules: ['rule: app'] }],
    ['connec', [2, 1], { toApp: { name: 'Connec' }, rules: ['rule: connec'] }],
    ['ask', [2, 1], { rules: ['ask'] }],
  ] as const)('decides a conflict by the rule %s at %p', (conflict, at, expected) => {
    const result = merged(A, { ...A, name: 'App' }, { ...A, name: 'Connec' }, { rules: { conflict }, at });
    expect(result).toEqual({ toApp: {}, toConnec: {}, ...expected });
  });

  it('lets the rule of a field, and the preference of a run, win over the rule of the entity', () => {
    const units = [[plainRule('name', { conflict: 'app' })], [NOTE]];
    const [app, connec] = [
      { name: 'App', note: 'app' },
      { name: 'Connec', note: 'connec' },
    ];
    expect(merged(A, app, connec, { units, rules: { conflict: 'connec' } })).toMatchObject({
      toConnec: { name: 'App' },
      toApp: { note: 'connec' },
    });
    expect(merged(A, app, connec, { units, rules: { preemption: 'connec' } }).toConnec).toEqual({});
  });

  it('keeps what the other side does not have, where nonEmpty says so or the two never agreed', () => {
    const app = { name: 'App', note: '' };
    const connec = { name: null, note: 'connec' };
    expect(merged(A, app, connec, { rules: { conflict: 'nonEmpty' } })).toMatchObject({
      toConnec: { name: 'App' },
      toApp: { note: 'connec' },
    });
    const first = merge(
      newLink('k', { app: '1', connec: 'c-1' }),
      { app: sideRecord('app', app, 1), connec: sideRecord('connec', connec, 9) },
      UNITS,
      plain,
      RULES,
    );
    expect(first.toConnec.map(({ value }) => value)).toEqual(['App']);
    expect(first.toApp.map(({ value }) => value)).toEqual(['connec']);
  });

  it('decides fields that belong together as one', () => {
    const units = [[plainRule('amount'), plainRule('currency')]];
    const base = { amount: 1, currency: 'EUR' };
    expect(
      merged(base, { ...base, amount: 2 }, { amount: 3, currency: 'USD' }, { units, at: [2, 1] }),
    ).toMatchObject({ toConnec: { amount: 2, currency: 'EUR' }, toApp: {} });
  });

  it('writes no side that may not be written, and leaves the change for later', () => {
    const link = agreedLink(A);
    const records = { app: sideRecord('app', { ...A, name: 'Anna' }), connec: sideRecord('connec', A) };
    const rules = { ...RULES, writable: { app: true, connec: false } };
    const result = merge(link, records, UNITS, plain, rules);
    expect(result.toConnec).toEqual([]);
    expect(result.link).toEqual(link);
  });

  it('ignores the side that a field does not come from', () => {
    const units = [
      [plainRule('name', { direction: 'toConnec' })],
      [plainRule('note', { direction: 'toApp' })],
    ];
    expect(merged(A, { ...A, note: 'app' }, { ...A, name: 'Connec' }, { units })).toEqual({
      toApp: {},
      toConnec: {},
      rules: [],
    });
  });

  it('waits with a field whose record is not there yet, and writes the others', () => {
    const convert: Convert = (rule, _from, value) =>
      rule === NOTE ? { waitsFor: 'items:app:7' } : { value };
    const records = { app: sideRecord('app', { name: 'Anna', note: '7' }), connec: sideRecord('connec', A) };
    const result = merge(agreedLink(A), records, UNITS, convert, RULES);
    expect(result.waitsFor).toBe('items:app:7');
    expect(result.toConnec.map(({ rule }) => rule.name)).toEqual(['name']);
  });

  it('check 36: writes nothing when a conversion changed, and no record did', () => {
    const invert: Convert = (_rule, _from, value) => ({ value: `not ${String(value)}` });
    expect(merged(A, A, A, { convert: invert })).toEqual({ toApp: {}, toConnec: {}, rules: [] });
    expect(merged(A, { ...A, note: 'new' }, A, { convert: invert }).toConnec).toEqual({ note: 'not new' });
  });

  it('check 22: a declared equality makes no traffic', () => {
    const units = [[plainRule('name', { equal: (one, other) => Math.round(Number(one)) === other })]];
    expect(merged({ name: 1 }, { name: 2.4 }, { name: 2 }, { units }).toApp).toEqual({});
    expect(merged({ name: 1 }, { name: 2.4 }, { name: 2 }, { units }).toConnec).toEqual({});
  });
});

describe('the bases after a write', () => {
  const write = { rule: NAME, value: 'a longer name', from: digest('a longer name') };

  it('are the response where it is what was sent', () => {
    const { link, altered } = afterWrite(
      agreedLink(A),
      'connec',
      [write],
      sideRecord('connec', { name: 'a longer name' }),
    );
    expect(link.connec.base.name).toBe(digest('a longer name'));
    expect(link.app.base.name).toBe(digest('a longer name'));
    expect(altered).toEqual([]);
  });

  it('check 30: are the platform’s form of it where it was cut, so that nothing flows back', () => {
    const { link, altered } = afterWrite(
      agreedLink(A),
      'connec',
      [write],
      sideRecord('connec', { name: 'a long' }),
    );
    expect(link.connec.base.name).toBe(digest('a long'));
    expect(link.app.base.name).toBe(digest('a longer name'));
    expect(altered).toEqual([NAME]);
  });

  it('are what was sent where somebody wrote meanwhile, so that theirs flows back', () => {
    const { link } = afterWrite(agreedLink(A), 'connec', [write], sideRecord('connec', { name: 'Zoe' }));
    expect(link.connec.base.name).toBe(digest('a longer name'));
  });
});
