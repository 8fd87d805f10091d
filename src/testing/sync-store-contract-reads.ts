import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';

import type { SyncLink } from '../sync/store/sync-link.js';
import { NEW_GROUP } from '../sync/store/sync-store.js';
import { ENTITY, freshScope, fullLink, leased, type SyncStoreCheck } from './sync-store-contract-check.js';

const keysOf = (links: readonly (SyncLink | null)[]): (string | undefined)[] =>
  links.map((link) => link?.key);
const hold = (kind: 'quarantined' | 'waiting'): Partial<SyncLink> => ({
  hold: { kind, code: 'sync.mapping', fields: [], reason: '', since: 1, seen: { app: '', connec: '' } },
});

/** The part of the contract about what is found. */
export const SYNC_STORE_READS: Readonly<Record<string, SyncStoreCheck>> = {
  'links: in the order of the refs, by each of the four ways, with null for what is not there': async (
    store,
    other,
  ) => {
    const scope = freshScope();
    const lease = await leased(store, scope);
    await store.commit(lease, { entity: ENTITY, links: [fullLink('a'), fullLink('b')] });
    const refs = [
      { connec: 'connec-b' },
      { app: 'none' },
      { key: 'a' },
      { external: 'external-b' },
      { app: 'app-a' },
      { key: 'app-a' },
      { app: 'app-a' },
    ];
    const found = await other.links(scope, ENTITY, refs);
    assert.deepEqual(keysOf(found), ['b', undefined, 'a', 'b', 'a', undefined, 'a']);
    assert.deepEqual(await other.links(scope, ENTITY, []), []);
    assert.deepEqual(await other.links(scope, 'organizations', [{ key: 'a' }]), [null]);
    for (const strange of [
      { ...scope, app: 'x' },
      { ...scope, marketplace: 'x' },
      { ...scope, group: 'x' },
    ]) {
      assert.deepEqual(await other.links(strange, ENTITY, [{ key: 'a' }, { app: 'app-a' }]), [null, null]);
    }
  },
  'links: a thousand at once': async (store, other) => {
    const scope = freshScope();
    const lease = await leased(store, scope);
    const keys = Array.from({ length: 1_000 }, (_one, index) => `k${index}`);
    for (let start = 0; start < keys.length; start += 250) {
      const links = keys.slice(start, start + 250).map((key) => fullLink(key));
      await store.commit(lease, { entity: ENTITY, links });
    }
    const found = await other.links(
      scope,
      ENTITY,
      keys.map((key) => ({ app: `app-${key}` })),
    );
    assert.deepEqual(keysOf(found), keys);
  },
  'due: what is due by then, the earliest first, and nothing at rest': async (store, other) => {
    const scope = freshScope();
    const lease = await leased(store, scope);
    const links = [
      fullLink('a', { dueAt: 30 }),
      fullLink('b', { dueAt: 10 }),
      fullLink('c'),
      fullLink('d', { dueAt: 31 }),
      fullLink('e', { dueAt: 0 }),
    ];
    await store.commit(lease, { entity: ENTITY, links });
    assert.deepEqual(keysOf(await other.due(scope, ENTITY, 30, 10)), ['e', 'b', 'a']);
    assert.deepEqual(keysOf(await other.due(scope, ENTITY, 99, 2)), ['e', 'b']);
    await store.commit(lease, { entity: ENTITY, links: [fullLink('b'), fullLink('c', { dueAt: 5 })] });
    assert.deepEqual(keysOf(await other.due(scope, ENTITY, 30, 10)), ['e', 'c', 'a']);
    assert.deepEqual(await other.due(scope, 'organizations', 30, 10), []);
  },
  'page: every link once, whole or of one kind of hold': async (store, other) => {
    const scope = freshScope();
    const lease = await leased(store, scope);
    const keys = Array.from({ length: 25 }, (_one, index) => `k${index}`);
    const links = keys.map((key, index) => fullLink(key, index % 3 === 0 ? hold('quarantined') : {}));
    await store.commit(lease, { entity: ENTITY, links });
    for (const kind of [undefined, 'quarantined'] as const) {
      const seen: string[] = [];
      let after: string | undefined;
      do {
        const page = await other.page(scope, ENTITY, {
          limit: 4,
          ...(after === undefined ? {} : { after }),
          ...(kind === undefined ? {} : { hold: kind }),
        });
        assert.ok(page.links.length <= 4);
        seen.push(...page.links.map(({ key }) => key));
        after = page.next ?? undefined;
      } while (after !== undefined);
      const wanted = keys.filter((_key, index) => kind === undefined || index % 3 === 0);
      assert.deepEqual(seen.toSorted(), wanted.toSorted());
    }
    assert.deepEqual(await other.page(scope, ENTITY, { limit: 25 }), {
      links: (await store.page(scope, ENTITY, { limit: 25 })).links,
      next: null,
    });
    assert.deepEqual(await other.page(scope, ENTITY, { limit: 5, hold: 'vanished' }), {
      links: [],
      next: null,
    });
  },
  'count: links by what becomes of them': async (store, other) => {
    const scope = freshScope();
    const lease = await leased(store, scope);
    assert.deepEqual(await other.count(scope, ENTITY, 5), { links: 0, due: 0, gone: 0, holds: {} });
    const links = [
      fullLink('a', { dueAt: 5 }),
      fullLink('b', { dueAt: 6, ...hold('waiting') }),
      fullLink('c', hold('quarantined')),
      fullLink('d', hold('quarantined')),
      fullLink('e', { gone: { since: 1, archived: false }, dueAt: 1 }),
    ];
    await store.commit(lease, { entity: ENTITY, links });
    const counts = { links: 5, due: 2, gone: 1, holds: { waiting: 1, quarantined: 2 } };
    assert.deepEqual(await other.count(scope, ENTITY, 5), counts);
  },
  'waiting: links of all entities that wait for one of the records': async (store, other) => {
    const scope = freshScope();
    const lease = await leased(store, scope);
    const waits = (key: string, id: string): SyncLink =>
      fullLink(key, { waitsFor: `organizations:app:${id}` });
    await store.commit(lease, { entity: ENTITY, links: [waits('a', '1'), waits('b', '2'), fullLink('c')] });
    await store.commit(lease, { entity: 'invoices', links: [waits('a', '1'), waits('d', '3')] });
    const found = await other.waiting(scope, [
      'organizations:app:1',
      'organizations:app:3',
      'organizations:connec:2',
    ]);
    const names = found.map(({ entity, link }) => `${entity}/${link.key}`);
    assert.deepEqual(names.toSorted(), ['invoices/a', 'invoices/d', `${ENTITY}/a`]);
    assert.deepEqual(found.find(({ link }) => link.key === 'd')?.link, waits('d', '3'));
    assert.deepEqual(await other.waiting(scope, []), []);
  },
  'matching: links that have one of the keys, each once, as long as they have it': async (store, other) => {
    const scope = freshScope();
    const lease = await leased(store, scope);
    const links = [
      fullLink('a', { matchKeys: ['m1', 'm2'] }),
      fullLink('b', { matchKeys: ['m2'] }),
      fullLink('c', { matchKeys: ['m3'] }),
    ];
    await store.commit(lease, { entity: ENTITY, links });
    const found = async (...keys: string[]): Promise<(string | undefined)[]> =>
      keysOf(await other.matching(scope, ENTITY, keys)).toSorted((a, b) => ((a ?? '') < (b ?? '') ? -1 : 1));
    assert.deepEqual(await found('m1', 'm2', 'm2'), ['a', 'b']);
    assert.deepEqual(await found('m4'), []);
    await store.commit(lease, { entity: ENTITY, links: [fullLink('a', { matchKeys: ['m4'] })] });
    assert.deepEqual(await found('m1', 'm2'), ['b']);
    assert.deepEqual(await found('m4'), ['a']);
    assert.deepEqual(await other.matching(scope, 'organizations', ['m2']), []);
  },
  'groups: those of an application whose state was set, each once, until they are forgotten': async (
    store,
    other,
  ) => {
    const app = `contract ${randomUUID()}:`;
    const names = ['cld-1', 'cld-2', 'cld-3', `cld-${'long'.repeat(40)}`, 'cld ż\u2028'];
    const scopes = names.map((group) => ({ app, marketplace: 'ac/me:', group }));
    for (const scope of scopes) await store.setGroup(scope, { paused: { people: 7 } });
    await store.setGroup({ ...scopes[0]!, app: `${app}2` }, { enabled: false });
    await store.group({ ...scopes[0]!, group: 'only asked for' });
    const all = async (): Promise<string[]> => {
      const found: string[] = [];
      for (let after: string | null = null; ;) {
        const page = await other.groups(app, { limit: 2, ...(after === null ? {} : { after }) });
        assert.ok(page.groups.length <= 2);
        for (const { marketplace, groupUid, state } of page.groups) {
          assert.equal(marketplace, 'ac/me:');
          assert.deepEqual(state, { ...NEW_GROUP, paused: { people: 7 } });
          found.push(groupUid);
        }
        if (page.next === null) return found.toSorted();
        after = page.next;
      }
    };
    assert.deepEqual(await all(), names.toSorted());
    await store.forget(scopes[1]!);
    assert.deepEqual(await all(), names.filter((name) => name !== 'cld-2').toSorted());
  },
  'ping, check, losses: resolve': async (store) => {
    await store.ping();
    await store.check();
    assert.ok(Array.isArray(await store.losses()));
    assert.ok(['durable', 'memory', 'mayLose'].includes(store.durability));
  },
};
