import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import * as fc from 'fast-check';

import { byHashTag, hashTag } from '../../../src/redis/hash-tag.js';
import { DELETED_GROUP_TTL_MS, DeletedGroupsService } from '../../../src/stores/deleted-groups.service.js';
import { MemoryStore } from '../../../src/stores/memory-store.js';
import { companyKey, storeKey } from '../../../src/stores/store-key.js';
import { decodeText, encodeText } from '../../../src/stores/stored-text.js';
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

  it('takes what it drops out of its index', async () => {
    const store = new MemoryStore({ maxEntriesPerNamespace: 2 });
    for (const [at, value] of ['a', 'b', 'c'].entries()) {
      const index = { name: 'traces', at };
      await store.writeMany([{ key: `trace:${value}`, value, ttlMs: HOUR, index }]);
    }
    const { entries } = await store.page('traces', { limit: 9 });
    expect(entries.map(({ value }) => value)).toEqual(['c', 'b']);
  });

  it('keeps keys without a namespace in one', async () => {
    const store = new MemoryStore({ maxEntriesPerNamespace: 2 });
    for (const key of ['a', 'b', 'c']) await store.set(key, key, HOUR);
    expect(await store.getMany(['a', 'b', 'c'])).toEqual([null, 'b', 'c']);
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

describe('DeletedGroupsService', () => {
  it('looks up any number of groups in calls of a thousand', async () => {
    const store = new MemoryStore();
    const service = new DeletedGroupsService(store);
    const groups = Array.from({ length: 2_500 }, (_, n) => `cld-${n}`);
    for (const group of ['cld-3', 'cld-1700']) await service.groupDeleted('one', group);
    const getMany = jest.spyOn(store, 'getMany');
    expect([...(await service.deletedOf('one', groups))]).toEqual(['cld-3', 'cld-1700']);
    expect(getMany).toHaveBeenCalledTimes(3);
    expect(await service.deletedOf('two', groups)).toEqual(new Set());
  });
});

describe('keys', () => {
  const part = fc.oneof(
    fc.string(),
    fc.string({ unit: 'grapheme' }),
    fc.string({ unit: 'binary', minLength: 60, maxLength: 120 }),
    fc.constantFrom(':', '%3A', '', 'a:b', '*', '#', '{', '}', '/'),
  );
  const parts = fc.array(part, { maxLength: 4 });

  it('are never the same for two different lists of parts', () => {
    fc.assert(
      fc.property(parts, parts, (left, right) => {
        const same = left.length === right.length && left.every((one, index) => one === right[index]);
        expect(storeKey('n', ...left) === storeKey('n', ...right)).toBe(same);
      }),
    );
  });

  it('have at most 512 bytes of plain text, whatever the parts', () => {
    const many = fc.array(fc.oneof(part, fc.constant('x'.repeat(80)), fc.constant('é'.repeat(5_000))), {
      maxLength: 12,
    });
    fc.assert(
      fc.property(part, part, many, (marketplace, group, more) => {
        expect(storeKey('n', ...more)).toMatch(/^[\w.~:%#*!'()-]{1,512}$/);
        expect(companyKey('n', marketplace, group, ...more)).toMatch(/^n:\{[^{}]*\}[^{}]*$/);
        expect(companyKey('n', marketplace, group, ...more).length).toBeLessThanOrEqual(512);
      }),
    );
  });

  it('keep a part of 80 characters and hash a longer one', () => {
    expect(storeKey('n', 'x'.repeat(80))).toBe(`n:${'x'.repeat(80)}`);
    expect(storeKey('n', 'x'.repeat(81))).toMatch(/^n:#[\w-]{43}$/);
    expect(storeKey('n', 'x'.repeat(81))).not.toBe(storeKey('n', 'x'.repeat(82)));
  });

  it('of one company share its hash tag, and no other company has it', () => {
    expect(companyKey('delivery', 'acme', 'cld-1', 'people', 'p1')).toBe('delivery:{acme/cld-1}:people:p1');
    const keys = ['a', 'b'].map((namespace) => companyKey(namespace, 'acme', 'cld-1'));
    expect(byHashTag(keys)).toEqual([[0, 1]]);
    fc.assert(
      fc.property(part, part, part, part, (...[m1, g1, m2, g2]) => {
        const one = hashTag(companyKey('n', m1, g1, 'x'));
        const other = hashTag(companyKey('m', m2, g2, 'y'));
        expect(one === other).toBe(m1 === m2 && g1 === g2);
      }),
    );
  });

  it('take a lone surrogate', () => {
    expect(storeKey('n', '\ud800')).toBe('n:%EF%BF%BD');
  });
});

describe('hash tags', () => {
  it.each([
    ['a:{b}:c', 'b'],
    ['{a}{b}', 'a'],
    ['a{}b{c}', 'a{}b{c}'],
    ['a{b', 'a{b'],
    ['a}b{c}', 'c'],
    ['plain', 'plain'],
  ])('of %s is %s, as Redis Cluster has it', (key, tag) => {
    expect(hashTag(key)).toBe(tag);
  });
});

describe('texts that are stored', () => {
  it('come back, and never look like another', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc
        .array(fc.constantFrom('\0', '\u0001', '\u0002', '\ud83d', '\ude00', '"', '\\', 'u', 'a'))
        .map((letters) => letters.join('')),
    );
    fc.assert(
      fc.property(text, text, (one, other) => {
        expect(decodeText(encodeText(one))).toBe(one);
        expect(encodeText(one) === encodeText(other)).toBe(one === other);
        expect(encodeText(one)).not.toMatch(/\p{Surrogate}|\0/u);
      }),
    );
  });
});
