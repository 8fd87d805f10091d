import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';

import {
  groupUidOf,
  synchronizationRequestOf,
} from '../../../src/synchronization/synchronization-request.js';

const NONE = { fullSync: false, onlyEntities: null, forced: false, connecPreemption: null, filter: null };

describe('synchronizationRequestOf', () => {
  it.each<[string, Record<string, unknown>]>([
    [
      'a form that Express nested',
      { opts: { full_sync: 'true', forced: '1', connec_preemption: 'false', only_entities: ['people'] } },
    ],
    [
      'a form as Fastify leaves it',
      {
        'opts[full_sync]': 'true',
        'opts[forced]': '1',
        'opts[connec_preemption]': 'false',
        'opts[only_entities][]': 'people',
      },
    ],
    ['JSON', { opts: { full_sync: true, forced: 1, connec_preemption: false, only_entities: ['people'] } }],
  ])('reads %s', (_name, body) => {
    expect(synchronizationRequestOf(body)).toMatchObject({
      fullSync: true,
      forced: true,
      connecPreemption: false,
      onlyEntities: ['people'],
    });
  });

  it('keeps unknown options as they came', () => {
    const { options } = synchronizationRequestOf({ opts: { $top: '10', nested: { a: 1 } } });
    expect(options).toEqual({ $top: '10', nested: { a: 1 } });
  });

  it.each([
    undefined,
    null,
    1,
    'opts',
    [],
    {},
    { opts: null },
    { opts: 'x' },
    { opts: [1] },
    { 'opts[': 'x' },
    { 'opts[]': 'x' },
  ])('takes %j for no options', (body) => {
    expect(synchronizationRequestOf(body)).toMatchObject(NONE);
  });

  it('ignores values of no sense, and bounds lists', () => {
    const only_entities = [...Array<string>(5_000).fill('people'), 7, ''];
    const request = synchronizationRequestOf({
      opts: { full_sync: 'perhaps', $filter: ['x'], only_entities },
    });
    expect(request).toMatchObject({ fullSync: false, filter: null });
    expect(request.onlyEntities).toHaveLength(200);
  });

  it('survives anything, and never touches a prototype', () => {
    fc.assert(
      fc.property(fc.anything({ withNullPrototype: true }), (body) => {
        synchronizationRequestOf(body);
        synchronizationRequestOf({ opts: body });
        groupUidOf(body, new URLSearchParams());
      }),
    );
    synchronizationRequestOf(
      JSON.parse('{"opts":{"__proto__":{"polluted":true}},"opts[__proto__]":{"polluted":true}}'),
    );
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });
});

describe('groupUidOf', () => {
  it('prefers the body and rejects what can be no identifier', () => {
    expect(groupUidOf({ group_id: 'cld-1' }, new URLSearchParams('group_id=cld-2'))).toBe('cld-1');
    expect(groupUidOf(undefined, new URLSearchParams('group_id=cld-2'))).toBe('cld-2');
    for (const group_id of ['', ' ', 'a\nb', 'x'.repeat(256), 1, ['cld-1'], {}]) {
      expect(groupUidOf({ group_id }, new URLSearchParams())).toBeNull();
    }
  });
});
