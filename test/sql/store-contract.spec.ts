import { afterAll, beforeAll, describe, it } from '@jest/globals';

import { migrateSql } from '../../src/sql/migrations/sql-schema.js';
import { SqlStore } from '../../src/sql/sql-store.js';
import { storeContract } from '../../src/testing/store-contract.js';
import { isThere, makeDatabase, type TestDatabase } from './support/databases.js';
import { type OpenedWay, WAYS } from './support/ways.js';

describe.each(WAYS.filter(({ server }) => isThere(server)))(
  'store contract with $library on $server, across two instances',
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

    const makeStore = (): SqlStore => new SqlStore(ways[(next += 1) % 2]!.executor);
    for (const { name, run } of storeContract(makeStore, { shared: true })) it(name, run);
  },
);
