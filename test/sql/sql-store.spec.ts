import { setTimeout as pause } from 'node:timers/promises';

import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';

import { migrateSql } from '../../src/sql/migrations/sql-schema.js';
import type { SqlExecutor } from '../../src/sql/sql-executor.js';
import { SqlStore } from '../../src/sql/sql-store.js';
import { numberOf } from '../../src/sql/sql-values.js';
import type { StoreWrite } from '../../src/stores/maestrano-store.js';
import { isThere, makeDatabase, type TestDatabase } from './support/databases.js';
import { DRIVERS, type OpenedWay, WAYS } from './support/ways.js';

const HOUR = 3_600_000;
const DIFFICULT = [
  '',
  ' ',
  '\u0000',
  '\u0001',
  'half \ud83d',
  'ż 🙂',
  '"',
  "'",
  '\\',
  '\\u0000',
  '$1 ? {x}',
  'null',
];

describe.each(DRIVERS.filter(({ server }) => isThere(server)))(
  'SqlStore with $library',
  ({ server, open }) => {
    let database: TestDatabase;
    const ways: OpenedWay[] = [];
    let executor: SqlExecutor;
    let store: SqlStore;
    let other: SqlStore;
    let keys = 0;
    const freshKeys = (count: number): string[] => Array.from({ length: count }, () => `test:${(keys += 1)}`);
    const rows = async (): Promise<number> =>
      numberOf((await executor.query('select count(*) as n from maestrano_entry', []))[0], 'n');

    beforeAll(async () => {
      database = await makeDatabase(server);
      ways.push(await open(database.url), await open(database.url));
      ({ executor } = ways[0]!);
      await migrateSql(executor);
      store = new SqlStore(executor, { sweepEveryMs: 0 });
      other = new SqlStore(ways[1]!.executor, { sweepEveryMs: 0 });
    });
    afterAll(async () => {
      for (const way of ways) await way.close();
      await database.drop();
    });

    it('keeps difficult texts in lists, expects them exactly, and pages them', async () => {
      const index = `index ż '"\\ ${server}`;
      const list = freshKeys(DIFFICULT.length).map((key, at) => ({
        key: `${key} ż'"\\🙂`,
        value: DIFFICULT[at]!,
      }));
      const write = (expected?: 'none' | 'same' | 'near'): StoreWrite[] =>
        list.map(({ key, value }, at) => ({
          key,
          value,
          ttlMs: null,
          index: { name: index, at },
          ...(expected === 'none' ? { expected: null } : {}),
          ...(expected === 'same' ? { expected: value } : {}),
          ...(expected === 'near' ? { expected: `${value} ` } : {}),
        }));
      const all = list.map(() => true);
      const none = list.map(() => false);
      expect(await store.writeMany(write('same'))).toEqual(none);
      expect(await store.writeMany(write('none'))).toEqual(all);
      expect(await other.writeMany(write('none'))).toEqual(none);
      expect(await other.writeMany(write('near'))).toEqual(none);
      expect(await other.writeMany(write('same'))).toEqual(all);
      expect(await store.writeMany(write())).toEqual(all);
      expect(await other.getMany(list.map(({ key }) => key))).toEqual(DIFFICULT);
      const { entries } = await other.page(index, { limit: 100 });
      expect(entries.map(({ value }) => value)).toEqual(DIFFICULT.toReversed());
      const removals = list.map(({ key, value }, at) => ({
        key,
        expected: at % 2 ? value : `${value} `,
        value: null,
        ttlMs: null,
      }));
      expect(await store.writeMany(removals)).toEqual(list.map((_, at) => at % 2 === 1));
      expect(await store.getMany(list.map(({ key }) => key))).toEqual(
        list.map(({ value }, at) => (at % 2 ? null : value)),
      );
    });

    it('decides lists of all kinds of writes at once, each by itself', async () => {
      const [absent, present, over, same, near, gone, kept, none] = freshKeys(8) as [
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
      ];
      for (const key of [present, same, near, gone, kept]) await store.set(key, 'a', HOUR);
      await store.set(over, 'a', 1);
      await pause(20);
      const wrote = await other.writeMany([
        { key: none, value: null, ttlMs: null },
        { key: kept, expected: 'b', value: null, ttlMs: null },
        { key: gone, expected: 'a', value: null, ttlMs: null },
        { key: near, expected: 'A', value: 'b', ttlMs: HOUR },
        { key: same, expected: 'a', value: 'a', ttlMs: HOUR },
        { key: over, expected: null, value: 'b', ttlMs: HOUR },
        { key: present, expected: null, value: 'b', ttlMs: HOUR },
        { key: absent, value: 'b', ttlMs: HOUR },
      ]);
      expect(wrote).toEqual([false, false, true, false, true, true, false, true]);
      expect(await store.getMany([absent, present, over, same, near, gone, kept, none])).toEqual([
        'b',
        'a',
        'b',
        'a',
        'a',
        null,
        'a',
        null,
      ]);
      expect(await store.writeMany([{ key: kept, expected: null, value: null, ttlMs: null }])).toEqual([
        false,
      ]);
    });

    it('takes lists that are larger than a packet', async () => {
      const list = freshKeys(6).map((key) => ({ key, value: 'x'.repeat(700_000), ttlMs: HOUR }));
      expect(await store.writeMany(list)).toEqual(list.map(() => true));
      const found = await store.getMany(list.map(({ key }) => key));
      expect(found.map((value) => value?.length)).toEqual(list.map(() => 700_000));
      await store.writeMany(list.map(({ key }) => ({ key, value: null, ttlMs: null })));
    });

    it('lets twenty lists of 100 in opposite orders through, each key once', async () => {
      const list = freshKeys(100);
      const wrote = await Promise.all(
        Array.from({ length: 20 }, (_, racer) =>
          (racer % 2 ? store : other).writeMany(
            (racer % 2 ? list : list.toReversed()).map((key, at) => ({
              key,
              ...(at % 3 ? { expected: null } : {}),
              value: String(racer),
              ttlMs: HOUR,
            })),
          ),
        ),
      );
      expect(wrote).toHaveLength(20);
      expect((await store.getMany(list)).every((value) => value !== null)).toBe(true);
    });

    it('sees no entry whose time is over, and removes it in small steps, whoever sweeps', async () => {
      await store.sweep();
      const before = await rows();
      await store.writeMany(freshKeys(350).map((key) => ({ key, value: 'a', ttlMs: 1 })));
      await pause(20);
      const removed = await Promise.all([store.sweep(), other.sweep(), store.sweep()]);
      const left = await store.sweep();
      expect(removed.reduce((sum, one) => sum + one, left)).toBe(350);
      expect(await rows()).toBe(before);
    });

    it('sweeps in passing when something is written', async () => {
      const sweeper = new SqlStore(executor, { sweepEveryMs: 1 });
      const before = await rows();
      await store.writeMany(freshKeys(150).map((key) => ({ key, value: 'a', ttlMs: 1 })));
      await pause(20);
      await sweeper.set('sweeping', 'a', HOUR);
      await sweeper.close();
      expect(await rows()).toBe(before + 1);
    });

    it('counts time by the clock of the database, whatever the clock of the application says', async () => {
      const [held] = freshKeys(1) as [string];
      const now = jest.spyOn(Date, 'now');
      try {
        await store.set(held, 'a', 60_000);
        for (const off of [5 * 60_000, -5 * 60_000]) {
          now.mockImplementation(() => Math.round(performance.timeOrigin + performance.now()) + off);
          expect(await other.setIfAbsent(held, 'b', HOUR)).toBe(false);
          expect(await other.get(held)).toBe('a');
        }
      } finally {
        now.mockRestore();
      }
    });

    it('keeps what has no time to live', async () => {
      const [key] = freshKeys(1) as [string];
      expect(store.durable).toBe(true);
      await store.set(key, 'a', null);
      await store.sweep();
      expect(await store.get(key)).toBe('a');
    });

    it('writes in the transaction of the application, or not at all', async () => {
      const [kept, lost, batch] = freshKeys(3) as [string, string, string];
      const failing = ways[0]!.transact(async (transaction) => {
        const inside = store.within(transaction);
        await inside.set(kept, 'a', HOUR);
        expect(await inside.setIfAbsent(lost, 'a', HOUR)).toBe(true);
        expect(await inside.setIfAbsent(lost, 'b', HOUR)).toBe(false);
        await inside.writeMany([
          { key: batch, expected: null, value: 'a', ttlMs: HOUR },
          { key: kept, expected: 'a', value: 'b', ttlMs: HOUR },
        ]);
        expect(await inside.getMany([kept, lost, batch])).toEqual(['b', 'a', 'a']);
        throw new Error('enough');
      });
      await expect(failing).rejects.toThrow('enough');
      expect(await other.getMany([kept, lost, batch])).toEqual([null, null, null]);

      await ways[0]!.transact((transaction) => store.within(transaction).set(kept, 'a', HOUR));
      expect(await other.take(kept)).toBe('a');
    });

    it('begins a transaction for work that wants one', async () => {
      const [key] = freshKeys(1) as [string];
      const result = await store.transaction(async (inside, transaction) => {
        await inside.set(key, 'a', HOUR);
        expect(await store.within(transaction).get(key)).toBe('a');
        return 7;
      });
      expect(result).toBe(7);
      expect(await other.get(key)).toBe('a');
    });

    // SQLite lets nobody wait: whoever meets a transaction is told at once.
    if (server !== 'sqlite') {
      it('closes when its statements are over', async () => {
        const [key] = freshKeys(1) as [string];
        await store.set(key, 'a', HOUR);
        const closing = new SqlStore(executor, { sweepEveryMs: 0 });
        let over = false;
        await ways[1]!.transact(async (transaction) => {
          await other.within(transaction).set(key, 'b', HOUR);
          const wrote = closing.set(key, 'c', HOUR, { signal: AbortSignal.timeout(100) });
          await expect(wrote).rejects.toMatchObject({ code: 'store.aborted' });
          void closing.close().then(() => (over = true));
          await pause(100);
          expect(over).toBe(false);
        });
        await closing.close();
        expect(await store.get(key)).toBe('c');
      });
    }

    it('pages thousands by their index', async () => {
      const index = `many:${server}`;
      await store.writeMany(
        freshKeys(1_000).map((key, at) => ({
          key,
          value: String(at),
          ttlMs: HOUR,
          index: { name: index, at },
        })),
      );
      const first = await store.page(index, { limit: 3 });
      expect(first.entries.map(({ at }) => at)).toEqual([999, 998, 997]);
      const second = await store.page(index, { limit: 1_000, before: first.next! });
      expect(second.entries).toHaveLength(997);
      expect(second.next).toBeNull();
    });

    it('rejects a place that no page gave', async () => {
      await expect(store.page('index', { limit: 1, before: 'nowhere' })).rejects.toMatchObject({
        code: 'store.argument',
      });
    });

    it('says that tables are missing', async () => {
      const lost = new SqlStore(executor, { prefix: 'nowhere_' });
      const missing = { code: 'sql.tables', message: expect.stringContaining('nestjs-maestrano db') };
      await expect(lost.get('a')).rejects.toMatchObject(missing);
      await expect(lost.getMany(['a', 'b'])).rejects.toMatchObject(missing);
      await expect(lost.set('a', 'b', HOUR)).rejects.toMatchObject(missing);
      await expect(lost.take('a')).rejects.toMatchObject(missing);
      await expect(lost.ping()).rejects.toMatchObject(missing);
    });

    it.each(['postgres', 'mysql', 'sqlite'] as const)(
      'says that the database does not speak %s',
      async (dialect) => {
        if (dialect === executor.dialect) return;
        const wrong = new SqlStore({ ...executor, dialect });
        for (const call of [
          () => wrong.get('a'),
          () => wrong.getMany(['a', 'b']),
          () => wrong.set('a', 'b', HOUR),
        ]) {
          await expect(call()).rejects.toMatchObject({ name: 'MaestranoSqlError' });
        }
        await expect(wrong.set('a', 'b', HOUR)).rejects.toMatchObject({ code: 'sql.dialect' });
      },
    );

    it.each([
      ['arrays', () => [['a']]],
      ['nothing', () => undefined],
      ['the result of the driver', () => ({ rows: [] })],
      ['names in upper case', () => [{ ENTRY_KEY: 'a', ENTRY_VALUE: 'a' }]],
    ])('says that an executor returns %s', async (_what, query) => {
      const wrong = new SqlStore({ ...executor, query: async () => query() as never });
      for (const call of [() => wrong.get('a'), () => wrong.getMany(['a', 'b'])]) {
        await expect(call()).rejects.toMatchObject({ code: 'sql.rows' });
      }
    });
  },
);

const POOLED = WAYS.filter(
  ({ server }) => isThere(server) && server !== 'sqlite' && server !== 'pgbouncer',
).filter(({ library }) => library !== 'pg Client');

describe.each(POOLED)('a pool that is used up: $library on $server', ({ server, open }) => {
  it('ends the call in time, with what to do, and loses nothing', async () => {
    const database = await makeDatabase(server);
    const way = await open(database.url);
    try {
      await migrateSql(way.executor);
      const store = new SqlStore(way.executor, { timeoutMs: 700 });
      const held = Array.from({ length: 10 }, (_, at) =>
        way.transact(async (transaction) => {
          await store.within(transaction).set(`inside-${at}`, 'a', HOUR);
          await pause(1_500);
        }),
      );
      await pause(200);
      await expect(store.get('outside')).rejects.toMatchObject({ code: 'sql.timeout' });
      await Promise.all(held);
      const keys = held.map((_, at) => `inside-${at}`);
      expect(await store.getMany(keys)).toEqual(held.map(() => 'a'));
    } finally {
      await way.close();
      await database.drop();
    }
  }, 30_000);
});
