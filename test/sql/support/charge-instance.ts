import 'reflect-metadata';

import { createRequire } from 'node:module';

import type pg from 'pg';

import { normaliseMarketplaces } from '../../../src/marketplace/marketplace-normaliser.js';
import { pgExecutor } from '../../../src/sql/executors/pg-executor.js';
import { SqlStore } from '../../../src/sql/sql-store.js';
import { accountClients } from '../../support/account/account-clients.js';

/**
 * One instance of an application that may be killed at any moment: makes the charges that it is told, each once for its
 * key, and says which are made. What failed is told as such, and told to it again.
 */
const { DATABASE_URL = '', MARKETPLACES = '[]', SQL_PACKAGES = '', GROUP = '' } = process.env;
// It runs from a folder that has none of them.
const { Pool } = createRequire(SQL_PACKAGES)('pg') as typeof pg;

const pool = new Pool({ connectionString: DATABASE_URL, max: 8, connectionTimeoutMillis: 3_000 });
pool.on('error', () => undefined);
const { billing } = accountClients({
  marketplaces: normaliseMarketplaces(JSON.parse(MARKETPLACES) as object[]).marketplaces.slice(0, 1),
  store: new SqlStore(pgExecutor(pool), { timeoutMs: 3_000 }),
  http: { timeoutMs: 5_000, breaker: false },
  account: { createOnce: { settleMs: 1_000, deadlineMs: 8_000 } },
});

process.on('message', (key: string) => {
  const charge = {
    groupId: GROUP,
    priceCents: 100 + Number(key.split('-')[1]),
    description: `Charge ${key}`,
  };
  billing.bills.createOnce(key, charge).then(
    ({ id }) => process.send?.({ key, id }),
    (error: { readonly code?: unknown }) => process.send?.({ key, code: String(error.code) }),
  );
});
process.send?.({ key: '', id: '' });
