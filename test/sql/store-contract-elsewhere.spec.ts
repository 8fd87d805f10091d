import { setTimeout as pause } from 'node:timers/promises';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';

import { pgExecutor } from '../../src/sql/executors/pg-executor.js';
import { migrateSql } from '../../src/sql/migrations/sql-schema.js';
import { sqlErrorCode } from '../../src/sql/sql-failures.js';
import { SqlStore } from '../../src/sql/sql-store.js';
import {
  MaestranoStore,
  type StoreCall,
  type StorePage,
  type StoreWrite,
} from '../../src/stores/maestrano-store.js';
import { storeContract } from '../../src/testing/store-contract.js';
import { clockLibrary, type SqlServer, startPostgres } from '../support/sql-servers.mjs';
import { isThere, makeDatabase, type TestDatabase } from './support/databases.js';
import { DRIVERS, type OpenedWay, WAYS } from './support/ways.js';

/** Makes each call in a transaction of the application. */
class StoreInTransactions extends MaestranoStore {
  override readonly durable = true;

  constructor(
    private readonly way: OpenedWay,
    private readonly store: SqlStore,
  ) {
    super();
  }

  override getMany(keys: readonly string[], call?: StoreCall): Promise<(string | null)[]> {
    return this.#inside((store) => store.getMany(keys, call));
  }
  override writeMany(writes: readonly StoreWrite[], call?: StoreCall): Promise<boolean[]> {
    return this.#inside((store) => store.writeMany(writes, call));
  }
  override take(key: string, call?: StoreCall): Promise<string | null> {
    return this.#inside((store) => store.take(key, call));
  }
  override page(
    index: string,
    from: { readonly before?: string; readonly limit: number },
    call?: StoreCall,
  ): Promise<StorePage> {
    return this.#inside((store) => store.page(index, from, call));
  }
  override ping(call?: StoreCall): Promise<void> {
    return this.#inside((store) => store.ping(call));
  }

  /** Of those that meet, databases end one transaction; the application repeats it as a whole. */
  async #inside<T>(work: (store: MaestranoStore) => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await this.way.transact((transaction) => work(this.store.within(transaction)));
      } catch (error) {
        if (sqlErrorCode(error) !== 'sql.contention') throw error;
        await pause(Math.random() * 20);
      }
    }
  }
}

// Transactions that an application begins by hand on the one connection of SQLite cannot overlap.
const OF_TRANSACTIONS = WAYS.filter(
  ({ server, library }) => isThere(server) && server !== 'sqlite' && library !== 'pg Client',
).filter((way) => DRIVERS.includes(way) || way.server === 'postgres');

describe.each(OF_TRANSACTIONS)(
  'store contract inside transactions of the application, with $library on $server',
  ({ server, open }) => {
    let database: TestDatabase;
    let way: OpenedWay;

    beforeAll(async () => {
      database = await makeDatabase(server);
      way = await open(database.url);
      await migrateSql(way.executor);
    });
    afterAll(async () => {
      await way.close();
      await database.drop();
    });

    const makeStore = (): MaestranoStore => new StoreInTransactions(way, new SqlStore(way.executor));
    for (const { name, run } of storeContract(makeStore)) it(name, run);
  },
);

const library = clockLibrary();
if (!library) console.warn('Skipping the database whose clock is off (Debian package: faketime).');
const withClock = library && isThere('postgres') ? describe : describe.skip;

withClock('store contract on a PostgreSQL whose clock is five minutes behind', () => {
  let server: SqlServer;
  let pool: pg.Pool;

  beforeAll(async () => {
    server = await startPostgres({ clock: '-5m' });
    pool = new pg.Pool({ connectionString: server.url, max: 10, connectionTimeoutMillis: 5_000 });
    pool.on('error', () => undefined);
    await migrateSql(pgExecutor(pool));
  }, 60_000);
  afterAll(async () => {
    await pool.end();
    await server.stop();
  });

  it('has such a clock', async () => {
    const { rows } = await pool.query<{ now: Date }>('select clock_timestamp() as now');
    const behindMs = Date.now() - rows[0]!.now.getTime();
    expect(Math.round(behindMs / 60_000)).toBe(5);
  });

  for (const { name, run } of storeContract(() => new SqlStore(pgExecutor(pool)), { shared: true }))
    it(name, run);
});
