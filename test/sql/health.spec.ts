import { describe, expect, it } from '@jest/globals';
import Database from 'better-sqlite3';
import mysql from 'mysql2/promise';
import pg from 'pg';

import { MaestranoHealthIndicator } from '../../src/index.js';
import { mysql2Executor } from '../../src/sql/executors/mysql2-executor.js';
import { pgExecutor } from '../../src/sql/executors/pg-executor.js';
import { sqliteExecutor } from '../../src/sql/executors/sqlite-executor.js';
import { migrateSql } from '../../src/sql/migrations/sql-schema.js';
import { SqlStore } from '../../src/sql/sql-store.js';
import { SqlSyncStore } from '../../src/sync/index.js';
import { sqliteTestStore, storeContract } from '../../src/testing/index.js';
import { testApplication } from '../support/application.js';
import { marketplaceInput } from '../support/marketplaces.js';
import { isThere, makeDatabase } from './support/databases.js';

describe('a store in SQLite memory, for tests', () => {
  for (const { name, run } of storeContract(() => sqliteTestStore(new Database(':memory:')))) it(name, run);
});

describe('what an operator should know of the database', () => {
  it('SQLite: that it may forget, and that it stands in the way', async () => {
    const database = new Database(':memory:', { timeout: 5_000 });
    database.pragma('synchronous = off');
    const store = new SqlStore(sqliteExecutor(database));
    expect(await store.warnings()).toEqual([
      expect.stringContaining('synchronous is off'),
      expect.stringContaining('5000 ms'),
    ]);
    database.pragma('synchronous = full');
    database.pragma('busy_timeout = 50');
    expect(await store.warnings()).toEqual([]);
    database.close();
  });

  (isThere('postgres') ? it : it.skip)('PostgreSQL: that it may forget', async () => {
    const database = await makeDatabase('postgres');
    // The server of the tests runs without both, for speed.
    const client = new pg.Client({ connectionString: database.url });
    await client.connect();
    const store = new SqlStore(pgExecutor(client));
    expect(await store.warnings()).toEqual([
      expect.stringContaining('fsync is off'),
      expect.stringContaining('synchronous_commit is off'),
    ]);
    await client.query('set synchronous_commit = on');
    expect(await store.warnings()).toEqual([expect.stringContaining('fsync is off')]);
    await client.end();
    await database.drop();
  });

  (isThere('mariadb') ? it : it.skip)(
    'MariaDB: that it may forget, and how libraries write values',
    async () => {
      const database = await makeDatabase('mariadb');
      const connection = await mysql.createConnection(database.url);
      const store = new SqlStore(mysql2Executor(connection));
      expect(await store.warnings()).toEqual([
        expect.stringContaining('innodb_flush_log_at_trx_commit is 0'),
      ]);
      await connection.query("set sql_mode = 'NO_BACKSLASH_ESCAPES'");
      expect(await store.warnings()).toHaveLength(2);
      // Parameters travel apart from the text, so that nothing breaks out of it here.
      await migrateSql(mysql2Executor(connection));
      const text = "it\\'s '; drop table maestrano_entry; -- \\";
      await store.set('key', text, 60_000);
      await store.writeMany(['a', 'b'].map((key) => ({ key, value: text, ttlMs: 60_000 })));
      expect(await store.getMany(['key', 'a', 'b'])).toEqual([text, text, text]);
      await connection.end();
      const latin = await mysql.createConnection({ uri: database.url, charset: 'LATIN1_SWEDISH_CI' });
      const mangling = new SqlStore(mysql2Executor(latin));
      await mangling.set('city', 'Łódź', 60_000);
      expect(await mangling.get('city')).not.toBe('Łódź');
      const warned = expect.stringMatching(/every character that is not in latin1: open it with .* utf8mb4/);
      expect(await mangling.warnings()).toContainEqual(warned);
      // The synchronization does not start on it in production.
      expect(await new SqlSyncStore(mysql2Executor(latin)).losses()).toContainEqual(warned);
      await latin.end();
      await database.drop();
    },
  );

  it('is in the health of the application', async () => {
    const database = new Database(':memory:', { timeout: 5_000 });
    const app = await testApplication({
      options: { marketplaces: [marketplaceInput('one')], store: await sqliteTestStore(database) },
    });
    const report = await app.app.get(MaestranoHealthIndicator, { strict: false }).check('maestrano');
    expect(JSON.stringify(report)).toContain('SqlStore');
    expect(JSON.stringify(report)).toContain('5000 ms');
    await app.close();
    database.close();
  });
});

describe('an application whose tables are missing', () => {
  it('does not start, and says what to do', async () => {
    const database = new Database(':memory:', { timeout: 50 });
    const store = new SqlStore(sqliteExecutor(database));
    const starting = testApplication({ options: { marketplaces: [marketplaceInput('one')], store } });
    await expect(starting).rejects.toMatchObject({
      code: 'sql.tables',
      message: expect.stringContaining('nestjs-maestrano db print --dialect sqlite --from 0'),
    });
    database.close();
  });

  (isThere('postgres') ? it : it.skip)(
    'starts when the database is away, which calls and health tell',
    async () => {
      const pool = new pg.Pool({
        connectionString: 'postgres://nobody@127.0.0.1:1/x',
        connectionTimeoutMillis: 20_000,
      });
      const store = new SqlStore(pgExecutor(pool));
      await store.check();
      await expect(store.get('key')).rejects.toMatchObject({
        code: 'sql.failed',
        cause: { code: 'ECONNREFUSED' },
      });
      await pool.end();
    },
  );
});

describe('a database that can only be read', () => {
  (isThere('postgres') ? it : it.skip)('PostgreSQL', async () => {
    const database = await makeDatabase('postgres');
    const options = '-c default_transaction_read_only=on';
    const [pool, replica] = [
      new pg.Pool({ connectionString: database.url }),
      new pg.Pool({ connectionString: database.url, options }),
    ];
    await migrateSql(pgExecutor(pool));
    const store = new SqlStore(pgExecutor(replica));
    await expect(store.set('key', 'a', 60_000)).rejects.toMatchObject({ code: 'sql.readOnly' });
    await expect(
      store.writeMany(['a', 'b'].map((key) => ({ key, value: key, ttlMs: null }))),
    ).rejects.toMatchObject({
      code: 'sql.readOnly',
    });
    await Promise.all([pool.end(), replica.end()]);
    await database.drop();
  });

  it('SQLite', async () => {
    const file = await makeDatabase('sqlite');
    const writable = new Database(file.url);
    await migrateSql(sqliteExecutor(writable));
    writable.close();
    const database = new Database(file.url, { readonly: true });
    const store = new SqlStore(sqliteExecutor(database));
    expect(await store.get('key')).toBeNull();
    await expect(store.set('key', 'a', 60_000)).rejects.toMatchObject({ code: 'sql.readOnly' });
    database.close();
    await file.drop();
  });
});
