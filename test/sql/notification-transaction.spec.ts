import { setTimeout as pause } from 'node:timers/promises';

import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';

import {
  ConnecHandler,
  type ConnecNotificationContext,
  ConnecNotifications,
  ConnecTransaction,
} from '../../src/index.js';
import { migrateSql } from '../../src/sql/migrations/sql-schema.js';
import type { SqlDialect, SqlExecutor } from '../../src/sql/sql-executor.js';
import { SqlStore } from '../../src/sql/sql-store.js';
import { numberOf, textOf } from '../../src/sql/sql-values.js';
import { testApplication } from '../support/application.js';
import { type BootedApp, HTTP_ADAPTERS, type HttpAdapterName } from '../support/http-adapters.js';
import { basicOf, marketplaceInput } from '../support/marketplaces.js';
import { isThere, makeDatabase, type TestDatabase } from './support/databases.js';
import { DRIVERS, type OpenedWay, WAYS } from './support/ways.js';

type Entity = Readonly<Record<string, unknown>>;

/** Where the handlers write. */
let executor: SqlExecutor;
let failing = new Set<string>();
let afterWrite: (context: ConnecNotificationContext) => Promise<void> = async () => undefined;
let contexts: ConnecNotificationContext[] = [];

async function write(handler: string, entity: Entity, context: ConnecNotificationContext): Promise<void> {
  const inside = executor.within(context.tx);
  const [one, two] = inside.dialect === 'postgres' ? ['$1', '$2'] : ['?', '?'];
  await inside.execute(`insert into written (handler, record) values (${one}, ${two})`, [
    handler,
    String(entity.id),
  ]);
  contexts.push(context);
  await afterWrite(context);
  if (failing.has(handler)) throw new Error(`${handler} is broken`);
}

@Injectable()
class Listener {
  @ConnecHandler('invoices', 'people')
  @ConnecTransaction()
  onInvoice(entity: Entity, context: ConnecNotificationContext): Promise<void> {
    return write('first', entity, context);
  }

  @ConnecHandler('people')
  plain(entity: Entity, { tx }: ConnecNotificationContext): void {
    if (tx !== undefined) throw new Error('a transaction that nobody asked for');
    if (failing.has('plain')) throw new Error(`${String(entity.id)} is broken`);
  }

  @ConnecHandler('people')
  @ConnecTransaction()
  last(entity: Entity, context: ConnecNotificationContext): Promise<void> {
    return write('last', entity, context);
  }

  @ConnecHandler('company')
  quick(): void {}
}

const NUMBER: Readonly<Record<SqlDialect, string>> = {
  postgres: 'text',
  mysql: 'varchar(100)',
  sqlite: 'text',
};
let ids = 0;
const invoice = (more: Entity = {}): Entity => ({
  id: `record-${(ids += 1)}`,
  group_id: 'cld-1',
  updated_at: '2026-01-01T00:00:00Z',
  ...more,
});

async function written(record: unknown): Promise<string[]> {
  const rows = await executor.query('select handler, record from written order by handler', []);
  return rows.filter((row) => textOf(row, 'record') === record).map((row) => textOf(row, 'handler'));
}

async function post(app: BootedApp, body: unknown): Promise<number> {
  const { status } = await fetch(`${app.url}/maestrano/connec/notifications/one`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: basicOf('one') },
    body: JSON.stringify(body),
  });
  return status;
}

const LIBRARIES = WAYS.filter(
  ({ server, library }) => isThere(server) && server !== 'pgbouncer' && library !== 'pg Client',
);

describe.each(LIBRARIES)(
  'a handler in a transaction, with $library on $server',
  ({ server, open, library }) => {
    let database: TestDatabase;
    let way: OpenedWay;
    let store: SqlStore;
    // Every library on one adapter, the drivers on both.
    const adapters = DRIVERS.some((driver) => driver.library === library)
      ? HTTP_ADAPTERS
      : (['express'] as const);

    beforeAll(async () => {
      database = await makeDatabase(server);
      way = await open(database.url);
      ({ executor } = way);
      await migrateSql(executor);
      const text = NUMBER[executor.dialect];
      await executor.execute(`create table written (handler ${text}, record ${text})`, []);
      store = new SqlStore(executor, { sweepEveryMs: 0 });
    });
    afterAll(async () => {
      await way.close();
      await database.drop();
    });

    describe.each(adapters)('on %s', (httpAdapter: HttpAdapterName) => {
      let app: BootedApp;
      const stats = () => app.app.get(ConnecNotifications, { strict: false }).stats;

      beforeAll(async () => {
        app = await testApplication({
          httpAdapter,
          options: {
            marketplaces: [marketplaceInput('one')],
            store,
            connec: { notifications: { leaseMs: 60_000 } },
          },
          providers: [Listener],
        });
      });
      afterAll(() => app.close());
      beforeEach(() => {
        executor = way.executor;
        failing = new Set();
        contexts = [];
        afterWrite = async () => undefined;
      });

      it('keeps what it writes together with the note that it was handled', async () => {
        const entity = invoice();
        expect(await post(app, { invoices: [entity] })).toBe(200);
        expect(await written(entity.id)).toEqual(['first']);
        const { duplicates } = stats();
        expect(await post(app, { invoices: [entity] })).toBe(200);
        expect(stats().duplicates).toBe(duplicates + 1);
        expect(await written(entity.id)).toEqual(['first']);
        expect(contexts[0]!.tx).toBeUndefined();
      });

      it('keeps nothing when it throws, and is repeated', async () => {
        const entity = invoice();
        failing.add('first');
        expect(await post(app, { invoices: [entity] })).toBeGreaterThanOrEqual(500);
        expect(await written(entity.id)).toEqual([]);
        failing.clear();
        expect(await post(app, { invoices: [entity] })).toBe(200);
        expect(await written(entity.id)).toEqual(['first']);
      });

      it('keeps nothing when another instance took over the record meanwhile', async () => {
        const entity = invoice();
        afterWrite = async () => {
          afterWrite = async () => undefined;
          const key = `delivery:{one/cld-1}:invoices:${String(entity.id)}`;
          // On one connection another instance cannot write while the transaction is open.
          const elsewhere =
            server === 'sqlite' ? store.within(executor.within(contexts[0]!.tx).native) : store;
          await elsewhere.set(key, `;${Date.now()},,other:1;;`, 60_000);
        };
        expect(await post(app, { invoices: [entity] })).toBeGreaterThanOrEqual(500);
        expect(await written(entity.id)).toEqual([]);
      });

      it('notes each handler by itself, and runs only those that are not done', async () => {
        const entity = invoice();
        failing.add('plain');
        expect(await post(app, { people: [entity] })).toBeGreaterThanOrEqual(500);
        expect(await written(entity.id)).toEqual(['first', 'last']);
        failing.clear();
        expect(await post(app, { people: [entity] })).toBe(200);
        expect(await written(entity.id)).toEqual(['first', 'last']);

        const other = invoice();
        failing.add('last');
        expect(await post(app, { people: [other] })).toBeGreaterThanOrEqual(500);
        expect(await written(other.id)).toEqual(['first']);
        failing.clear();
        expect(await post(app, { people: [other] })).toBe(200);
        expect(await written(other.id)).toEqual(['first', 'last']);
      });

      it('handles two versions of a record in their order', async () => {
        const older = invoice();
        const newer = { ...older, updated_at: '2026-01-02T00:00:00Z' };
        expect(await post(app, { invoices: [older, newer] })).toBe(200);
        expect(await written(older.id)).toEqual(['first', 'first']);
      });
    });

    it('keeps its lease while it runs longer than that', async () => {
      const app = await testApplication({
        options: {
          marketplaces: [marketplaceInput('one')],
          store,
          connec: { notifications: { leaseMs: 1_000 } },
        },
        providers: [Listener],
      });
      executor = way.executor;
      afterWrite = () => pause(1_500);
      const entity = invoice();
      expect(await post(app, { invoices: [entity] })).toBe(200);
      expect(await written(entity.id)).toEqual(['first']);
      afterWrite = async () => undefined;
      await app.close();
    });
  },
);

describe('a handler that asks for a transaction', () => {
  it('has the application not start where the store has none', async () => {
    const starting = testApplication({ providers: [Listener] });
    await expect(starting).rejects.toMatchObject({
      code: 'connec.handler',
      message: expect.stringContaining('Listener.onInvoice'),
    });
  });
});

describe.each(DRIVERS.filter(({ server }) => isThere(server)))(
  '200 records with $library',
  ({ server, open }) => {
    it('cost a handful of round trips', async () => {
      const database = await makeDatabase(server);
      const way = await open(database.url);
      await migrateSql(way.executor);
      let sent = 0;
      /** What is sent while something else is under way does not count. */
      const counting = (inner: SqlExecutor): SqlExecutor => {
        let underWay = 0;
        const counted = async <T>(work: () => Promise<T>): Promise<T> => {
          if (underWay === 0) sent += 1;
          underWay += 1;
          try {
            return await work();
          } finally {
            underWay -= 1;
          }
        };
        return {
          ...inner,
          query: (text, parameters) => counted(() => inner.query(text, parameters)),
          execute: (text, parameters) => counted(() => inner.execute(text, parameters)),
          transaction: (work) => {
            // Begin and commit.
            sent += server === 'sqlite' ? 0 : 2;
            return inner.transaction((inside) => work(counting(inside)));
          },
        };
      };
      const app = await testApplication({
        options: {
          marketplaces: [marketplaceInput('one')],
          store: new SqlStore(counting(way.executor), { sweepEveryMs: 0 }),
        },
        providers: [Listener],
      });
      sent = 0;
      const company = Array.from({ length: 200 }, (_, n) => invoice({ group_id: `cld-${n % 2}` }));
      expect(await post(app, { company })).toBe(200);
      expect(sent).toBeLessThanOrEqual(server === 'mariadb' ? 10 : 3);
      const rows = await way.executor.query(
        "select count(*) as n from maestrano_entry where entry_key like 'delivery%'",
        [],
      );
      expect(numberOf(rows[0], 'n')).toBe(200);
      await app.close();
      await way.close();
      await database.drop();
    });
  },
);
