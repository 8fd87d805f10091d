import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';

import { pgExecutor } from '../../src/sql/executors/pg-executor.js';
import { migrateSql } from '../../src/sql/migrations/sql-schema.js';
import { SqlUsageStore } from '../../src/usage/sql/sql-usage-store.js';
import type { UsageMeter } from '../../src/usage/meters/usage-meter.js';
import { UsageWorld } from '../support/usage/usage-world.js';
import { isThere, makeDatabase, type TestDatabase } from './support/databases.js';

const METERS: Readonly<Record<string, UsageMeter>> = {
  sms: { aggregate: 'sum', label: 'SMS', prices: { AUD: [{ model: 'unit', unit: '0.0755' }] } },
};

/** Statements that were sent, those of transactions included. */
let trips = 0;

class CountedClient extends pg.Client {
  override query(...given: unknown[]): never {
    trips += 1;
    return (super.query as (...all: unknown[]) => never).apply(this, given);
  }
}

const onPostgres = isThere('postgres') ? describe : describe.skip;

onPostgres('round trips of usage to PostgreSQL', () => {
  let database: TestDatabase;
  let pool: pg.Pool;

  beforeAll(async () => {
    database = await makeDatabase('postgres');
    pool = new pg.Pool({ connectionString: database.url, max: 4, Client: CountedClient });
    await migrateSql(pgExecutor(pool));
  });
  afterAll(async () => {
    await pool?.end();
    await database?.drop();
  });

  const counted = async <T>(
    work: () => Promise<T>,
  ): Promise<{ readonly result: T; readonly made: number }> => {
    const before = trips;
    const result = await work();
    return { result, made: trips - before };
  };

  /** Companies of a marketplace with two messages each; and the world that has them alone. */
  const companies = async (marketplace: string, count: number): Promise<UsageWorld> => {
    const world = new UsageWorld({ store: new SqlUsageStore(pgExecutor(pool)), meters: METERS });
    const facts = Array.from({ length: count * 2 }, (_, index) => ({
      marketplace,
      group: `cld-${index >> 1}`,
      meter: 'sms',
      id: `f${index}`,
      at: new Date('2026-09-10'),
      quantity: 7,
    }));
    for await (const { result } of world.usage.recordMany(facts, { batch: 1_000 }))
      expect(result).toBe('recorded');
    return world;
  };

  it('balances of 2,000 companies take no more of them than those of 20', async () => {
    const many = await companies('many', 2_000);
    const few = await companies('few', 20);
    const [ofMany, ofFew] = [
      await counted(() => many.usage.balances({ marketplace: 'many' })),
      await counted(() => few.usage.balances({ marketplace: 'few' })),
    ];
    expect(ofMany.result).toHaveLength(2_000);
    expect(ofMany.result.at(-1)).toMatchObject({ carry: '0', unsent: '0', open: '1.057' });
    expect(ofFew.result).toHaveLength(20);
    expect(ofFew.made).toBeLessThan(12);
    // One look more says that nothing follows.
    expect(ofMany.made).toBeLessThanOrEqual(ofFew.made + 1);
    many.at('2026-10-10');
    await many.usage.close({ marketplace: 'many' });
    const closed = await counted(() => many.usage.balances({ marketplace: 'many' }));
    expect(closed.made).toBeLessThanOrEqual(ofFew.made + 1);
    expect(closed.result[0]).toMatchObject({ carry: '-0.003', unsent: '0', open: '0' });
  }, 120_000);

  it('a close of 400 companies takes less than a fourth of one for each', async () => {
    const world = await companies('closed', 400);
    world.at('2026-10-10');
    const { result, made } = await counted(() => world.usage.close({ marketplace: 'closed' }));
    expect(result.failed).toEqual([]);
    expect(result.sealed).toHaveLength(400);
    expect(world.cents).toEqual(Array.from({ length: 400 }, () => 106));
    expect(result.sent.map(({ status }) => status)).toEqual(Array.from({ length: 400 }, () => 'billed'));
    expect(made).toBeLessThan(100);
    // And nothing is left of it.
    const again = await counted(() => world.usage.close({ marketplace: 'closed' }));
    expect(again.result).toMatchObject({ sealed: [], sent: [], failed: [] });
    expect(world.cents).toHaveLength(400);
  }, 120_000);
});
