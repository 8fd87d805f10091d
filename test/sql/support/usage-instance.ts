import { createRequire } from 'node:module';

import type pg from 'pg';

import { pgExecutor } from '../../../src/sql/executors/pg-executor.js';
import type { SqlExecutor } from '../../../src/sql/sql-executor.js';
import { SqlUsageStore } from '../../../src/usage/sql/sql-usage-store.js';
import type { UsageStore } from '../../../src/usage/store/usage-store.js';
import { UsageOperations } from '../../../src/usage/usage-operations.js';
import { BillsTable, KILLED_METERS } from '../../support/usage/bills-table.js';
import { UsageWorld } from '../../support/usage/usage-world.js';
import { watchedCalls } from '../../support/usage/watched-calls.js';

/**
 * One process that closes the usage of a company, or of all, and kills itself with SIGKILL at one of the moments at which it
 * waits: before or after a call to the store or the marketplace, and a statement to the database. Prints these moments where
 * it comes to its end.
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

/** The same executor, whose statements are such moments, in a transaction as outside. */
function watchedStatements(of: SqlExecutor): SqlExecutor {
  const watched = async <T>(text: string, result: Promise<T>): Promise<T> => {
    await result;
    reached(`after ${text.trim().split(/\s+/, 4).join(' ')}`);
    return result;
  };
  return {
    ...of,
    query: (text, parameters) => watched(text, of.query(text, parameters)),
    execute: (text, parameters) => watched(text, of.execute(text, parameters)),
    transaction: (work) =>
      watched(
        'commit',
        of.transaction((inside) => work(watchedStatements(inside))),
      ),
  };
}

const world = new UsageWorld({ meters: KILLED_METERS, now: NOW });
const store: UsageStore = watchedCalls(new SqlUsageStore(watchedStatements(executor)), 'store', reached);
const billing = watchedCalls(new BillsTable(executor), 'marketplace', reached);
await new UsageOperations(world.contextOn(store, billing)).close(GROUP === '' ? {} : { group: GROUP });
process.stdout.write(JSON.stringify(moments));
await pool.end();
