import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';

import { pgExecutor } from '../../src/sql/executors/pg-executor.js';
import { migrateSql } from '../../src/sql/migrations/sql-schema.js';
import { SqlUsageStore } from '../../src/usage/sql/sql-usage-store.js';
import { UsageOperations } from '../../src/usage/usage-operations.js';
import { type CompiledSources, compileSources } from '../support/compiled-sources.js';
import { proveSize, stormSize } from '../support/sizes.js';
import { BillsTable, KILLED_METERS } from '../support/usage/bills-table.js';
import { UsageWorld } from '../support/usage/usage-world.js';
import { isThere, makeDatabase, type TestDatabase } from './support/databases.js';

const run = promisify(execFile);
const NOW = '2026-10-10T00:00:00Z';
/** Every so many moments of a close; each of them under `npm run storm`. */
const EVERY = stormSize(10, 1);
/** Companies, rounds and connections of those who record and close at once. */
const [COMPANIES, ROUNDS, CONNECTIONS] = [stormSize(12, 200), stormSize(2, 50), 8] as const;
/** How often two processes close these companies at once: all sizes of the reference under `npm run storm`. */
const CLOSINGS = stormSize(1, 50);

/** Facts, and companies that they are of; a million under `npm run prove`. */
const [FACTS, MANY] = [proveSize(4_000, 1_000_000), proveSize(10, 1_000)] as const;

const onPostgres = isThere('postgres') ? describe : describe.skip;

onPostgres('usage on PostgreSQL under kills and contention', () => {
  let database: TestDatabase;
  let pool: pg.Pool;
  let sources: CompiledSources;
  let bills: BillsTable;

  beforeAll(async () => {
    database = await makeDatabase('postgres');
    pool = new pg.Pool({ connectionString: database.url, max: CONNECTIONS });
    bills = new BillsTable(pgExecutor(pool));
    await migrateSql(pgExecutor(pool));
    await pool.query(BillsTable.TABLE);
    sources = compileSources(
      'usage-instance',
      'test/sql/support/usage-instance.ts',
      'test/support/usage/usage-world.ts',
      'test/support/usage/bills-table.ts',
      'test/support/usage/watched-calls.ts',
    );
  });
  afterAll(async () => {
    sources?.remove();
    await pool?.end();
    await database?.drop();
  });

  const worldOf = (now = '2026-09-15T00:00:00Z') =>
    new UsageWorld({ store: new SqlUsageStore(pgExecutor(pool)), meters: KILLED_METERS, now });
  const operations = (world: UsageWorld) => new UsageOperations(world.contextOn(world.store, bills));

  async function recorded(group: string): Promise<void> {
    const world = worldOf();
    for (let index = 0; index < 5; index += 1) {
      const fact = { marketplace: 'one', group, meter: 'sms', id: `f${index}`, at: new Date(world.now) };
      await operations(world).record({ ...fact, quantity: 10 + index });
    }
  }

  /** A process that closes a company, or all of them; null where it killed itself. */
  async function closedBy(group: string, killAt: number, now = NOW): Promise<string[] | null> {
    const env = {
      ...process.env,
      DATABASE_URL: database.url,
      SQL_PACKAGES: join(import.meta.dirname, 'package.json'),
      GROUP: group,
      NOW: now,
      KILL_AT: String(killAt),
    };
    try {
      const { stdout } = await run(process.execPath, [sources.path('test/sql/support/usage-instance.ts')], {
        env,
      });
      return JSON.parse(stdout) as string[];
    } catch (error) {
      expect((error as { signal?: unknown }).signal).toBe('SIGKILL');
      return null;
    }
  }

  it(
    'check 8: killed at a moment at which a close waits, the next one makes the same bill',
    async () => {
      await recorded('cld-calm');
      const moments = (await closedBy('cld-calm', -1))!;
      const [expected] = await bills.cents();
      expect(expected).toBe(453);
      process.stdout.write(`A close waits at ${moments.length} moments: ${moments.join(', ')}.\n`);
      expect(moments.filter((moment) => moment.includes('seal')).length).toBeGreaterThanOrEqual(4);
      expect(moments).toContain('after marketplace.createOnce');
      // The end of the request that makes the bill, whatever else is taken.
      const always = moments.indexOf('after marketplace.createOnce');
      const kills = moments.map((_, index) => index).filter((at) => at % EVERY === 0 || at === always);
      for (const at of kills) {
        const group = `cld-killed-${at}`;
        await recorded(group);
        expect(await closedBy(group, at)).toBeNull();
        await operations(worldOf(NOW)).close({ group });
        await operations(worldOf(NOW)).close({ group });
        expect({ at: moments[at], cents: (await bills.cents()).length }).toEqual({
          at: moments[at],
          cents: kills.indexOf(at) + 2,
        });
      }
      expect(await bills.cents()).toEqual(kills.concat(-1).map(() => expected));
    },
    stormSize(120_000, 600_000),
  );

  it(
    'check 28: facts in batches take at most one round trip for a hundred of them, and the books agree to the cent',
    async () => {
      await pool.query('delete from bills');
      let trips = 0;
      const counted = new Proxy(pgExecutor(pool), {
        get(target, name) {
          const value: unknown = Reflect.get(target, name);
          if (name !== 'query' && name !== 'execute') return value;
          return (...given: unknown[]): unknown => {
            trips += 1;
            return Reflect.apply(value as () => unknown, target, given);
          };
        },
      });
      const world = new UsageWorld({ store: new SqlUsageStore(counted), meters: KILLED_METERS });
      const usage = operations(world);
      let units = 0;
      const groups = new Set<string>();
      const facts = function* () {
        for (let index = 0; index < FACTS; index += 1) {
          // One of twenty comes twice.
          const name = index % 20 === 19 ? index - 1 : index;
          const at = new Date(Date.UTC(2026, 8, 1) + (name % 1_000_000) * 1_200);
          const group = `cld-many-${name % MANY}`;
          const quantity = 1 + (name % 9);
          groups.add(group);
          if (name === index) units += quantity;
          yield { marketplace: 'one', group, meter: 'sms', id: `m${name}`, at, quantity };
        }
      };
      const counts: Record<string, number> = {};
      for await (const { result } of usage.recordMany(facts())) counts[result] = (counts[result] ?? 0) + 1;
      expect(counts).toEqual({ recorded: FACTS - FACTS / 20, duplicate: FACTS / 20 });
      expect((trips / FACTS) * 100).toBeLessThanOrEqual(1);
      world.at(NOW);
      const { failed, sealed } = await usage.close();
      expect(failed).toEqual([]);
      expect(sealed.length).toBeGreaterThanOrEqual(groups.size);
      const cents = (await bills.cents()).reduce((sum, one) => sum + one, 0);
      let carried = 0;
      for (const group of groups) {
        const [balance] = await usage.balances({ group });
        carried += Number(balance!.carry);
      }
      expect(cents / 100 + carried).toBeCloseTo(units * 0.0755, 4);
    },
    proveSize(120_000, 3_600_000),
  );

  it(
    'check 9: two processes that close the same companies at once make as many bills as statements',
    async () => {
      await pool.query('delete from bills');
      const groups = Array.from({ length: COMPANIES }, (_, index) => `cld-two-${index}`);
      const world = worldOf();
      for (let round = 0; round < CLOSINGS; round += 1) {
        world.now = Date.UTC(2026, 8 + round, 15);
        const at = new Date(world.now);
        const facts = groups.map((group) => ({
          marketplace: 'one',
          group,
          meter: 'sms',
          id: `r${round}`,
          at,
        }));
        for await (const { result } of operations(world).recordMany(facts)) expect(result).toBe('recorded');
        const due = new Date(Date.UTC(2026, 9 + round, 10)).toISOString();
        await Promise.all([closedBy('', -1, due), closedBy('', -1, due)]);
        expect(await bills.cents()).toHaveLength(COMPANIES * (round + 1));
      }
      for (const group of groups) {
        const statements: string[] = [];
        for await (const { status } of operations(world).statements({ group })) statements.push(status);
        expect(statements).toEqual(Array.from({ length: CLOSINGS }, () => 'billed'));
      }
    },
    stormSize(120_000, 3_600_000),
  );

  it(
    'eight connections record and close the same companies; every statement has its bill, the books agree',
    async () => {
      await pool.query('delete from bills');
      const world = worldOf();
      const groups = Array.from({ length: COMPANIES }, (_, index) => `cld-busy-${index}`);
      const stores = Array.from({ length: CONNECTIONS }, () => operations(world));
      const problems: unknown[] = [];
      let sent = 0;
      for (let round = 0; round < ROUNDS; round += 1) {
        const ids = Array.from({ length: 6 }, (_, index) => `r${round}-${index}`);
        const record = async (usage: UsageOperations): Promise<void> => {
          for (const id of ids) {
            const facts = groups.map((group) => ({
              marketplace: 'one',
              group,
              meter: 'sms',
              id,
              at: new Date(Date.UTC(2026, 8, 2)),
              quantity: 7,
            }));
            for await (const { result } of usage.recordMany(facts)) if (result === 'recorded') sent += 1;
          }
        };
        world.at(round === 0 ? '2026-09-15' : NOW);
        const close = async (usage: UsageOperations): Promise<void> => {
          for (const group of groups) problems.push(...(await usage.close({ group })).failed);
        };
        await Promise.all(stores.map((usage, index) => (index < 5 ? record(usage) : close(usage))));
      }
      world.at(NOW);
      for (const group of groups) problems.push(...(await stores[0]!.close({ group })).failed);
      expect(problems).toEqual([]);
      const cents = (await bills.cents()).reduce((sum, one) => sum + one, 0);
      let carried = 0;
      let statements = 0;
      for (const group of groups) {
        const [balance] = await stores[0]!.balances({ group });
        expect(balance).toMatchObject({ unsent: '0', open: '0' });
        carried += Number(balance!.carry);
        for await (const { status, billed } of stores[0]!.statements({ group })) {
          if (status === 'billed' && billed !== '0') statements += 1;
        }
        const verified = await stores[0]!.verify(
          { marketplace: 'one', group, meter: 'sms' },
          { bills: false },
        );
        expect(verified).toMatchObject({ ok: true });
      }
      expect((await bills.cents()).length).toBe(statements);
      expect(cents / 100 + carried).toBeCloseTo(COMPANIES * ROUNDS * 6 * 7 * 0.0755, 6);
      expect(sent).toBeLessThanOrEqual(COMPANIES * ROUNDS * 6);
    },
    stormSize(120_000, 3_600_000),
  );
});
