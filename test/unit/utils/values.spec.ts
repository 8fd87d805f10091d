import { describe, expect, it } from '@jest/globals';

import { isRecord, toBoolean } from '../../../src/utils/values.js';

describe('toBoolean', () => {
  it.each([true, 1, '1', 'true', ' TRUE '])('says yes to %j', (value) => expect(toBoolean(value)).toBe(true));
  it.each([false, 0, '0', 'false', 'False'])('says no to %j', (value) =>
    expect(toBoolean(value)).toBe(false),
  );
  it.each([null, undefined, '', 'yes', 2, {}, []])('does not guess at %j', (value) =>
    expect(toBoolean(value)).toBeNull(),
  );
});

describe('isRecord', () => {
  it.each([{}, { a: 1 }, Object.create(null) as object])('takes %j', (value) =>
    expect(isRecord(value)).toBe(true),
  );
  it.each([null, undefined, [], 'text', 1, () => 1])('does not take %j', (value) =>
    expect(isRecord(value)).toBe(false),
  );
});
