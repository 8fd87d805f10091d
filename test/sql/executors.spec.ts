import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import mysql from 'mysql2/promise';
import pg from 'pg';

import type { SqlDialect, SqlExecutor } from '../../src/sql/sql-executor.js';
import { mysql2Executor } from '../../src/sql/executors/mysql2-executor.js';
import { pgExecutor } from '../../src/sql/executors/pg-executor.js';
import { jsonRows, SQL_NOW } from '../../src/sql/sql-dialect.js';
import { numberOf, textOf } from '../../src/sql/sql-values.js';
import { isThere, makeDatabase, type TestDatabase } from './support/databases.js';
import { type OpenedWay, WAYS } from './support/ways.js';

/** Placeholders of the dialect. */
function text(dialect: SqlDialect, statement: string): string {
  let position = 0;
  return dialect === 'postgres' ? statement.replaceAll('?', () => `$${(position += 1)}`) : statement;
}

describe.each(WAYS.filter(({ server }) => isThere(server)))(
  '$library on $server',
  ({ library, server, open }) => {
    let database: TestDatabase;
    let way: OpenedWay;
    let executor: SqlExecutor;
    const names = (of: SqlExecutor): Promise<string[]> =>
      of
        .query('select name from thing order by name', [])
        .then((rows) => rows.map((row) => textOf(row, 'name')));
    const add = (of: SqlExecutor, name: string, count = 0): Promise<number> =>
      of.execute(text(of.dialect, 'insert into thing (name, n) values (?, ?)'), [name, count]);

    beforeAll(async () => {
      database = await makeDatabase(server);
      way = await open(database.url);
      ({ executor } = way);
      const charset = executor.dialect === 'mysql' ? ' default charset=utf8mb4 collate=utf8mb4_bin' : '';
      await executor.execute(`create table thing (name varchar(200) primary key, n bigint)${charset}`, []);
    });
    afterAll(async () => {
      await way.close();
      await database.drop();
    });

    it('returns rows, none of them for none, and counts', async () => {
      expect(await add(executor, "it's a ? and a $1 🙂", 7)).toBe(1);
      expect(await add(executor, 'b', 9_007_199_254_740_991)).toBe(1);
      const rows = await executor.query(
        text(executor.dialect, 'select name, n from thing where n >= ? order by n'),
        [7],
      );
      expect(rows.map((row) => [textOf(row, 'name'), numberOf(row, 'n')])).toEqual([
        ["it's a ? and a $1 🙂", 7],
        ['b', 9_007_199_254_740_991],
      ]);
      const none = text(executor.dialect, 'select name from thing where name = ?');
      expect(await executor.query(none, ['nobody'])).toEqual([]);
      expect(
        await executor.execute(text(executor.dialect, 'update thing set n = n + 1 where n = ?'), [1]),
      ).toBe(0);
      expect(await executor.execute('update thing set n = n + 1 where n < 100', [])).toBe(1);
      expect(await executor.execute('delete from thing', [])).toBe(2);
    });

    if (server !== 'mariadb') {
      it('returns what a write returns', async () => {
        const write = text(executor.dialect, 'insert into thing (name, n) values (?, ?) returning name');
        expect((await executor.query(write, ['returned', 1])).map((row) => textOf(row, 'name'))).toEqual([
          'returned',
        ]);
        const change = text(executor.dialect, 'update thing set n = 2 where name = ? returning name');
        expect(await executor.query(change, ['nobody'])).toEqual([]);
        expect((await executor.query(change, ['returned'])).map((row) => textOf(row, 'name'))).toEqual([
          'returned',
        ]);
        const remove = text(executor.dialect, 'delete from thing where name = ? returning name');
        expect((await executor.query(remove, ['returned'])).map((row) => textOf(row, 'name'))).toEqual([
          'returned',
        ]);
      });
    }

    it('takes many rows as one parameter', async () => {
      const rows = jsonRows(executor.dialect, 1, 'x', { name: 'text', n: 'integer' });
      const insert = `insert into thing (name, n) select name, n from ${rows}`;
      const list = [
        { name: 'ż 🙂 \' " \\ ` $1 ?', n: 1_764_000_000_000 },
        { name: '', n: -1 },
        { name: 'nothing', n: null },
      ];
      expect(await executor.execute(insert, [JSON.stringify(list)])).toBe(3);
      const found = await executor.query('select name, n from thing order by n is null, n', []);
      expect(
        found.map((row) => [textOf(row, 'name'), row['n'] === null ? null : numberOf(row, 'n')]),
      ).toEqual([
        ['', -1],
        ['ż 🙂 \' " \\ ` $1 ?', 1_764_000_000_000],
        ['nothing', null],
      ]);
      await executor.execute('delete from thing', []);
    });

    it('tells the time in milliseconds, which goes on within a transaction', async () => {
      const now = async (of: SqlExecutor): Promise<number> =>
        numberOf((await of.query(`select ${SQL_NOW[of.dialect]} as now`, []))[0], 'now');
      const before = Date.now();
      const seen = await now(executor);
      expect(seen).toBeGreaterThanOrEqual(before - 5);
      expect(seen).toBeLessThanOrEqual(Date.now() + 5);
      await executor.transaction(async (inside) => {
        const first = await now(inside);
        await new Promise((resolve) => setTimeout(resolve, 20));
        expect((await now(inside)) - first).toBeGreaterThanOrEqual(15);
      });
    });

    it('commits what resolves, rolls back what rejects, and rejects with the same error', async () => {
      expect(executor.inTransaction).toBe(false);
      const result = await executor.transaction(async (inside) => {
        expect(inside.inTransaction).toBe(true);
        await add(inside, 'kept');
        await inside.transaction((nested) => add(nested, 'nested'));
        return 'result';
      });
      expect(result).toBe('result');
      const error = new Error('enough');
      const failing = executor.transaction(async (inside) => {
        await add(inside, 'lost');
        throw error;
      });
      await expect(failing).rejects.toBe(error);
      expect(await names(executor)).toEqual(['kept', 'nested']);
      await executor.execute('delete from thing', []);
    });

    it('rolls back after a failed statement, and goes on', async () => {
      await add(executor, 'one');
      const failing = executor.transaction(async (inside) => {
        await add(inside, 'two');
        await add(inside, 'one');
      });
      // SQLite's errors are of another realm than jest's.
      await expect(failing).rejects.toMatchObject({ message: expect.any(String) });
      expect(await names(executor)).toEqual(['one']);
      await executor.execute('delete from thing', []);
    });

    it('keeps statements that are sent meanwhile out of a transaction', async () => {
      let outside: Promise<unknown> = Promise.resolve();
      const failing = executor.transaction(async (inside) => {
        await add(inside, 'inside');
        outside = add(executor, 'outside');
        await new Promise((resolve) => setTimeout(resolve, 20));
        throw new Error('enough');
      });
      await expect(failing).rejects.toThrow('enough');
      await outside;
      expect(await names(executor)).toEqual(['outside']);
      await executor.execute('delete from thing', []);
    });

    it('runs within a transaction of the application', async () => {
      await way.transact((transaction) => add(executor.within(transaction), 'kept'));
      const failing = way.transact(async (transaction) => {
        const inside = executor.within(transaction);
        expect(inside.inTransaction).toBe(true);
        await add(inside, 'lost');
        expect(await names(inside)).toEqual(['kept', 'lost']);
        throw new Error('enough');
      });
      await expect(failing).rejects.toThrow('enough');
      expect(await names(executor)).toEqual(['kept']);
      await executor.execute('delete from thing', []);
    });

    it.each([null, undefined, 'tx', {}, [], () => undefined])('finds that %p is no transaction', (wrong) => {
      expect(() => executor.within(wrong)).toThrow(expect.objectContaining({ code: 'sql.transaction' }));
    });

    // These look the same inside and outside.
    if (library !== 'pg Client' && !(library === 'Drizzle' && server === 'sqlite')) {
      it('finds that what is outside of a transaction is none', () => {
        expect(() => executor.within(executor.native)).toThrow(
          expect.objectContaining({ code: 'sql.transaction' }),
        );
      });
    }
  },
);

(isThere('postgres') ? describe : describe.skip)('a transaction over a pool of pg', () => {
  let database: TestDatabase;
  let pool: pg.Pool;
  let executor: SqlExecutor;
  const kept = async (): Promise<number> => {
    const other = new pg.Client({ connectionString: database.url });
    await other.connect();
    const { rows } = await other.query<{ n: string }>('select count(*) as n from thing');
    await other.end();
    return Number(rows[0]?.n);
  };

  beforeAll(async () => {
    database = await makeDatabase('postgres');
    pool = new pg.Pool({ connectionString: database.url, max: 1, query_timeout: 100 });
    pool.on('error', () => undefined);
    executor = pgExecutor(pool);
    await executor.execute('create table thing (name text primary key)', []);
  });
  afterAll(async () => {
    await pool.end();
    await database.drop();
  });

  it('leaves no connection behind in which it is still open', async () => {
    const late = executor.transaction((inside) => inside.query('select pg_sleep(0.4)', []));
    await expect(late).rejects.toThrow('Query read timeout');
    await new Promise((resolve) => setTimeout(resolve, 500));
    await executor.execute("insert into thing values ('acknowledged')", []);
    expect(await kept()).toBe(1);
  });

  it('rejects when the database rolled it back at its commit', async () => {
    const caught = executor.transaction(async (inside) => {
      await inside.execute("insert into thing values ('mine')", []);
      await inside.execute("insert into thing values ('acknowledged')", []).catch(() => 0);
    });
    await expect(caught).rejects.toMatchObject({ code: 'sql.failed' });
    expect(await kept()).toBe(1);
    await executor.execute("insert into thing values ('after')", []);
    expect(await kept()).toBe(2);
  });
});

(isThere('mariadb') ? describe : describe.skip)('a transaction over a pool of mysql2', () => {
  it('gives no connection back that could not be rolled back', async () => {
    const database = await makeDatabase('mariadb');
    const pool = mysql.createPool({ uri: database.url, connectionLimit: 1 });
    let connections = 0;
    pool.on('connection', () => {
      connections += 1;
    });
    const executor = mysql2Executor(pool);
    const failing = executor.transaction(async ({ native }) => {
      (native as mysql.Connection).rollback = () => Promise.reject(new Error('no answer'));
      throw new Error('enough');
    });
    await expect(failing).rejects.toThrow('enough');
    expect(await executor.query('select 1 as one', [])).toEqual([{ one: 1 }]);
    expect(connections).toBe(2);
    await pool.end();
    await database.drop();
  });
});
