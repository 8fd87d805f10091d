import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { MemoryStore } from '../../src/index.js';
import { migrateSql } from '../../src/sql/migrations/sql-schema.js';
import { SqlStore } from '../../src/sql/sql-store.js';
import type { MaestranoStore } from '../../src/stores/maestrano-store.js';
import { testApplication, type TestApplication } from '../support/application.js';
import { consoleModule, Operator, type SeenPage } from '../support/console.js';
import { stormSize } from '../support/sizes.js';
import { isThere, makeDatabase, type TestDatabase } from './support/databases.js';
import { DRIVERS, type OpenedWay } from './support/ways.js';

/** Entries of the audit log: `npm run storm -- console-pages` writes a million. */
const ROWS = stormSize(20_000, 1_000_000);
const BATCH = 1_000;
/** What a page may take of the server's time, in milliseconds; beside other suites it is measured with slack. */
const BOUND = stormSize(1_000, 200);
const DAY = 86_400_000;

/** Writes entries as the audit log does, some milliseconds apart. */
async function fill(store: MaestranoStore, rows: number): Promise<void> {
  const end = Date.now();
  for (let from = 0; from < rows; from += BATCH) {
    const some = Array.from({ length: Math.min(BATCH, rows - from) }, (_one, index) => {
      const number = from + index;
      const at = end - (rows - number) * 10;
      const id = `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`;
      const entry = {
        id,
        at: new Date(at).toISOString(),
        who: `Person ${number % 7}`,
        role: number % 3 === 0 ? 'money' : 'replay',
        action: 'charges/settle',
        what: 'Settled a charge',
        on: `sms/${number} on acme`,
        outcome: number % 50 === 0 ? 'refused' : 'done',
        text: 'Settled.',
      };
      return {
        key: `console-audit:${id}`,
        value: JSON.stringify(entry),
        ttlMs: DAY,
        index: { name: 'console-audit:all', at },
      };
    });
    await store.writeMany(some);
  }
}

function timeOf(page: SeenPage): number {
  return Number(/dur=([\d.]+)/.exec(page.headers.get('server-timing') ?? '')?.[1]);
}

/** The quickest of five looks: what the page costs, not what else the machine does. */
async function costOf(operator: Operator, path: string): Promise<number> {
  const times: number[] = [];
  for (let look = 0; look < 5; look += 1) {
    const page = await operator.open(path);
    expect([path, page.status]).toEqual([path, 200]);
    times.push(timeOf(page));
  }
  return Math.min(...times);
}

async function check(store: MaestranoStore, name: string, rows: number): Promise<void> {
  await fill(store, rows);
  let app: TestApplication | null = null;
  try {
    app = await testApplication({
      options: { store },
      imports: [consoleModule({ maxEntries: 10_000_000 })],
    });
    const operator = new Operator(`${app.base}/maestrano/console`);
    const first = await operator.open('/audit');
    expect(first.words).toContain(`sms/${rows - 1} on acme`);
    let deep = first;
    for (let n = 0; n < 20; n += 1) deep = await operator.follow(deep, 'Older');
    const costs: Record<string, number> = {};
    for (const [what, path] of Object.entries({
      first: '/audit',
      deep: new URL(deep.url).href.slice(operator.base.length),
      filtered: '/audit?outcome=refused',
      'of nobody': '/audit?q=nobody-at-all',
      charges: '/charges',
      overview: '',
    })) {
      costs[what] = await costOf(operator, path);
    }
    console.info(
      `${name}, ${rows} entries: ${Object.entries(costs)
        .map(([what, ms]) => `${what} ${ms.toFixed(0)} ms`)
        .join(', ')}.`,
    );
    expect(Object.entries(costs).filter(([, ms]) => ms >= BOUND)).toEqual([]);
  } finally {
    await app?.close();
  }
}

describe.each(DRIVERS.filter(({ server }) => isThere(server)))(
  'pages of the console over many rows, on $server',
  ({ server, open }) => {
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

    it(
      `take less than ${BOUND} ms of the server's time`,
      () => check(new SqlStore(way.executor), server, ROWS),
      stormSize(60_000, 900_000),
    );
  },
);

describe('pages of the console over many rows, in memory', () => {
  it(`take less than ${BOUND} ms of the server's time, with as many as the store keeps`, async () => {
    await check(new MemoryStore(), 'memory', stormSize(20_000, 50_000));
  }, 120_000);
});
