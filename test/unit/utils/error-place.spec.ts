import { describe, expect, it } from '@jest/globals';

import { MaestranoConnecError } from '../../../src/errors/connec.error.js';
import { errorPlace } from '../../../src/utils/error-place.js';

describe('the place of an error', () => {
  it('has name and frames, and not the text, whatever that looks like', () => {
    for (const text of ['jo@example.com exists', 'one\n    at jo@example.com (file.ts:1:1)\nthree', '']) {
      const place = errorPlace(new RangeError(text));
      expect(place).toMatch(/^RangeError\n\s+at .*error-place\.spec\.ts/);
      expect(place).not.toMatch(/example|exists|three/);
    }
  });

  it('has the code by which databases and Node.js tell failures apart, and no other text in its place', () => {
    const withCode = (code: unknown): Error => Object.assign(new Error('jo@example.com'), { code });
    expect(errorPlace(withCode('ECONNREFUSED'))).toMatch(/^Error \(ECONNREFUSED\)\n\s+at /);
    expect(errorPlace(withCode('23505'))).toMatch(/^Error \(23505\)\n/);
    for (const code of ['jo@example.com', 'Jo Doe', 23505, null]) {
      expect(errorPlace(withCode(code))).toMatch(/^Error\n/);
    }
  });

  it('has no text that was put in later, and no stack that was put in instead', () => {
    const changed = new Error('jo@example.com');
    // Made when it is first read.
    expect(changed.stack).toContain('jo@');
    changed.message = 'exists';
    expect(errorPlace(changed)).toBe('Error');
    expect(errorPlace(Object.assign(new Error('a'), { stack: 'jo@example.com\nline two' }))).toBe('Error');
    expect(errorPlace(Object.assign(new Error('a'), { stack: undefined }))).toBe('Error');
  });

  it('keeps the text of our own errors, and nothing of what is no error', () => {
    const own = new MaestranoConnecError('connec.notificationMalformed', { message: 'It is malformed.' });
    expect(errorPlace(own)).toMatch(/^MaestranoConnecError: It is malformed\.[^]*\n\s+at /);
    expect(errorPlace('jo@example.com')).toBe('string');
    expect(errorPlace(undefined)).toBe('undefined');
  });
});
