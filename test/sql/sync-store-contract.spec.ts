import { afterAll, beforeAll, describe, it } from '@jest/globals';

import { migrateSql } from '../../src/sql/migrations/sql-schema.js';
import { SqlSyncStore } from '../../src/sync/sql/sql-sync-store.js';
import { syncStoreContract } from '../../src/testing/sync-store-contract.js';
import { stormSize } from '../support/sizes.js';
import { isThere, makeDatabase, type TestDatabase } from './support/databases.js';
import { DRIVERS, type OpenedWay, WAYS } from './support/ways.js';

/** Every library, or only the drivers, which differ in what they return. */
const TESTED = stormSize(0, 1) === 1 ? WAYS : DRIVERS;

describe.each(TESTED.filter(({ server }) => isThere(server)))(
  'store contract of the synchronization with $library on $server, across two instances (check 23)',
  ({ server, open }) => {
    let database: TestDatabase;
    const ways: OpenedWay[] = [];
    let next = 0;

    beforeAll(async () => {
      database = await makeDatabase(server);
      ways.push(await open(database.url), await open(database.url));
      await Promise.all(ways.map(({ executor }) => migrateSql(executor)));
    });
    afterAll(async () => {
      for (const way of ways) await way.close();
      await database.drop();
    });

    const makeStore = (): SqlSyncStore => new SqlSyncStore(ways[(next += 1) % 2]!.executor);
    for (const { name, run } of syncStoreContract(makeStore, { shared: true })) it(name, run);
  },
);
