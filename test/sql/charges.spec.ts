import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { normaliseMarketplaces } from '../../src/marketplace/marketplace-normaliser.js';
import type { Marketplace } from '../../src/interfaces/marketplace.interface.js';
import { startSandbox, type Sandbox } from '../../src/sandbox/index.js';
import { migrateSql } from '../../src/sql/migrations/sql-schema.js';
import { SqlStore } from '../../src/sql/sql-store.js';
import { textOf } from '../../src/sql/sql-values.js';
import { type AccountClients, accountClients } from '../support/account/account-clients.js';
import { isThere, makeDatabase, type TestDatabase } from './support/databases.js';
import { type OpenedWay, WAYS } from './support/ways.js';

const LIBRARIES = WAYS.filter(
  ({ server, library }) => isThere(server) && server !== 'pgbouncer' && library !== 'pg Client',
);

let sandbox: Sandbox;
let marketplace: Marketplace;

beforeAll(async () => {
  sandbox = await startSandbox({ scenario: 'demo', seed: 4 });
  [marketplace] = normaliseMarketplaces(sandbox.options.marketplaces).marketplaces as [Marketplace];
});
afterAll(() => sandbox.close());

const aGroup = () => sandbox.build.group(marketplace.name, { uid: `cld-${(groups += 1)}`, name: 'A group' });
let groups = 9_000;

describe.each(LIBRARIES)('charges with $library on $server', ({ server, open }) => {
  let database: TestDatabase;
  let way: OpenedWay;
  let store: SqlStore;
  const instances: AccountClients[] = [];
  let keys = 0;

  let groupId = '';
  const charge = (more: object = {}) => ({
    groupId,
    priceCents: 1_000 + keys,
    description: `Charge ${keys}`,
    ...more,
  });
  const bills = () => instances[0]!.billing.bills;
  const charged = (description: string) =>
    sandbox.state.bills.list().filter((bill) => bill.groupId === groupId && bill.description === description);

  beforeAll(async () => {
    database = await makeDatabase(server);
    way = await open(database.url);
    await migrateSql(way.executor);
    store = new SqlStore(way.executor, { sweepEveryMs: 0 });
    groupId = aGroup().uid;
    for (let instance = 0; instance < 2; instance += 1) {
      instances.push(accountClients({ marketplaces: [marketplace], store }));
    }
  });
  afterAll(async () => {
    for (const instance of instances) await instance.close();
    await way.close();
    await database.drop();
  });

  it('are remembered without a time to live', async () => {
    const key = `key-${(keys += 1)}`;
    const { id } = await bills().createOnce(key, charge());
    expect((await bills().createOnce(key, charge())).id).toBe(id);
    const kept = await way.executor.query('select entry_key, expires_at from maestrano_entry', []);
    const ledger = kept.filter((row) => textOf(row, 'entry_key').startsWith('ledger-key'));
    expect(ledger.map((row) => Number(row['expires_at']) > 4e15)).toEqual([true]);
  });

  it('are recorded in a transaction of the application, and made after it', async () => {
    const key = `key-${(keys += 1)}`;
    const input = charge();
    const result = await way.transact((tx) => bills().createOnce(key, input, { tx }));
    expect(result).toBeNull();
    expect(charged(input.description)).toHaveLength(0);

    // Both instances at once, and once more.
    const [one, two] = await Promise.all(instances.map(({ billing }) => billing.bills.createRecorded()));
    expect([...one!.failed, ...two!.failed]).toEqual([]);
    expect(new Set([...one!.created, ...two!.created].map(({ description }) => description))).toEqual(
      new Set([input.description]),
    );
    expect(await bills().createRecorded()).toEqual({ created: [], failed: [] });
    expect(charged(input.description)).toHaveLength(1);
  });

  it('are made by the plain call, too, which ends the record', async () => {
    const key = `key-${(keys += 1)}`;
    const input = charge();
    await way.transact((tx) => bills().createOnce(key, input, { tx }));
    await bills().createOnce(key, input);
    expect(await bills().createRecorded()).toEqual({ created: [], failed: [] });
    expect(charged(input.description)).toHaveLength(1);
  });

  it('stay recorded when the key was used for a charge with other contents, until somebody decides', async () => {
    const key = `key-${(keys += 1)}`;
    const input = charge();
    await bills().createOnce(key, input);
    await way.transact((tx) => bills().createOnce(key, { ...input, priceCents: 1 }, { tx }));
    await bills().createOnce(key, input);
    const { failed } = await bills().createRecorded();
    expect(failed).toEqual([{ key, error: expect.objectContaining({ code: 'account.keyConflict' }) }]);
    await bills().settleOnce(key, null);
    expect(await bills().createRecorded()).toEqual({ created: [], failed: [] });
    expect(charged(input.description)).toHaveLength(1);
  });

  it('never were when the transaction rolled back', async () => {
    const key = `key-${(keys += 1)}`;
    const input = charge();
    const failing = way.transact(async (tx) => {
      await bills().createOnce(key, input, { tx });
      throw new Error('enough');
    });
    await expect(failing).rejects.toThrow('enough');
    expect(await bills().createRecorded()).toEqual({ created: [], failed: [] });
    expect(charged(input.description)).toHaveLength(0);
  });

  it('are one for a key: recorded again they are the same, with other contents a conflict', async () => {
    const key = `key-${(keys += 1)}`;
    const input = charge();
    await way.transact((tx) => bills().createOnce(key, input, { tx }));
    await way.transact((tx) => bills().createOnce(key, input, { tx }));
    const other = way.transact((tx) => bills().createOnce(key, { ...input, priceCents: 1 }, { tx }));
    await expect(other).rejects.toMatchObject({ code: 'account.keyConflict' });
    await bills().settleOnce(key, null);
    expect(await bills().createRecorded()).toEqual({ created: [], failed: [] });
  });

  if (server === 'mariadb') {
    it('are the same when somebody recorded one after the transaction had begun to read', async () => {
      const key = `key-${(keys += 1)}`;
      const input = charge();
      const record = (tx: unknown, more: object = {}) =>
        bills().createOnce(key, { ...input, ...more }, { tx });
      await way.transact(async (tx) => {
        await way.executor.within(tx).query('select count(*) as n from maestrano_entry', []);
        await way.transact((other) => record(other));
        expect(await record(tx)).toBeNull();
        await expect(record(tx, { priceCents: 1 })).rejects.toMatchObject({ code: 'account.keyConflict' });
      });
      expect((await bills().createRecorded()).created).toHaveLength(1);
      expect(charged(input.description)).toHaveLength(1);
    });
  }

  it('stay recorded while the marketplace rejects them, with the reason', async () => {
    const key = `key-${(keys += 1)}`;
    const input = charge({ groupId: 'cld-nobody' });
    await way.transact((tx) => bills().createOnce(key, input, { tx }));
    const { created, failed } = await bills().createRecorded();
    expect(created).toEqual([]);
    expect(failed).toEqual([{ key, error: expect.objectContaining({ code: 'account.invalidRequest' }) }]);
    await bills().settleOnce(key, null);
    expect(await bills().createRecorded()).toEqual({ created: [], failed: [] });
  });

  it('are checked before anything is recorded', async () => {
    const wrong = way.transact((tx) => bills().createOnce('key', { ...charge(), priceCents: -1 }, { tx }));
    await expect(wrong).rejects.toMatchObject({ code: 'account.invalidInput' });
    await expect(bills().createOnce('key', charge(), { tx: undefined })).rejects.toMatchObject({
      code: 'sql.transaction',
    });
    expect(await bills().createRecorded()).toEqual({ created: [], failed: [] });
  });
});

describe('charges in a transaction without a database', () => {
  it('are rejected, and nothing is sent', async () => {
    const clients = accountClients({ marketplaces: [marketplace] });
    const input = { groupId: aGroup().uid, priceCents: 77, description: 'Nowhere' };
    await expect(clients.billing.bills.createOnce('key', input, { tx: {} })).rejects.toMatchObject({
      code: 'store.noTransactions',
    });
    expect(sandbox.state.bills.list().filter(({ description }) => description === 'Nowhere')).toEqual([]);
    await clients.close();
  });
});
