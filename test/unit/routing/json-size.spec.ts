import { describe, expect, it } from '@jest/globals';

import { JsonSize, MAX_CONTAINERS, MAX_NAMES } from '../../../src/routing/early/json-size.js';

const named = (count: number): Record<string, number> =>
  Object.fromEntries(Array.from({ length: count }, (_, n) => [`field ${n}`, n]));

const many = <T>(count: number, make: (n: number) => T): T[] =>
  Array.from({ length: count }, (_, n) => make(n));

/** In pieces, so that texts and escapes are cut anywhere. */
function fits(value: unknown, piece = Number.MAX_SAFE_INTEGER): boolean {
  const bytes = Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));
  const size = new JsonSize();
  for (let from = 0; from < bytes.length; from += piece) {
    if (!size.take(bytes.subarray(from, from + piece))) return false;
  }
  return true;
}

describe('the number of names, objects and lists in JSON', () => {
  it.each<[string, unknown]>([
    ['as many as one object may have', named(MAX_NAMES)],
    ['many objects with as many', { people: [named(MAX_NAMES), named(MAX_NAMES), { a: named(MAX_NAMES) }] }],
    ['colons, quotes and braces in texts', Array.from({ length: 3_000 }, () => ':{"\\[:,]}\u{1f600}":')],
    ['objects side by side', Array.from({ length: 5_000 }, (_, n) => ({ n }))],
    ['as many lists as there may be', `[${'[],'.repeat(MAX_CONTAINERS - 2)}[]]`],
    ['names of colons', { [':'.repeat(2_000)]: 1 }],
    [
      'long texts that end with backslashes',
      many(300, (n) => ({ [`${'x'.repeat(n)}\\`]: `${':'.repeat(n)}\\"` })),
    ],
    ['a long text of quotes', many(50, (n) => `${'"'.repeat(100 + n)}${':'.repeat(1_100)}`)],
    ['what is no JSON', '}}}]]] "\\"'],
    ['nothing', ''],
  ])('fits: %s', (_name, value) => {
    expect(fits(value)).toBe(true);
    expect(fits(value, 7)).toBe(true);
  });

  it.each<[string, unknown]>([
    ['one more', named(MAX_NAMES + 1)],
    ['one more within', { people: [{ a: [{ b: named(MAX_NAMES + 1) }] }] }],
    ['one more before and behind other objects', { a: {}, ...named(MAX_NAMES - 1), b: { c: {} } }],
    ['one more behind long texts', { a: `${'x'.repeat(99)}"\\`, ...named(MAX_NAMES) }],
    ['the same name again and again', `{${'"a":1,'.repeat(MAX_NAMES)}"a":1}`],
    ['one list more', `[${'[],'.repeat(MAX_CONTAINERS - 1)}[]]`],
    ['one object more', `[${'{},'.repeat(MAX_CONTAINERS - 1)}{}]`],
    ['a depth that nothing has', '{"a":'.repeat(5_000)],
  ])('does not fit: %s', (_name, value) => {
    expect(fits(value)).toBe(false);
    expect(fits(value, 7)).toBe(false);
  });
});
