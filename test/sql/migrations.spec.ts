import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { migrationText } from '../../src/sql/migrations/migration-text.js';
import { MIGRATIONS } from '../../src/sql/migrations/migrations.js';
import { checkSqlSchema, migrateSql, readSqlSchema } from '../../src/sql/migrations/sql-schema.js';
import type { SqlExecutor } from '../../src/sql/sql-executor.js';
import { SqlStore } from '../../src/sql/sql-store.js';
import { isThere, makeDatabase, type TestDatabase } from './support/databases.js';
import { DRIVERS, type OpenedWay } from './support/ways.js';

it('numbers migrations without a gap', () => {
  expect(MIGRATIONS.map(({ version }) => version)).toEqual(MIGRATIONS.map((_, at) => at + 1));
});

describe.each(DRIVERS.filter(({ server }) => isThere(server)))(
  'migrations with $library',
  ({ server, open }) => {
    let database: TestDatabase;
    let way: OpenedWay;
    let executor: SqlExecutor;
    const run = (text: string): Promise<number> => executor.execute(text, []);

    beforeEach(async () => {
      database = await makeDatabase(server);
      way = await open(database.url);
      ({ executor } = way);
    });
    afterEach(async () => {
      await way.close();
      await database.drop();
    });

    it('make tables of the shape that is needed, and do nothing the second time', async () => {
      await migrateSql(executor);
      const needed = MIGRATIONS.length;
      expect(await readSqlSchema(executor)).toEqual({ version: needed, needed, problems: [] });
      await new SqlStore(executor).set('kept', 'a', null);
      await migrateSql(executor);
      await checkSqlSchema(executor);
      expect(await new SqlStore(executor).get('kept')).toBe('a');
    });

    it('are also what the printed text does, which may be applied again', async () => {
      for (let time = 0; time < 2; time += 1) {
        const text = migrationText(executor.dialect).replaceAll(/^--.*$/gm, '');
        for (const statement of text.split(/;\n/).filter((one) => one.trim() !== '')) await run(statement);
      }
      await checkSqlSchema(executor);
    });

    it('take a prefix, and leave the other tables alone', async () => {
      await migrateSql(executor, { prefix: 'vendor_x_' });
      await checkSqlSchema(executor, { prefix: 'vendor_x_' });
      await expect(checkSqlSchema(executor)).rejects.toMatchObject({ code: 'sql.tables' });
      const store = new SqlStore(executor, { prefix: 'vendor_x_' });
      await store.set('key', 'value', 60_000);
      expect(await store.get('key')).toBe('value');
    });

    it('take a schema', async () => {
      const schema = { postgres: 'elsewhere', mariadb: database.url.split('/').at(-1)!, sqlite: 'main' }[
        server as 'postgres' | 'mariadb' | 'sqlite'
      ];
      if (server === 'postgres') await run('create schema elsewhere');
      await migrateSql(executor, { schema });
      await checkSqlSchema(executor, { schema });
      const store = new SqlStore(executor, { schema });
      await store.writeMany(['a', 'b'].map((key) => ({ key, value: key, ttlMs: null })));
      expect(await store.getMany(['a', 'b'])).toEqual(['a', 'b']);
      if (server === 'postgres')
        await expect(checkSqlSchema(executor)).rejects.toMatchObject({ code: 'sql.tables' });
    });

    it.each(['a"; drop table x; --', '', 'a b', 'ż', 'x'.repeat(31), '1'])(
      'reject the prefix %p',
      async (prefix) => {
        await expect(migrateSql(executor, { prefix })).rejects.toMatchObject({ code: 'sql.tables' });
        expect(() => new SqlStore(executor, { prefix })).toThrow(
          expect.objectContaining({ code: 'sql.tables' }),
        );
      },
    );

    it.each(["main'; drop table x; --", '', 'a b', 'x".y'])('reject the schema %p', async (schema) => {
      await expect(migrateSql(executor, { schema })).rejects.toMatchObject({ code: 'sql.tables' });
    });

    it('pass when ten instances start at once', async () => {
      for (let round = 0; round < 3; round += 1) {
        const prefix = `round${round}_`;
        const others = await Promise.all(Array.from({ length: 10 }, () => open(database.url)));
        try {
          await Promise.all(others.map((other) => migrateSql(other.executor, { prefix })));
          await Promise.all(others.map((other) => checkSqlSchema(other.executor, { prefix })));
        } finally {
          await Promise.all(others.map((other) => other.close()));
        }
      }
    });

    it('are not carried out inside a transaction of the application', async () => {
      const inside = way.transact((transaction) => migrateSql(executor.within(transaction)));
      await expect(inside).rejects.toMatchObject({ code: 'sql.transaction' });
    });

    it('say that nothing is there, and the command that helps', async () => {
      const { version, problems } = await readSqlSchema(executor);
      expect(version).toBe(0);
      expect(problems).toContain('table maestrano_entry is missing');
      await expect(checkSqlSchema(executor)).rejects.toMatchObject({
        code: 'sql.tables',
        remedy: expect.stringContaining(`db print --dialect ${executor.dialect} --from 0`),
      });
      await expect(new SqlStore(executor).check()).rejects.toMatchObject({ code: 'sql.tables' });
    });

    it('say which column, index or type is not as it has to be', async () => {
      await migrateSql(executor);
      const index =
        server === 'mariadb' ? 'maestrano_entry_expires on maestrano_entry' : 'maestrano_entry_expires';
      await run(`drop index ${index}`);
      expect((await readSqlSchema(executor)).problems).toEqual(['index maestrano_entry_expires is missing']);
      await run('drop table maestrano_entry');
      await run('create table maestrano_entry (entry_key varchar(300) primary key, entry_value integer)');
      const { problems } = await readSqlSchema(executor);
      expect(problems).toContainEqual(
        expect.stringMatching(
          /^column maestrano_entry\.entry_key is varchar|^column maestrano_entry\.entry_key is character/,
        ),
      );
      expect(problems).toContainEqual(expect.stringMatching(/^column maestrano_entry\.entry_value is int/));
      expect(problems).toContain('column maestrano_entry.expires_at is missing');
    });

    it('say that a later version is needed', async () => {
      await migrateSql(executor);
      await run('delete from maestrano_schema');
      expect((await readSqlSchema(executor)).problems).toEqual([
        `version 0 is there, ${MIGRATIONS.length} is needed`,
      ]);
      await migrateSql(executor);
      await checkSqlSchema(executor);
    });
  },
);
