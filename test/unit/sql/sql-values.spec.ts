import { describe, expect, it } from '@jest/globals';

import { countOf, numberOf, rowsOf, textOf } from '../../../src/sql/sql-values.js';

const ROWS = expect.objectContaining({ code: 'sql.rows' });

describe('what executors return', () => {
  it.each([
    ['a', 'a'],
    [Buffer.from('ż'), 'ż'],
    [new Uint8Array([97]), 'a'],
    ['', ''],
  ])('%p is the text %p', (value, text) => {
    expect(textOf({ value }, 'value')).toBe(text);
  });

  it.each([
    [7, 7],
    ['7', 7],
    [7n, 7],
    ['-1', -1],
    [true, 1],
    [0, 0],
  ])('%p is the number %p', (value, number) => {
    expect(numberOf({ value }, 'value')).toBe(number);
  });

  it.each([undefined, null, {}, [], Number.NaN, '', 'x', new Date(0)])('%p is no number', (value) => {
    expect(() => numberOf({ value }, 'value')).toThrow(ROWS);
  });

  it.each([undefined, null, 7, {}, []])('%p is no text', (value) => {
    expect(() => textOf({ value }, 'value')).toThrow(ROWS);
  });

  it('says which column is not as it should be', () => {
    expect(() => textOf({ VALUE: 'a' }, 'value')).toThrow(/`value` is not a text/);
    expect(() => textOf(undefined, 'value')).toThrow(ROWS);
  });

  it.each([null, undefined, { rows: [] }, [['a']], [null], 'rows', [7]])('%p are no rows', (rows) => {
    expect(() => rowsOf(rows as never)).toThrow(ROWS);
  });

  it.each([undefined, null, '1', -1, 1.5, { rowCount: 1 }])('%p is no count', (count) => {
    expect(() => countOf(count as never)).toThrow(ROWS);
  });

  it('hands on what is right', () => {
    const rows = [{ a: 1 }];
    expect(rowsOf(rows)).toBe(rows);
    expect(rowsOf([])).toEqual([]);
    expect(countOf(0)).toBe(0);
  });
});
