import assert from 'node:assert/strict';

import { NEW_GROUP, NEW_STREAM, type SyncHistoryEntry } from '../sync/store/sync-store.js';
import {
  codeOf,
  ENTITY,
  freshScope,
  fullLink,
  leased,
  type SyncStoreCheck,
} from './sync-store-contract-check.js';

function entry(key: string, at: number): SyncHistoryEntry {
  return { key, at, field: 'name', to: 'app', rule: 'newest: connec', conflict: true };
}

/** Texts that databases and encodings are known to change. */
const DIFFICULT = [
  ' ',
  'a ',
  'A',
  'a',
  'á',
  'a\u0301',
  '%3A',
  "'; drop table x; --",
  'nothing \u0000 in between',
  '\u0001',
  'half \ud83d',
  '😀',
  '{"$bigint":"1"}',
  'x'.repeat(2_000),
];

/** The part of the contract about what a commit does. */
export const SYNC_STORE_COMMITS: Readonly<Record<string, SyncStoreCheck>> = {
  'commit: a link comes back exactly as it was given': async (store, other) => {
    const scope = freshScope();
    const lease = await leased(store, scope);
    const held = {
      kind: 'conflict',
      code: 'sync.conflict',
      fields: ['name'],
      reason: 'Two "words"',
      since: 9,
      seen: { app: 'x', connec: '' },
      others: ['b'],
    } as const;
    const links = [
      fullLink('a'),
      fullLink('b', {
        hold: held,
        gone: { since: 3, archived: true },
        waitsFor: 'organizations:app:1',
        dueAt: 77,
      }),
      fullLink('c', { app: { ...fullLink('c').app, id: null }, externalId: null, matchKeys: ['m1', 'm2'] }),
    ];
    await store.commit(lease, { entity: ENTITY, links });
    assert.deepEqual(await other.links(scope, ENTITY, [{ key: 'a' }, { key: 'b' }, { key: 'c' }]), links);
    const changed = { ...links[0]!, attempts: 9, intents: [] };
    await store.commit(lease, { entity: ENTITY, links: [changed] });
    assert.deepEqual(await other.links(scope, ENTITY, [{ app: 'app-a' }]), [changed]);
  },
  'commit: ids of any text are found, and none is taken for another': async (store, other) => {
    const scope = freshScope();
    const lease = await leased(store, scope);
    const links = DIFFICULT.map((text, index) => {
      const link = fullLink(`k${index}`);
      return {
        ...link,
        app: { ...link.app, id: text },
        connec: { ...link.connec, id: text },
        externalId: text,
      };
    });
    await store.commit(lease, { entity: ENTITY, links });
    for (const kind of ['app', 'connec', 'external'] as const) {
      const refs = DIFFICULT.map((text) => ({ [kind]: text }) as unknown as { readonly app: string });
      assert.deepEqual(await other.links(scope, ENTITY, refs), links);
    }
  },
  'commit: two links with one id are rejected, and nothing of the commit is kept': async (store) => {
    const scope = freshScope();
    const lease = await leased(store, scope);
    await store.commit(lease, { entity: ENTITY, links: [fullLink('a')] });
    const taken = [
      { ...fullLink('b'), externalId: 'external-a' },
      { ...fullLink('b'), app: fullLink('a').app },
      { ...fullLink('b'), connec: fullLink('a').connec },
    ];
    for (const link of taken) {
      const commit = {
        entity: ENTITY,
        links: [fullLink('c'), link],
        stream: { ...NEW_STREAM, confirmed: true },
        history: [{ key: 'c', at: 1, field: 'name', to: null, rule: 'ask', conflict: true }],
      };
      assert.equal(await codeOf(store.commit(lease, commit)), 'sync.duplicateLink');
    }
    const both = [
      { ...fullLink('d'), externalId: 'same' },
      { ...fullLink('e'), externalId: 'same' },
    ];
    assert.equal(await codeOf(store.commit(lease, { entity: ENTITY, links: both })), 'sync.duplicateLink');
    assert.deepEqual(
      await store.links(scope, ENTITY, [{ key: 'a' }, { key: 'b' }, { key: 'c' }, { key: 'd' }]),
      [fullLink('a'), null, null, null],
    );
    assert.equal((await store.stream(scope, ENTITY)).confirmed, false);
    assert.deepEqual(await store.history(scope, ENTITY, 'c', 10), []);
    // No id of a rejected link is taken.
    await store.commit(lease, { entity: ENTITY, links: [fullLink('b'), fullLink('c')] });
    // Another entity has ids of its own.
    await store.commit(lease, { entity: 'organizations', links: [fullLink('a')] });
  },
  'commit: ids may move from one link to another at once': async (store) => {
    const scope = freshScope();
    const lease = await leased(store, scope);
    const [a, b, c] = [fullLink('a'), fullLink('b'), fullLink('c')];
    await store.commit(lease, { entity: ENTITY, links: [a, b, c] });
    const swapped = [
      { ...a, app: b.app, connec: c.connec },
      { ...b, app: a.app },
    ];
    await store.commit(lease, { entity: ENTITY, links: swapped, removed: ['c'] });
    const refs = [{ app: 'app-b' }, { connec: 'connec-c' }, { app: 'app-a' }, { app: 'app-c' }, { key: 'c' }];
    assert.deepEqual(await store.links(scope, ENTITY, refs), [
      swapped[0],
      swapped[0],
      swapped[1],
      null,
      null,
    ]);
  },
  'commit: a link that is removed is in no list any more': async (store) => {
    const scope = freshScope();
    const lease = await leased(store, scope);
    const link = fullLink('a', { dueAt: 1, waitsFor: 'organizations:app:1', matchKeys: ['m'] });
    await store.commit(lease, { entity: ENTITY, links: [link] });
    await store.commit(lease, { entity: ENTITY, removed: ['a', 'unknown'] });
    assert.deepEqual(await store.due(scope, ENTITY, 9, 9), []);
    assert.deepEqual(await store.waiting(scope, ['organizations:app:1']), []);
    assert.deepEqual(await store.matching(scope, ENTITY, ['m']), []);
    assert.deepEqual((await store.page(scope, ENTITY, { limit: 9 })).links, []);
    await store.commit(lease, { entity: ENTITY, links: [link] });
  },
  'commit: what is not named stays': async (store, other) => {
    const scope = freshScope();
    const lease = await leased(store, scope);
    const stream = {
      ...NEW_STREAM,
      appCursor: 'é;1',
      connecHigh: 1_700_000_000_000,
      appVersions: { highest: 5, at: 6, settling: 4, settled: 3 },
      stopped: { code: 'sync.restored', side: 'app', reason: '', since: 1 },
      hours: [{ hour: 1, app: 2, connec: 3, deletes: 4 }],
    } as const;
    await store.commit(lease, { entity: ENTITY, links: [fullLink('a')], stream });
    await store.commit(lease, { entity: ENTITY, links: [fullLink('b')] });
    await store.commit(lease, { entity: ENTITY });
    assert.deepEqual(await other.stream(scope, ENTITY), stream);
    assert.deepEqual(await other.stream(scope, 'organizations'), NEW_STREAM);
    assert.deepEqual((await other.page(scope, ENTITY, { limit: 9 })).links.length, 2);
  },
  'hint: the oldest first, gone once a commit names it, and kept when it came again meanwhile': async (
    store,
    other,
  ) => {
    const scope = freshScope();
    const lease = await leased(store, scope);
    const hint = (recordId: string, entity = ENTITY) =>
      ({ entity, side: 'connec', recordId, cause: 'notification' }) as const;
    await store.hint(scope, [hint('1')]);
    await store.hint(scope, [hint('2'), hint('3', 'organizations')]);
    await store.hint(scope, []);
    const found = await other.hints(scope, ENTITY, 10);
    assert.deepEqual(
      found.map(({ recordId }) => recordId),
      ['1', '2'],
    );
    assert.deepEqual({ ...found[0], id: '' }, { ...hint('1'), id: '' });
    assert.equal((await store.hints(scope, ENTITY, 1)).length, 1);
    await other.hint(scope, [hint('1')]);
    await store.commit(lease, { entity: ENTITY, hints: found.map(({ id }) => id) });
    assert.deepEqual(
      (await store.hints(scope, ENTITY, 10)).map(({ recordId }) => recordId),
      ['1'],
    );
    assert.equal((await store.hints(scope, 'organizations', 10)).length, 1);
  },
  'hint: many at once, from many': async (store, other) => {
    const scope = freshScope();
    const hints = Array.from({ length: 200 }, (_one, index) => ({
      entity: ENTITY,
      side: 'app' as const,
      recordId: String(index % 50),
      cause: 'touch' as const,
    }));
    await Promise.all([
      store.hint(scope, hints),
      other.hint(scope, hints.toReversed()),
      store.hint(scope, hints),
    ]);
    const ids = (await store.hints(scope, ENTITY, 1_000)).map(({ recordId }) => recordId);
    assert.equal(new Set(ids).size, 50);
  },
  'setGroup: changes what is given, also when several do it at once': async (store, other) => {
    const scope = freshScope();
    assert.deepEqual(await store.group(scope), NEW_GROUP);
    const run = { id: 'r', status: 'RUNNING', message: '', startedAt: 1, endedAt: null } as const;
    await Promise.all([store.setGroup(scope, { enabled: false }), other.setGroup(scope, { run })]);
    const paused = { [ENTITY]: 5 };
    const state = await store.setGroup(scope, { paused });
    assert.deepEqual(state, { ...NEW_GROUP, enabled: false, run, paused });
    assert.deepEqual(await other.group(scope), state);
  },
  'setGroup: gives a function the state as it is, also when several do it at once': async (store, other) => {
    const scope = freshScope();
    const names = Array.from({ length: 8 }, (_one, n) => `entity-${n}`);
    await Promise.all(
      names.map((name, n) =>
        (n % 2 === 0 ? store : other).setGroup(scope, ({ paused }) => ({ paused: { ...paused, [name]: n } })),
      ),
    );
    assert.deepEqual(Object.keys((await store.group(scope)).paused).toSorted(), names);
  },
  'history: the newest first, the last twenty of each link': async (store, other) => {
    const scope = freshScope();
    const lease = await leased(store, scope);
    for (let at = 0; at < 30; at += 2) {
      const history = [entry('a', at), entry('b', at), entry('a', at + 1)];
      await store.commit(lease, { entity: ENTITY, history });
    }
    const kept = await other.history(scope, ENTITY, 'a', 100);
    assert.deepEqual(
      kept.map(({ at }) => at),
      Array.from({ length: 20 }, (_one, index) => 29 - index),
    );
    assert.deepEqual(kept[0], entry('a', 29));
    assert.equal((await other.history(scope, ENTITY, 'b', 3)).length, 3);
    assert.deepEqual(await other.history(scope, ENTITY, 'c', 3), []);
  },
  'history: values are forgotten that are older than a moment, of the links that are named': async (
    store,
    other,
  ) => {
    const scope = freshScope();
    const lease = await leased(store, scope);
    const digests = { app: 'a1', connec: null };
    const both = { app: 'Köln \u0000', connec: ['x', { y: null }] };
    const withValues = (key: string, at: number): SyncHistoryEntry => ({
      ...entry(key, at),
      digests,
      values: both,
    });
    const history = ['a', 'b', 'c'].flatMap((key) => [withValues(key, 1), withValues(key, 2)]);
    await store.commit(lease, { entity: ENTITY, history });
    assert.deepEqual(await other.history(scope, ENTITY, 'a', 9), [withValues('a', 2), withValues('a', 1)]);
    const forgetValues = { keys: ['a', 'b', 'unknown'], before: 2 };
    await store.commit(lease, { entity: ENTITY, history: [withValues('b', 0)], forgetValues });
    const { values: _forgotten, ...left } = withValues('a', 1);
    assert.deepEqual(await other.history(scope, ENTITY, 'a', 9), [withValues('a', 2), left]);
    const ofB = await other.history(scope, ENTITY, 'b', 9);
    assert.deepEqual(
      ofB.map(({ at, values }) => [at, values !== undefined]),
      [
        [0, false],
        [2, true],
        [1, false],
      ],
    );
    assert.deepEqual(await other.history(scope, ENTITY, 'c', 9), [withValues('c', 2), withValues('c', 1)]);
    assert.deepEqual(await other.history(scope, ENTITY, 'unknown', 9), []);
  },
};
