import { createRequire } from 'node:module';

import type pg from 'pg';

import { pgExecutor } from '../../../src/sql/executors/pg-executor.js';
import { SqlUsageStore } from '../../../src/usage/sql/sql-usage-store.js';
import type { UsageStore } from '../../../src/usage/store/usage-store.js';
import { UsageOperations } from '../../../src/usage/usage-operations.js';
import { BillsTable, KILLED_METERS } from '../../support/usage/bills-table.js';
import { UsageWorld } from '../../support/usage/usage-world.js';

/**
 * One process that closes a company's usage, and kills itself with SIGKILL at one of the moments at which it waits: before or
 * after a call to the store or the marketplace. Prints its calls where it comes to its end.
 */
const { DATABASE_URL = '', SQL_PACKAGES = '', GROUP = '', NOW = '', KILL_AT = '-1' } = process.env;
// It runs from a folder that has none of them.
const { Pool } = createRequire(SQL_PACKAGES)('pg') as typeof pg;

const pool = new Pool({ connectionString: DATABASE_URL, max: 2 });
const executor = pgExecutor(pool);
const moments: string[] = [];

function reached(moment: string): void {
  if (moments.length === Number(KILL_AT)) process.kill(process.pid, 'SIGKILL');
  moments.push(moment);
}

/** The same object, which may die before and after each of its calls. */
function watched<T extends object>(of: T, what: string): T {
  return new Proxy(of, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name);
      if (typeof value !== 'function') return value;
      return async (...given: unknown[]): Promise<unknown> => {
        reached(`before ${what}.${String(name)}`);
        const result: unknown = await Reflect.apply(value, target, given);
        reached(`after ${what}.${String(name)}`);
        return result;
      };
    },
  });
}

const world = new UsageWorld({ meters: KILLED_METERS, now: NOW });
const store: UsageStore = watched(new SqlUsageStore(executor), 'store');
const billing = watched(new BillsTable(executor), 'marketplace');
await new UsageOperations(world.contextOn(store, billing)).close({ group: GROUP });
process.stdout.write(JSON.stringify(moments));
await pool.end();
