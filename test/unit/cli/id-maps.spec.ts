import { describe, expect, it } from '@jest/globals';

import { connectorNamesOf, readIdMaps } from '../../../src/cli/sync/id-maps.js';

const NAMES = ['connec_id', 'connec_entity', 'external_id', 'name'];
const ROW = { connecEntity: 'person', app: '17', connec: 'c1' };

describe('a dump of id_maps', () => {
  it.each([
    ['semicolons and quotes', '"connec_id";"connec_entity";"external_id";"name"\n"c1";"Person";"17";"A;B"\n'],
    ['a mark of byte order and CRLF', `\uFEFF${NAMES.join(',')}\r\nc1,person,17,\r\n`],
    ['lines that end with CR alone', `${NAMES.join(',')}\rc1,person,17,\r`],
    ['a line break in quotes', `${NAMES.join(',')}\nc1,person,17,"two\r\nlines, and ""more"""`],
    ['blanks around ids, and empty lines', `${NAMES.join(',')}\n\n c1 ,person, 17 ,\n\n`],
  ])('is read with %s', (_what, text) => {
    expect(readIdMaps(text)).toMatchObject({ rows: [ROW], halves: 0 });
  });

  it.each([
    ['more', 'c1,person,17,Smith, Ann'],
    ['fewer', 'c1,person,1'],
  ])('is refused where a row has %s values than names: its ids would be those of others', (_what, row) => {
    expect(() => readIdMaps(`${NAMES.join(',')}\nc0,person,16,\n${row}\n`)).toThrow(/^Row 3 of the dump has/);
  });
});

describe('names of resources in connector-rails', () => {
  it.each([
    ['people', 'Person'],
    ['opportunities', 'opportunity'],
    ['tax_codes', 'Tax Code'],
    ['company', 'company'],
    ['invoices', 'invoices'],
  ])('of %s has %s', (resource, name) => {
    const { rows } = readIdMaps(`${NAMES.join(',')}\nc1,${name},17,\n`);
    expect(connectorNamesOf(resource)).toContain(rows[0]!.connecEntity);
  });
});
