import { describe, expect, it } from '@jest/globals';

import { foldReferences, unfoldReferences } from '../../../src/connec/client/external-ids.js';

const owner = { provider: 'timesheets', realm: 'customer-7' };
const idsOf = (uuid: string, own?: string) => [
  { id: uuid, provider: 'connec', realm: 'org-1' },
  ...(own === undefined ? [] : [{ id: own, ...owner }]),
];

describe('references', () => {
  it.each([
    ['a text', '42', '42'],
    ['a number', 42, '42'],
    ['zero', 0, '0'],
    ['a big number', 9_007_199_254_740_993n, '9007199254740993'],
  ])('fold own ids that are %s', (_name, own, id) => {
    expect(foldReferences({ organization_id: own }, ['organization_id'], owner)).toEqual({
      organization_id: [{ id, ...owner }],
    });
  });

  it.each([['', null, undefined, Number.NaN, true, { id: 1 }, []].map((value) => [value])].flat())(
    'leave %p as it is',
    (value) => {
      expect(foldReferences({ a: value }, ['a'], owner)).toEqual({ a: value });
    },
  );

  it('keep the ids of all systems when a record is changed and sent back', () => {
    const paths = ['organization_id', 'lines.id', 'lines.item_id'];
    const invoice = {
      organization_id: idsOf('o', '7'),
      lines: [
        { id: idsOf('l1', '1'), item_id: idsOf('i1', '11') },
        { id: idsOf('l2'), item_id: idsOf('i2', '12') },
        { id: idsOf('l3', '3'), item_id: idsOf('i3') },
      ],
    };
    const { record, missing, references } = unfoldReferences(invoice, paths, owner);
    expect(record).toEqual({
      organization_id: '7',
      lines: [
        { id: '1', item_id: '11' },
        { id: idsOf('l2'), item_id: '12' },
        { id: '3', item_id: idsOf('i3') },
      ],
    });
    expect(missing).toEqual(['lines.id', 'lines.item_id']);
    const kept = JSON.parse(JSON.stringify(references)) as typeof references;
    expect(foldReferences(record, paths, owner, kept)).toEqual(invoice);
    // Lines in another order, one with another item, and a new one.
    const lines = [record.lines[2], { ...record.lines[0], item_id: 99 }, { id: 5, item_id: 11 }];
    expect(foldReferences({ ...record, lines }, paths, owner, kept)).toEqual({
      organization_id: idsOf('o', '7'),
      lines: [
        { id: idsOf('l3', '3'), item_id: idsOf('i3') },
        { id: idsOf('l1', '1'), item_id: [{ id: '99', ...owner }] },
        { id: [{ id: '5', ...owner }], item_id: idsOf('i1', '11') },
      ],
    });
  });
});
