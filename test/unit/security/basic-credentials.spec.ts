import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';

import { parseBasicCredentials } from '../../../src/utils/basic-credentials.js';
import { ConstantTimeText, constantTimeEqual } from '../../../src/utils/constant-time.js';

const encode = (text: string): string => Buffer.from(text, 'utf8').toString('base64');

describe('parseBasicCredentials', () => {
  it('reads the reference vector, whatever the case of the scheme', () => {
    for (const scheme of ['Basic', 'basic', 'BASIC', 'bAsIc']) {
      expect(parseBasicCredentials(`${scheme} YXBwLTE6c2VjcmV0`)).toEqual({
        user: 'app-1',
        password: 'secret',
      });
    }
  });

  it('splits at the first colon only', () => {
    expect(parseBasicCredentials(`Basic ${encode('app-1:a:b::')}`)).toEqual({
      user: 'app-1',
      password: 'a:b::',
    });
  });

  it('reads UTF-8 and empty halves', () => {
    expect(parseBasicCredentials(`Basic ${encode('Zürich:schlüssel ✓')}`)).toEqual({
      user: 'Zürich',
      password: 'schlüssel ✓',
    });
    expect(parseBasicCredentials(`Basic ${encode(':')}`)).toEqual({ user: '', password: '' });
  });

  it.each([
    ['nothing', undefined],
    ['an empty header', ''],
    ['the scheme alone', 'Basic'],
    ['another scheme', 'Bearer YXBwLTE6c2VjcmV0'],
    ['no colon', `Basic ${encode('app-1')}`],
    ['characters outside base64', 'Basic YXBw!LTE6c2VjcmV0'],
    ['two values', 'Basic YXBwLTE6c2VjcmV0, Basic YXBwLTE6c2VjcmV0'],
    ['bytes that are not UTF-8', `Basic ${Buffer.from([0xff, 0x3a, 0xfe]).toString('base64')}`],
    ['a header of 20 KB', `Basic ${encode(`app-1:${'k'.repeat(20_000)}`)}`],
  ])('answers null to %s', (_name, header) => {
    expect(parseBasicCredentials(header)).toBeNull();
  });

  it('gives back what was encoded, and never throws', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' }), (user, password) => {
        fc.pre(!user.includes(':'));
        expect(parseBasicCredentials(`Basic ${encode(`${user}:${password}`)}`)).toEqual({ user, password });
      }),
    );
    fc.assert(fc.property(fc.string(), (header) => void parseBasicCredentials(`Basic ${header}`)));
  });
});

describe('constantTimeEqual', () => {
  it('agrees with === on texts of every length', () => {
    const text = fc.oneof(fc.string({ maxLength: 4 }), fc.string({ minLength: 240, maxLength: 300 }));
    fc.assert(
      fc.property(text, text, (a, b) => {
        expect(constantTimeEqual(a, b)).toBe(a === b);
        expect(constantTimeEqual(a, a)).toBe(true);
        expect(new ConstantTimeText(a).equals(b)).toBe(a === b);
        expect(new ConstantTimeText(a).equals(a)).toBe(true);
      }),
    );
  });

  it('tells padding from content, and long texts by their last character', () => {
    expect(constantTimeEqual('key', 'key\0')).toBe(false);
    expect(constantTimeEqual('', '\0')).toBe(false);
    expect(constantTimeEqual('0e123', '0e456')).toBe(false);
    expect(constantTimeEqual(`${'k'.repeat(5000)}a`, `${'k'.repeat(5000)}b`)).toBe(false);
    expect(constantTimeEqual('k'.repeat(252), 'k'.repeat(253))).toBe(false);
    expect(new ConstantTimeText('key').equals('key\0')).toBe(false);
    expect(new ConstantTimeText('key').equals('k'.repeat(5000))).toBe(false);
  });
});
