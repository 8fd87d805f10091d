import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { migrateSql } from '../../src/sql/migrations/sql-schema.js';
import { usageStoreContract } from '../../src/testing/usage-store-contract.js';
import { SqlUsageStore } from '../../src/usage/sql/sql-usage-store.js';
import { examplesPresent, oracleExamples, playExample } from '../support/usage/oracle-examples.js';
import { UsageWorld } from '../support/usage/usage-world.js';
import { isThere, makeDatabase, type TestDatabase } from './support/databases.js';
import { DRIVERS, type OpenedWay } from './support/ways.js';

describe.each(DRIVERS.filter(({ server }) => isThere(server)))(
  'usage with $library on $server',
  ({ server, open }) => {
    let database: TestDatabase;
    const ways: OpenedWay[] = [];
    let next = 0;

    beforeAll(async () => {
      database = await makeDatabase(server);
      ways.push(await open(database.url), await open(database.url));
      await migrateSql(ways[0]!.executor);
    });
    afterAll(async () => {
      for (const way of ways) await way.close();
      await database.drop();
    });

    const makeStore = (): SqlUsageStore => new SqlUsageStore(ways[(next += 1) % 2]!.executor);
    for (const { name, run } of usageStoreContract(makeStore, { shared: true })) it(name, run);

    it('check 1: the worked examples on SQL', async () => {
      for (const example of examplesPresent ? oracleExamples() : []) {
        expect(await playExample(example, makeStore())).toEqual(example.expected);
      }
    });

    it('check 6: a fact in a transaction is there exactly when that commits', async () => {
      const store = new SqlUsageStore(ways[0]!.executor);
      const meters = {
        sms: { aggregate: 'sum', label: 'SMS', prices: { AUD: [{ model: 'unit', unit: '0.5' }] } },
      } as const;
      const world = new UsageWorld({ store, meters });
      const ref = { marketplace: 'one', group: `cld-${Math.random()}`, meter: 'sms' };
      const fact = (id: string) => ({ ...ref, id, at: new Date(world.now), quantity: 10 });
      await world.usage.record(fact('before'));
      const failing = ways[0]!.transact(async (tx) => {
        await world.usage.record(fact('rolled back'), { tx });
        throw new Error('enough');
      });
      await expect(failing).rejects.toThrow('enough');
      world.at('2026-10-05T00:00:00Z');
      if (server === 'sqlite') await world.usage.close(ref);
      else {
        // The period is closed while the transaction is open, and nobody waits for it.
        await ways[0]!.transact(async (tx) => {
          await world.usage.record({ ...fact('late'), at: new Date('2026-09-20') }, { tx });
          await world.usage.close(ref);
        });
      }
      expect(world.marketplace.list.map(({ priceCents }) => priceCents)).toEqual([500]);
      await world.usage.close(ref);
      expect(world.marketplace.list.map(({ priceCents }) => priceCents)).toEqual(
        server === 'sqlite' ? [500] : [500, 500],
      );
      expect((await store.find((await store.open([ref]))[0]!, ['rolled back'])).length).toBe(0);
    });
  },
);
