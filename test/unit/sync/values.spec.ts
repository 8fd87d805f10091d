import { describe, expect, it } from '@jest/globals';

import { canonical, digest, isEmpty, isImage, valueAt, withValueAt } from '../../../src/sync/merge/values.js';

describe('digests of values', () => {
  it.each([
    [
      { a: 1, b: 2 },
      { b: 2, a: 1 },
    ],
    [{ a: undefined }, {}],
    [undefined, null],
    [new Date(0), '1970-01-01T00:00:00.000Z'],
    [10n, 10],
    [{ toJSON: () => 'x' }, 'x'],
  ])('are the same for %p and %p', (one, other) => {
    expect(digest(one)).toBe(digest(other));
  });

  it.each([
    ['1', 1],
    ['', null],
    [
      [1, 2],
      [2, 1],
    ],
    [true, 'true'],
    [{ a: null }, {}],
  ])('differ for %p and %p', (one, other) => {
    expect(digest(one)).not.toBe(digest(other));
  });

  it('reads dates that are none, and bytes', () => {
    expect(canonical(new Date(Number.NaN))).toBe('null');
    expect(canonical(Buffer.from('ab'))).toBe('"YWI="');
  });
});

describe('the form that a side gives to a value', () => {
  it.each([
    ['a longer note', 'a long'],
    [' Ann  Bee ', 'ann bee'],
    ['e\u0301', '\u00e9'],
    [10.005, 10.01],
    ['10.5', '10.50'],
    [3, '3.00'],
    ['2026-01-02T10:11:12.345Z', '2026-01-02T10:11:12Z'],
    [new Date('2026-01-02T10:11:12Z'), '2026-01-02'],
    [null, ''],
    [{ line: 'Main Street 1' }, { line: 'Main Str' }],
  ])('is an image: %p as %p', (sent, got) => {
    expect(isImage(sent, got)).toBe(true);
  });

  it.each([
    ['Ann', 'Bob'],
    ['a long', 'a longer note'],
    ['Ann', ''],
    [10, 12],
    [100, 10.5],
    ['2026-01-02T10:11:12Z', '2026-01-03'],
    [true, false],
    [
      { line: 'a', zip: '1' },
      { line: 'a', zip: '2' },
    ],
  ])('is somebody else’s: %p as %p', (sent, got) => {
    expect(isImage(sent, got)).toBe(false);
  });
});

describe('paths', () => {
  it('reads and writes below an object, and leaves what stands beside it', () => {
    const record = { email: { address: 'a@x.test', kind: 'work' }, name: 'A' };
    expect(valueAt(record, 'email.address')).toBe('a@x.test');
    expect(valueAt(record, 'phone.mobile')).toBeUndefined();
    expect(withValueAt(record, 'email.address', 'b@x.test')).toEqual({
      email: { address: 'b@x.test', kind: 'work' },
      name: 'A',
    });
    expect(record.email.address).toBe('a@x.test');
  });

  it('knows what is empty', () => {
    expect([null, undefined, '', [], {}, { a: null }].every(isEmpty)).toBe(true);
    expect([0, false, ' ', [null], new Date(0)].some(isEmpty)).toBe(false);
  });
});
