import { describe, expect, it } from '@jest/globals';

import {
  cleanText,
  isComparable,
  isUsableName,
  type ReceivedAttribute,
  sortAttributes,
} from '../../../../src/sso/login/login-attributes.js';

const attribute = (name: string, ...texts: readonly string[]): ReceivedAttribute => ({
  name,
  values: texts.map((text) => ({ text, nested: false })),
});
const nested = (name: string): ReceivedAttribute => ({ name, values: [{ text: '', nested: true }] });
const sort = (...received: readonly ReceivedAttribute[]) => {
  const { values, ...rest } = sortAttributes(received, 1_000);
  return { ...rest, values: Object.fromEntries(values) };
};

describe('a text that is only shown', () => {
  it.each([
    ['Acme', 'Acme'],
    ['', ''],
    ['Zoë 株式会社 👋', 'Zoë 株式会社 👋'],
    ['two  blanks stay', 'two  blanks stay'],
    ['line\nfeed', 'line feed'],
    ['line\r\nfeed', 'line feed'],
    ['blanks \u2028 around', 'blanks around'],
    ['a  b\u0085c', 'a  b c'],
    ['back\u202ewards', 'back wards'],
    ['\u0000\u0001x', ' x'],
    ['\u00a0', '\u00a0'],
    ['lone \ud800 half', 'lone half'],
  ])('%j becomes %j', (text, expected) => {
    expect(cleanText(text)).toBe(expected);
  });

  it('is cut at 255 characters, and never inside one', () => {
    expect(cleanText('x'.repeat(255))).toBe('x'.repeat(255));
    expect(cleanText('x'.repeat(256))).toBe('x'.repeat(255));
    expect(cleanText('👋'.repeat(300))).toBe('👋'.repeat(255));
    expect(cleanText(`${'\n'.repeat(901)}${'👋'.repeat(200)}`)).toBe(` ${'👋'.repeat(61)} `);
    expect(cleanText(`${'x'.repeat(254)}  y`)).toBe(`${'x'.repeat(254)} `);
  });

  it('takes no time, however long and empty it is', () => {
    const texts = [' ', '\n', ' \n', '\u2028x'].map((piece) => piece.repeat(100_000));
    const begun = process.cpuUsage();
    for (const text of texts) cleanText(text);
    const { user } = process.cpuUsage(begun);
    // One expression with two adjoining repetitions took seconds.
    expect(user / 1_000).toBeLessThan(500);
  });
});

describe('a text that is compared', () => {
  it.each(['jo@example.com', 'zoë@例え.jp', 'a b', 'rsl-1', ''])('%j is accepted', (text) => {
    expect(isComparable(text)).toBe(true);
  });

  it.each([
    ' a',
    'a ',
    ' ',
    'a\u00a0',
    '\u3000a',
    'a\u200b',
    'a\u00adb',
    'a\ufeff',
    'a\ue000',
    'a\u0378',
    'a\u2028b',
    'a\u0085',
    'a\t',
    'a\u202e',
  ])('%j is not', (text) => {
    expect(isComparable(text)).toBe(false);
  });
});

describe('the attributes of a login', () => {
  it('that are not ours become a list when they come several times, each value once', () => {
    expect(
      sort(attribute('role', 'b'), attribute('role', 'a', 'b'), attribute('one', 'x'), attribute('one', 'x')),
    ).toMatchObject({ values: { role: '["b","a"]', one: 'x' }, omitted: [] });
    expect(sort(attribute('none'), attribute('none')).values).toEqual({ none: '' });
  });

  it('that are not ours are left out as a whole when one value cannot be taken', () => {
    const received = [
      attribute('a', 'x'),
      nested('a'),
      attribute('b', 'x\u0000'),
      attribute('c', 'x'.repeat(1_001)),
    ];
    expect(sort(...received)).toMatchObject({ values: {}, omitted: ['a', 'b', 'c'], unusable: null });
  });

  it('that are not ours are bounded by the sum of their values', () => {
    expect(
      sort(...Array.from({ length: 11 }, (_, index) => attribute('a', `${index}`.repeat(90)))).omitted,
    ).toEqual(['a']);
  });

  it('that are not ours may hold line ends', () => {
    const text = 'a\tb\nc\u0085d\u2028e\u2029f';
    expect(sort(attribute('note', text))).toMatchObject({ values: { note: text }, omitted: [] });
  });

  it('that are ours are compared as they came', () => {
    expect(sort(attribute('name', 'Jo'), attribute('name', 'Jo')).conflicting).toBeNull();
    expect(sort(attribute('name', 'Jo '), attribute('name', 'Jo\n')).conflicting).toBe('name');
  });

  it.each(['name', 'email'])('that are ours hold one text: %s', (name) => {
    expect(sort(nested(name)).unusable).toBe(name);
    expect(sort(attribute(name, 'a', 'a')).unusable).toBe(name);
  });

  // The lists of saml §3.3 rows 14 and 15; `uid`, `group_uid` and `virtual_uid` have further checks of their own.
  const EXACT =
    'uid mno_uid virtual_uid group_uid mno_session mno_session_recheck group_role email virtual_email group_email ' +
    'reseller_id group_reseller_id group_org_uid group_has_credit_card group_currency group_timezone group_country ' +
    'group_end_free_trial';
  const SHOWN = 'name surname company_name group_name group_city country reseller_name reseller_country';
  const COMPARED = 'mno_uid email virtual_email group_email reseller_id group_reseller_id group_org_uid';

  it.each(EXACT.split(' '))('that decide something arrive as they are, or are unusable: %s', (name) => {
    expect(sort(attribute(name, 'a  b'))).toMatchObject({ values: { [name]: 'a  b' }, unusable: null });
    for (const odd of ['a\nb', 'a\tb', 'a\u0085b', 'a\u2028b', 'a\u202eb', 'a\u007fb']) {
      expect(sort(attribute(name, odd)).unusable).toBe(name);
    }
    expect(sort(attribute(name, 'x'.repeat(1_001))).unusable).toBe(name);
    expect(sort(attribute(name, 'a'), attribute(name, 'b')).conflicting).toBe(name);
  });

  it.each(SHOWN.split(' '))('that are only shown are cleaned and keep nobody out: %s', (name) => {
    for (const odd of ['a\nb', 'a \t b', 'a\u0085b', 'a\u2028b', 'a\u202eb', 'a\u007fb']) {
      expect(sort(attribute(name, odd))).toMatchObject({
        values: { [name]: 'a b' },
        cleaned: [name],
        omitted: [],
        unusable: null,
      });
    }
    expect(sort(attribute(name, 'a'), attribute(name, 'b')).conflicting).toBe(name);
  });

  it.each(COMPARED.split(' '))('that are compared have nothing invisible in them: %s', (name) => {
    for (const odd of [' a', 'a ', 'a\u00a0', 'a\u200b', 'a\ue000', '\u3000a', ' ']) {
      expect(sort(attribute(name, odd)).unusable).toBe(name);
    }
    expect(sort(attribute(name, '')).unusable).toBeNull();
  });

  it('have usable names', () => {
    const names = ['role', '', '__proto__', 'constructor', 'prototype', 'x'.repeat(257), '\u202ediu'];
    expect(names.filter(isUsableName)).toEqual(['role']);
  });
});
