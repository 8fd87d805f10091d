import assert from 'node:assert/strict';

import type { MaestranoStore } from '../stores/maestrano-store.js';
import { companyKey } from '../stores/store-key.js';
import { freshKey, HOUR, type StoreCheck } from './store-contract-check.js';

/** More than any case writes. */
const MOST = 100;

/** All entries of an index, page by page. */
async function readAll(store: MaestranoStore, index: string, limit: number): Promise<string[]> {
  const found: string[] = [];
  for (let before: string | undefined; found.length < MOST;) {
    const { entries, next } = await store.page(index, { limit, ...(before === undefined ? {} : { before }) });
    assert.ok(entries.length <= limit);
    assert.ok(next === null || entries.length > 0);
    found.push(...entries.map(({ value }) => value));
    if (next === null) return found;
    before = next;
  }
  return assert.fail('the pages do not end');
}

const put = async (
  store: MaestranoStore,
  key: string,
  value: string,
  index: string | null,
  at = 0,
): Promise<void> => {
  const place = index === null ? {} : { index: { name: index, at } };
  await store.writeMany([{ key, value, ttlMs: HOUR, ...place }]);
};

/** The part of the store contract about pages. */
export const STORE_PAGES_CONTRACT: Readonly<Record<string, StoreCheck>> = {
  'page: newest first, of all companies, with key and time': async (store, other) => {
    const index = freshKey();
    const keys = [1, 2, 3].map((n) => companyKey('contract', 'acme', `${freshKey()}-${n}`, 'a:b c'));
    await put(store, keys[0]!, 'oldest', index, 5);
    await put(other, keys[1]!, 'newest \ud83d', index, 1_764_000_000_000);
    await put(store, keys[2]!, 'middle', index, 6);
    assert.deepEqual(await other.page(index, { limit: 10 }), {
      entries: [
        { key: keys[1], value: 'newest \ud83d', at: 1_764_000_000_000 },
        { key: keys[2], value: 'middle', at: 6 },
        { key: keys[0], value: 'oldest', at: 5 },
      ],
      next: null,
    });
  },
  'page: none of an index that nobody wrote': async (store) => {
    assert.deepEqual(await store.page(freshKey(), { limit: 1 }), { entries: [], next: null });
  },
  'page: brings each entry once, also of one time, whatever the limit': async (store) => {
    const index = freshKey();
    const values = Array.from({ length: 23 }, (_, n) => String(n));
    await store.writeMany(
      values.map((value, n) => ({
        key: freshKey(),
        value,
        ttlMs: HOUR,
        index: { name: index, at: Math.floor(n / 8) },
      })),
    );
    for (const limit of [1, 4, 8, 23, 24, 1_000]) {
      const found = await readAll(store, index, limit);
      assert.deepEqual(new Set(found), new Set(values));
      assert.equal(found.length, values.length);
      const times = found.map((value) => Math.floor(Number(value) / 8));
      assert.deepEqual(
        times,
        times.toSorted((one, other) => other - one),
      );
    }
  },
  'page: what is new meanwhile does not disturb the following pages': async (store) => {
    const index = freshKey();
    for (const at of [1, 2, 3, 4]) await put(store, freshKey(), String(at), index, at);
    const { entries, next } = await store.page(index, { limit: 2 });
    assert.deepEqual(
      entries.map(({ value }) => value),
      ['4', '3'],
    );
    await put(store, freshKey(), '5', index, 5);
    const rest = await store.page(index, { limit: 2, before: next! });
    assert.deepEqual(
      rest.entries.map(({ value }) => value),
      ['2', '1'],
    );
    assert.equal(rest.next, null);
  },
  'page: leaves out what is gone': async (store, other) => {
    const index = freshKey();
    const keys = Array.from({ length: 12 }, () => freshKey());
    for (const [n, key] of keys.entries()) await put(store, key, String(n), index, n);
    await other.delete(keys[11]!);
    await store.take(keys[10]!);
    await store.writeMany([{ key: keys[5]!, expected: '5', value: null, ttlMs: null }]);
    for (const limit of [1, 2, 20]) {
      assert.deepEqual(await readAll(other, index, limit), ['9', '8', '7', '6', '4', '3', '2', '1', '0']);
    }
  },
  'page: an entry is where its last write put it, and nowhere else': async (store) => {
    const [index, elsewhere, key] = [freshKey(), freshKey(), freshKey()];
    await put(store, key, 'a', index, 1);
    await put(store, key, 'b', index, 9);
    assert.deepEqual(await store.page(index, { limit: 9 }), {
      entries: [{ key, value: 'b', at: 9 }],
      next: null,
    });
    await put(store, key, 'c', elsewhere, 2);
    assert.deepEqual(await readAll(store, index, 9), []);
    assert.deepEqual(await readAll(store, elsewhere, 9), ['c']);
    assert.equal(await store.replace(key, 'c', 'd', HOUR), true);
    assert.deepEqual(await readAll(store, elsewhere, 9), []);
    assert.equal(await store.get(key), 'd');
  },
  'page: a write that did not happen leaves the entry where it is': async (store) => {
    const [index, elsewhere, key] = [freshKey(), freshKey(), freshKey()];
    await put(store, key, 'a', index, 1);
    const place = { name: elsewhere, at: 2 };
    const write = { key, expected: 'x', value: 'b', ttlMs: HOUR, index: place };
    assert.deepEqual(await store.writeMany([write]), [false]);
    assert.deepEqual(await readAll(store, index, 9), ['a']);
    assert.deepEqual(await readAll(store, elsewhere, 9), []);
  },
  'page: names of indexes that look alike do not meet': async (store) => {
    const name = freshKey();
    const alike = [name, `${name}:`, `${name}A`, `${name}a`, `${name}a `, `${name}{x}`, `${name}*`];
    for (const one of alike) await put(store, freshKey(), one, one, 1);
    for (const one of alike) assert.deepEqual(await readAll(store, one, 9), [one]);
  },
};
