import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import * as fc from 'fast-check';

import { DELETED_GROUP_TTL_MS, DeletedGroupsService } from '../../../src/stores/deleted-groups.service.js';
import { MemoryStore } from '../../../src/stores/memory-store.js';
import { storeKey } from '../../../src/stores/store-key.js';
import { fakeDate } from '../../support/fake-date.js';

const HOUR = 3_600_000;

describe('MemoryStore bounds', () => {
  it('drops the entry written longest ago when a namespace is full', async () => {
    const store = new MemoryStore({ maxEntriesPerNamespace: 3 });
    for (const key of ['a', 'b', 'c']) await store.set(`login:${key}`, key, HOUR);
    await store.set('login:a', 'again', HOUR);
    await store.set('login:d', 'd', HOUR);
    expect(await store.get('login:b')).toBeNull();
    expect(await store.get('login:a')).toBe('again');
    expect(await store.get('login:c')).toBe('c');
    expect(await store.get('login:d')).toBe('d');
  });

  it('keeps one namespace out of another’s way', async () => {
    const store = new MemoryStore({ maxEntriesPerNamespace: 10 });
    await store.set('replay:one', 'claimed', HOUR);
    for (let index = 0; index < 1000; index += 1) await store.set(`login:${index}`, 'x', HOUR);
    expect(await store.get('replay:one')).toBe('claimed');
    expect(await store.get('login:989')).toBeNull();
    expect(await store.get('login:990')).toBe('x');
  });

  it('bounds lists as well', async () => {
    const store = new MemoryStore({ maxEntriesPerNamespace: 2 });
    for (const key of ['a', 'b', 'c']) await store.append(`trace:${key}`, key, 5, HOUR);
    expect(await store.list('trace:a')).toEqual([]);
    expect(await store.list('trace:c')).toEqual(['c']);
  });

  describe('with a clock', () => {
    beforeEach(() => {
      fakeDate();
    });
    afterEach(() => {
      jest.useRealTimers();
    });

    it('gives room from entries whose time is over before it drops a live one', async () => {
      const store = new MemoryStore({ maxEntriesPerNamespace: 2 });
      await store.set('login:brief', 'x', 1000);
      await store.set('login:long', 'x', HOUR);
      jest.setSystemTime(Date.now() + 1000);
      await store.set('login:new', 'x', HOUR);
      expect(await store.get('login:long')).toBe('x');
      expect(await store.get('login:new')).toBe('x');
    });

    it('lets an entry live to the last millisecond and no longer', async () => {
      const store = new MemoryStore();
      const start = Date.now();
      await store.set('login:a', 'x', 1000);
      jest.setSystemTime(start + 999);
      expect(await store.get('login:a')).toBe('x');
      jest.setSystemTime(start + 1000);
      expect(await store.get('login:a')).toBeNull();
    });

    it('remembers a cancelled group for ninety days, by marketplace', async () => {
      const service = new DeletedGroupsService(new MemoryStore());
      const start = Date.now();
      await service.groupDeleted('one', 'cld-1');
      expect(await service.deletedAt('one', 'cld-1')).toEqual(new Date(start));
      expect(await service.deletedAt('two', 'cld-1')).toBeNull();
      jest.setSystemTime(start + DELETED_GROUP_TTL_MS);
      expect(await service.deletedAt('one', 'cld-1')).toBeNull();
      await service.groupDeleted('one', 'cld-1');
      await service.groupRestored('one', 'cld-1');
      expect(await service.deletedAt('one', 'cld-1')).toBeNull();
    });
  });
});

describe('storeKey', () => {
  it('never makes one key of two different lists of parts', () => {
    const parts = fc.array(
      fc.oneof(fc.string(), fc.string({ unit: 'grapheme' }), fc.constantFrom(':', '%3A', '', 'a:b', '*')),
      {
        maxLength: 4,
      },
    );
    fc.assert(
      fc.property(parts, parts, (left, right) => {
        const same = left.length === right.length && left.every((part, index) => part === right[index]);
        expect(storeKey('n', ...left) === storeKey('n', ...right)).toBe(same);
      }),
    );
  });

  it('takes a lone surrogate', () => {
    expect(storeKey('n', '\ud800')).toBe('n:%EF%BF%BD');
  });
});
