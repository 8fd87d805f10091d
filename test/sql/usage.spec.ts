import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { migrateSql } from '../../src/sql/migrations/sql-schema.js';
import { usageStoreContract } from '../../src/testing/usage-store-contract.js';
import type { UsageStoreWorker } from '../../src/testing/usage-store-contract-kills.js';
import { SqlUsageStore } from '../../src/usage/sql/sql-usage-store.js';
import { type CompiledSources, compileSources } from '../support/compiled-sources.js';
import { examplesPresent, oracleExamples, playExample } from '../support/usage/oracle-examples.js';
import { UsageWorld } from '../support/usage/usage-world.js';
import { isThere, makeDatabase, type TestDatabase } from './support/databases.js';
import { DRIVERS, type OpenedWay } from './support/ways.js';

describe.each(DRIVERS.filter(({ server }) => isThere(server)))(
  'usage with $library on $server',
  ({ server, open }) => {
    let database: TestDatabase;
    const ways: OpenedWay[] = [];
    // Those of SQLite stand still while another holds the file: two are enough to meet.
    const connections = server === 'sqlite' ? 2 : 8;
    let sources: CompiledSources;
    let next = 0;

    beforeAll(async () => {
      database = await makeDatabase(server);
      for (let index = 0; index < connections; index += 1) ways.push(await open(database.url));
      await migrateSql(ways[0]!.executor);
      sources = compileSources(`usage-worker-${server}`, 'test/sql/support/usage-worker.ts');
    });
    afterAll(async () => {
      sources?.remove();
      for (const way of ways) await way.close();
      await database.drop();
    });

    const makeStore = (): SqlUsageStore => new SqlUsageStore(ways[(next += 1) % connections]!.executor);
    /** A process of its own on the same database. */
    const startWorker = (series: string): UsageStoreWorker => {
      const env = {
        ...process.env,
        DATABASE_URL: database.url,
        SERVER: server,
        SQL_PACKAGES: join(import.meta.dirname, 'package.json'),
        SERIES: series,
      };
      const child = spawn(process.execPath, [sources.path('test/sql/support/usage-worker.ts')], {
        env,
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const acknowledged: string[] = [];
      createInterface({ input: child.stdout }).on('line', (line) => void acknowledged.push(line));
      const gone = once(child, 'close');
      return {
        acknowledged,
        kill: async () => {
          child.kill('SIGKILL');
          await gone;
        },
      };
    };
    for (const { name, run } of usageStoreContract(makeStore, { shared: true, startWorker })) {
      it(name, run, 120_000);
    }

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
