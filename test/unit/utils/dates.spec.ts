import { describe, expect, it } from '@jest/globals';

import { parsePlatformDate, parseSamlInstant, parseSessionDate } from '../../../src/utils/dates.js';

describe('parsePlatformDate', () => {
  it.each([
    ['2014-05-21T04:04:53Z', '2014-05-21T04:04:53.000Z'],
    ['2016-08-01T15:30:20.000Z', '2016-08-01T15:30:20.000Z'],
    ['2016-08-01T15:30:20.123456Z', '2016-08-01T15:30:20.123Z'],
    ['2016-08-01T15:30:20+0000', '2016-08-01T15:30:20.000Z'],
    ['2016-08-01T15:30:20-02:30', '2016-08-01T18:00:20.000Z'],
    ['2016-08-01T9:30:20+1000', '2016-07-31T23:30:20.000Z'],
    ['2016-08-01 15:30:20 UTC', '2016-08-01T15:30:20.000Z'],
    [' 2016-08-01t15:30z ', '2016-08-01T15:30:00.000Z'],
    ['2016-08-01', '2016-08-01T00:00:00.000Z'],
  ])('reads %j', (text, iso) => {
    expect(parsePlatformDate(text)?.toISOString()).toBe(iso);
  });

  it('takes a time without zone for UTC, wherever the machine is', () => {
    const zone = process.env['TZ'];
    process.env['TZ'] = 'Australia/Sydney';
    try {
      expect(parsePlatformDate('2016-08-01T15:30:20')?.toISOString()).toBe('2016-08-01T15:30:20.000Z');
    } finally {
      if (zone === undefined) delete process.env['TZ'];
      else process.env['TZ'] = zone;
    }
  });

  it.each([
    '0000-08-01T15:30:20.000Z',
    '-0001-08-01T15:30:20.000Z',
    '1899-12-31',
    '2016-13-01',
    '2016-08-01T25:00:00Z',
    'Jan 1 2099',
    'soon',
    '',
    0,
    null,
    undefined,
    new Date(),
  ])('is null for %j', (value) => {
    expect(parsePlatformDate(value)).toBeNull();
  });
});

describe('parseSessionDate', () => {
  it.each(['2016-08-01T15:30:20Z', '2016-08-01T15:30:20.000Z', '2016-08-01T15:30:20+0000'])(
    'reads %j',
    (text) => {
      expect(parseSessionDate(text)).toEqual(new Date('2016-08-01T15:30:20Z'));
    },
  );

  it.each(['2016-08-01T15:30:20', '2016-08-01', '2016-08-01Z', '2016-08-01-02:00', null, 5])(
    'is null without a time and its zone: %j',
    (value) => {
      expect(parseSessionDate(value)).toBeNull();
    },
  );
});

describe('parseSamlInstant', () => {
  it('reads milliseconds since the epoch', () => {
    expect(parseSamlInstant('2016-08-01T15:30:20.5+02:00')).toBe(Date.UTC(2016, 7, 1, 13, 30, 20, 500));
  });

  it.each([
    '2016-02-30T00:00:00Z',
    '2016-08-01T24:00:00Z',
    '2016-08-01T00:00:00',
    'Jan 1 2099',
    '2016-08-01T00:00:60Z',
    undefined,
  ])('is null for %j', (text) => {
    expect(parseSamlInstant(text)).toBeNull();
  });
});
