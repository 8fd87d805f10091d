import { writeSync } from 'node:fs';
import { createRequire } from 'node:module';

import type BetterSqlite from 'better-sqlite3';
import type mysql from 'mysql2/promise';
import type pg from 'pg';

import { mysql2Executor } from '../../../src/sql/executors/mysql2-executor.js';
import { pgExecutor } from '../../../src/sql/executors/pg-executor.js';
import { sqliteExecutor } from '../../../src/sql/executors/sqlite-executor.js';
import type { SqlExecutor } from '../../../src/sql/sql-executor.js';
import { usageStoreWork } from '../../../src/testing/usage-store-contract-kills.js';
import { SqlUsageStore } from '../../../src/usage/sql/sql-usage-store.js';

/** One process that records and seals until it is killed, for the contract of stores; each line is written when it is true. */
const { DATABASE_URL = '', SERVER = '', SQL_PACKAGES = '', SERIES = '' } = process.env;
// It runs from a folder that has none of them.
const load = createRequire(SQL_PACKAGES);

function open(): SqlExecutor {
  if (SERVER === 'postgres') {
    const { Pool } = load('pg') as typeof pg;
    return pgExecutor(new Pool({ connectionString: DATABASE_URL, max: 2 }));
  }
  if (SERVER === 'mariadb') {
    const { createPool } = load('mysql2/promise') as typeof mysql;
    return mysql2Executor(createPool({ uri: DATABASE_URL, connectionLimit: 2 }));
  }
  const Database = load('better-sqlite3') as typeof BetterSqlite;
  return sqliteExecutor(new Database(DATABASE_URL, { timeout: 50 }));
}

await usageStoreWork(new SqlUsageStore(open()), SERIES, (line) => void writeSync(1, `${line}\n`));
