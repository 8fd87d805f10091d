import assert from 'node:assert/strict';

import { companyKey } from '../stores/store-key.js';
import { freshKey, HOUR, type StoreCheck } from './store-contract-check.js';

/** Texts that databases and encodings are known to change. */
const DIFFICULT = [
  '',
  ' ',
  'null',
  '{"a":1}',
  '"',
  "'; drop table x; --",
  'trailing blank ',
  'zażółć 😀\r\n\u2028\u2029\ufeff',
  'nothing \u0000 in between',
  '\u0000',
  '\u0001',
  '\u0001"quoted"',
  '\u0002["a","b"]\nc',
  'half \ud83d',
  '\ude00 a character',
  '\\ud83d',
  '\\u0000',
  'e\u0301',
  '\u00e9',
  'x'.repeat(200_000),
];

/** The part of the store contract about what is kept and found. */
export const STORE_ENTRIES_CONTRACT: Readonly<Record<string, StoreCheck>> = {
  'get: null for a key nobody wrote': async (store) => {
    assert.equal(await store.get(freshKey()), null);
  },
  'set: the value is there, the last write wins, and other stores see it': async (store, other) => {
    const key = freshKey();
    await store.set(key, 'first', HOUR);
    await store.set(key, 'second', HOUR);
    assert.equal(await other.get(key), 'second');
  },
  'values: come back exactly, U+0000 and half characters included': async (store, other) => {
    for (const text of DIFFICULT) {
      const key = freshKey();
      await store.set(key, text, HOUR);
      assert.equal(await other.get(key), text);
      assert.equal(await store.replace(key, `${text}?`, 'x', HOUR), false);
      assert.equal(await store.replace(key, text, 'replaced', HOUR), true);
      await store.set(key, text, HOUR);
      assert.equal(await other.take(key), text);
    }
  },
  'values: what looks alike is not what is expected': async (store) => {
    const key = freshKey();
    for (const [present, expected] of [
      ['a', 'A'],
      ['a', 'a '],
      ['e', '\u00e9'],
      ['e\u0301', '\u00e9'],
      ['half \ud83d', 'half \ufffd'],
      ['\u0001', '\u0001"\\u0001"'],
      ['1', '1.0'],
    ] as const) {
      await store.set(key, present, HOUR);
      assert.equal(await store.replace(key, expected, 'x', HOUR), false);
      assert.equal(await store.delete(key, expected), false);
      assert.equal(await store.get(key), present);
    }
  },
  'keys: are compared byte by byte': async (store) => {
    const key = freshKey();
    const ends = [
      '',
      ':',
      ':a',
      ':A',
      ':a ',
      ':á',
      ':a\u0301',
      '%3Aa',
      '*',
      '_',
      ':__proto__',
      ':\\',
      ":'",
      '😀',
    ];
    const alike = ends.map((end) => key + end);
    for (const one of alike) await store.set(one, one, HOUR);
    assert.deepEqual(await store.getMany(alike), alike);
    for (const one of alike) assert.equal(await store.take(one), one);
  },
  'keys: may have 512 bytes': async (store) => {
    const key = freshKey();
    const [longest, other] = [key.padEnd(512, 'x'), `${key.padEnd(511, 'x')}y`];
    const wide = key.padEnd(key.length + (512 - key.length) / 2, 'é');
    for (const one of [longest, other, wide]) await store.set(one, one, HOUR);
    assert.deepEqual(await store.getMany([longest, other, wide]), [longest, other, wide]);
  },
  'getMany: in the order of the keys, with null for what is not there': async (store, other) => {
    const [one, two, none] = [freshKey(), companyKey('contract', 'acme', freshKey()), freshKey()];
    await store.set(one, '1', HOUR);
    await store.set(two, '2', HOUR);
    assert.deepEqual(await other.getMany([two, none, one, two]), ['2', null, '1', '2']);
    assert.deepEqual(await other.getMany([]), []);
  },
  'getMany and writeMany: a thousand at once, of one company and of many': async (store, other) => {
    const group = freshKey();
    const keys = Array.from({ length: 1_000 }, (_, n) =>
      companyKey('contract', 'acme', n < 900 ? group : freshKey(), String(n)),
    );
    const written = await store.writeMany(keys.map((key) => ({ key, value: key, ttlMs: HOUR })));
    assert.deepEqual(new Set(written), new Set([true]));
    assert.deepEqual(await other.getMany(keys), keys);
    const removed = await other.writeMany(keys.map((key) => ({ key, value: null, ttlMs: null })));
    assert.deepEqual(new Set(removed), new Set([true]));
    assert.deepEqual(new Set(await store.getMany(keys)), new Set([null]));
  },
  'writeMany: each write is decided by itself': async (store) => {
    const group = freshKey();
    const [absent, present, replaced, other, removed, kept] = ['a', 'b', 'c', 'd', 'e', 'f'].map((part) =>
      companyKey('contract', 'acme', group, part),
    ) as [string, string, string, string, string, string];
    for (const key of [present, replaced, other, removed, kept]) await store.set(key, 'old', HOUR);
    const wrote = await store.writeMany([
      { key: absent, expected: null, value: 'new', ttlMs: HOUR },
      { key: present, expected: null, value: 'new', ttlMs: HOUR },
      { key: replaced, expected: 'old', value: 'new', ttlMs: HOUR },
      { key: other, expected: 'older', value: 'new', ttlMs: HOUR },
      { key: removed, expected: 'old', value: null, ttlMs: null },
      { key: kept, expected: 'older', value: null, ttlMs: null },
      { key: freshKey(), value: 'new', ttlMs: HOUR },
      { key: freshKey(), value: null, ttlMs: null },
    ]);
    assert.deepEqual(wrote, [true, false, true, false, true, false, true, false]);
    const found = await store.getMany([absent, present, replaced, other, removed, kept]);
    assert.deepEqual(found, ['new', 'old', 'new', 'old', null, 'old']);
    assert.deepEqual(await store.writeMany([]), []);
  },
  'setIfAbsent: writes once and says so, and an empty value counts as present': async (store) => {
    const key = freshKey();
    assert.equal(await store.setIfAbsent(key, '', HOUR), true);
    assert.equal(await store.setIfAbsent(key, 'second', HOUR), false);
    assert.equal(await store.get(key), '');
  },
  'replace: only when the expected value is there': async (store) => {
    const key = freshKey();
    assert.equal(await store.replace(key, 'a', 'b', HOUR), false);
    assert.equal(await store.get(key), null);
    await store.set(key, 'a', HOUR);
    assert.equal(await store.replace(key, 'x', 'b', HOUR), false);
    assert.equal(await store.replace(key, 'a', 'a', HOUR), true);
    assert.equal(await store.replace(key, 'a', 'b', HOUR), true);
    assert.equal(await store.get(key), 'b');
  },
  'take: reads and removes': async (store, other) => {
    const key = freshKey();
    await store.set(key, 'once', HOUR);
    assert.equal(await other.take(key), 'once');
    assert.equal(await store.take(key), null);
    assert.equal(await store.get(key), null);
  },
  'delete: says whether something was there': async (store) => {
    const key = freshKey();
    assert.equal(await store.delete(key), false);
    await store.set(key, 'a', HOUR);
    assert.equal(await store.delete(key), true);
    assert.equal(await store.get(key), null);
  },
  'delete: with an expected value, only that one': async (store) => {
    const key = freshKey();
    await store.set(key, 'mine', HOUR);
    assert.equal(await store.delete(key, 'theirs'), false);
    assert.equal(await store.get(key), 'mine');
    assert.equal(await store.delete(key, 'mine'), true);
    assert.equal(await store.delete(key, 'mine'), false);
  },
  'ping: resolves': async (store) => {
    await store.ping();
  },
};
