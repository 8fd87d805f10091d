import { createRequire } from 'node:module';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { sqliteExecutor } from '../../src/sql/executors/sqlite-executor.js';
import { migrateSql } from '../../src/sql/migrations/sql-schema.js';
import type { SqlExecutor, SqlParameter, SqlStatements } from '../../src/sql/sql-executor.js';
import { SqlSyncStore } from '../../src/sync/sql/sql-sync-store.js';
import { dueNow, newLink, type SyncLink } from '../../src/sync/store/sync-link.js';

const SCOPE = { app: 'app', marketplace: 'acme', group: 'cld-1' };

interface Database {
  prepare(text: string): { all(...parameters: SqlParameter[]): { readonly detail: string }[] };
  close(): void;
}

/** Whether a step of a plan goes through all rows of a table, or all that a company has in it. */
function isLinear(detail: string): boolean {
  if (/sync_(lease|group|stream)\b/.test(detail)) return false;
  if (detail.startsWith('SCAN ')) return !/json_each|found|CONSTANT|\br\b/.test(detail);
  return /\(scope_key=\?( AND entity=\?)?\)$/.test(detail);
}

describe('statements of the synchronization on SQLite', () => {
  let database: Database;
  let store: SqlSyncStore;
  const texts = new Set<string>();

  /** The executor, which takes a note of every statement. */
  const noted = (of: SqlExecutor): SqlExecutor => {
    const statements = (one: SqlStatements): SqlStatements => ({
      query: (text, parameters) => (texts.add(text), one.query(text, parameters)),
      execute: (text, parameters) => (texts.add(text), one.execute(text, parameters)),
    });
    return {
      ...of,
      ...statements(of),
      transaction: (work) => of.transaction((inside) => work(noted(inside))),
      within: (transaction) => noted(of.within(transaction)),
    };
  };

  beforeEach(async () => {
    const load = createRequire(join(process.cwd(), 'test/sql/package.json'));
    const Sqlite = load('better-sqlite3') as new (
      path: string,
    ) => Database & Parameters<typeof sqliteExecutor>[0];
    const opened = new Sqlite(':memory:');
    database = opened;
    const executor = noted(sqliteExecutor(opened));
    await migrateSql(executor);
    texts.clear();
    store = new SqlSyncStore(executor);
  });
  afterEach(() => database.close());

  it('look links up by indexes, never by going through those of the company', async () => {
    const lease = (await store.acquire(SCOPE, 60_000))!;
    const link: SyncLink = {
      ...dueNow(newLink('k1', { app: '1', connec: 'c1' }), 'poll', Date.now()),
      externalId: 'x1',
      matchKeys: ['m1'],
      waitsFor: 'people:app:2',
    };
    const entry = { key: 'k1', at: 1, field: 'name', to: null, rule: 'ask', conflict: true };
    await store.commit(lease, { entity: 'people', links: [link], history: [entry] });
    await store.commit(lease, { entity: 'people', links: [link], removed: ['k2'], history: [entry] });
    expect(await store.links(SCOPE, 'people', [{ app: '1' }])).toEqual([link]);
    const refs = [{ key: 'k1' }, { app: '1' }, { connec: 'c1' }, { external: 'x1' }];
    expect(await store.links(SCOPE, 'people', refs)).toEqual([link, link, link, link]);
    expect(await store.waiting(SCOPE, ['people:app:2', 'people:app:3'])).toEqual([
      { entity: 'people', link },
    ]);
    expect(await store.matching(SCOPE, 'people', ['m1'])).toEqual([link]);
    expect(await store.due(SCOPE, 'people', Date.now(), 10)).toEqual([link]);
    await expect(
      store.commit(lease, { entity: 'people', links: [{ ...link, key: 'k3' }] }),
    ).rejects.toMatchObject({ code: 'sync.duplicateLink' });

    const plans = [...texts]
      .filter((text) => /^\s*(select|delete|insert|update)/i.test(text))
      .map((text) => {
        const places = text.match(/\?/g)?.length ?? 0;
        const steps = database.prepare(`explain query plan ${text}`).all(...Array<string>(places).fill('[]'));
        return { text, linear: steps.map(({ detail }) => detail).filter(isLinear) };
      });
    expect(plans.length).toBeGreaterThan(10);
    expect(plans.filter(({ linear }) => linear.length > 0)).toEqual([]);
  });
});
