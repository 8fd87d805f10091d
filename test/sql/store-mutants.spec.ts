import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { migrateSql } from '../../src/sql/migrations/sql-schema.js';
import { SQL_NOW } from '../../src/sql/sql-dialect.js';
import type { SqlExecutor } from '../../src/sql/sql-executor.js';
import { SqlStore } from '../../src/sql/sql-store.js';
import { storeContract } from '../../src/testing/store-contract.js';
import { isThere, makeDatabase, type TestDatabase } from './support/databases.js';
import { DRIVERS, type OpenedWay } from './support/ways.js';

type Change = (text: string, now: string) => string;

/** Statements of the store with one thing wrong, and the case of the contract that has to find it. */
const MUTANTS: readonly [wrong: string, found: RegExp, change: Change][] = [
  [
    'claims what somebody else holds',
    /setIfAbsent/,
    (text, now) => text.replace(`where e.expires_at <= ${now}`, 'where 1 = 1'),
  ],
  [
    'reads what is over',
    /^expiry: /,
    (text, now) => (text.startsWith('select') ? text.replace(`expires_at > ${now}`, '1 = 1') : text),
  ],
  [
    'takes what is over',
    /^expiry: /,
    (text, now) =>
      text.endsWith('returning entry_value') ? text.replace(`expires_at > ${now}`, '1 = 1') : text,
  ],
  [
    'replaces whatever is there',
    /replace/,
    (text) => text.replace(/and entry_value = (cast\([^)]*\))/, 'and (entry_value = $1 or 1 = 1)'),
  ],
  ['shows the oldest first', /^page: /, (text) => text.replaceAll('desc', 'asc')],
  [
    'takes milliseconds for seconds',
    /^expiry: /,
    (text, now) => text.replaceAll(`${now} + `, `${now} + 1000 * `),
  ],
  [
    'reads a value, and leaves it',
    /take/,
    (text) =>
      text.endsWith('returning entry_value')
        ? text.replace('delete from', 'select entry_value from').replace(' returning entry_value', '')
        : text,
  ],
];

/** The same database, with other statements. */
function changed(
  inner: SqlExecutor,
  change: Change,
): { readonly executor: SqlExecutor; readonly hits: () => number } {
  let hits = 0;
  const now = SQL_NOW[inner.dialect];
  const altered = (text: string): string => {
    const other = change(text, now);
    if (other !== text) hits += 1;
    return other;
  };
  const wrap = (one: SqlExecutor): SqlExecutor => ({
    ...one,
    query: (text, parameters) => one.query(altered(text), parameters),
    execute: (text, parameters) => one.execute(altered(text), parameters),
    transaction: (work) => one.transaction((inside) => work(wrap(inside))),
    within: (transaction) => wrap(one.within(transaction)),
  });
  return { executor: wrap(inner), hits: () => hits };
}

const ON = DRIVERS.filter(({ server }) => ['sqlite', 'postgres'].includes(server) && isThere(server));

describe.each(ON)('the store contract on $library', ({ server, open }) => {
  let database: TestDatabase;
  let way: OpenedWay;

  beforeAll(async () => {
    database = await makeDatabase(server);
    way = await open(database.url);
    await migrateSql(way.executor);
  });
  afterAll(async () => {
    await way.close();
    await database.drop();
  });

  it.each(MUTANTS)('finds a store that %s', async (_wrong, found, change) => {
    const { executor, hits } = changed(way.executor, change);
    const cases = storeContract(() => new SqlStore(executor, { sweepEveryMs: 0 })).filter(({ name }) =>
      found.test(name),
    );
    const outcomes = await Promise.allSettled(cases.map(({ run }) => run()));
    expect(hits()).toBeGreaterThan(0);
    expect(outcomes.filter(({ status }) => status === 'rejected').length).toBeGreaterThan(0);
  });
});
