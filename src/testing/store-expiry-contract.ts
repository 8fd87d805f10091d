import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';

import type { MaestranoStore } from '../stores/maestrano-store.js';
import { eventually } from './contract-case.js';

const HOUR = 3_600_000;
/** Short enough to wait for, long enough that a busy machine does not make it pass unseen. */
const BRIEF = 80;

const fresh = (): string => `contract:${randomUUID()}`;
const gone = (store: MaestranoStore, key: string): Promise<void> =>
  eventually(async () => (await store.get(key)) === null, 'the entry runs out');

/** The part of the store contract that is about time: an entry whose time is over was never there. */
export const STORE_EXPIRY_CONTRACT: Readonly<Record<string, (store: MaestranoStore) => Promise<void>>> = {
  'expiry: get, take, delete and setIfAbsent see no entry whose time is over': async (store) => {
    const [read, taken, deleted, claimed] = [fresh(), fresh(), fresh(), fresh()];
    for (const key of [taken, deleted, claimed, read]) await store.set(key, 'a', BRIEF);
    await gone(store, read);
    assert.equal(await store.take(taken), null);
    assert.equal(await store.delete(deleted), false);
    assert.equal(await store.setIfAbsent(claimed, 'b', HOUR), true);
    assert.equal(await store.get(claimed), 'b');
  },
  'expiry: replace does not find an entry whose time is over': async (store) => {
    const [read, replaced] = [fresh(), fresh()];
    await store.set(replaced, 'a', BRIEF);
    await store.set(read, 'a', BRIEF);
    await gone(store, read);
    assert.equal(await store.replace(replaced, 'a', 'b', HOUR), false);
  },
  'expiry: set and replace start the time anew': async (store) => {
    const [written, replaced, probe] = [fresh(), fresh(), fresh()];
    await store.set(written, 'a', BRIEF);
    await store.set(written, 'b', HOUR);
    await store.set(replaced, 'a', HOUR);
    await store.replace(replaced, 'a', 'b', BRIEF);
    await store.set(probe, 'a', BRIEF);
    await gone(store, probe);
    assert.equal(await store.get(written), 'b');
    await gone(store, replaced);
  },
  'expiry: a refused setIfAbsent does not prolong the entry': async (store) => {
    const key = fresh();
    await store.set(key, 'a', BRIEF);
    await store.setIfAbsent(key, 'b', HOUR);
    await gone(store, key);
  },
  'expiry: a list runs out as a whole, counted from its newest entry': async (store) => {
    const [brief, renewed] = [fresh(), fresh()];
    await store.append(renewed, 'a', 5, BRIEF);
    await store.append(renewed, 'b', 5, HOUR);
    await store.append(brief, 'a', 5, BRIEF);
    await eventually(async () => (await store.list(brief)).length === 0, 'the list runs out');
    assert.deepEqual(await store.list(renewed), ['b', 'a']);
    await store.append(brief, 'c', 5, HOUR);
    assert.deepEqual(await store.list(brief), ['c']);
  },
  'expiry: fractions of a millisecond are fine': async (store) => {
    const key = fresh();
    await store.set(key, 'a', HOUR + 0.25);
    assert.equal(await store.get(key), 'a');
    await store.append(`${key}:list`, 'a', 2, HOUR + 0.75);
    assert.deepEqual(await store.list(`${key}:list`), ['a']);
  },
};
