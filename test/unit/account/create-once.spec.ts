import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { mayComeFrom } from '../../../src/account/fields.js';
import { type Bill, BILL_FIELDS } from '../../../src/account/resources/bill.js';
import { RECURRING_BILL_FIELDS } from '../../../src/account/resources/recurring-bill.js';
import { MaestranoCreationError } from '../../../src/errors/account.error.js';
import { MemoryStore } from '../../../src/stores/memory-store.js';
import { type AccountClients, accountClients } from '../../support/account/account-clients.js';
import { errorOf } from '../../support/error-of.js';
import { registeredMarketplace } from '../../support/marketplaces.js';
import { type Responder, ScriptedServer } from '../http/scripted-server.js';

const UNDECIDED = { name: 'MaestranoCreationError', code: 'account.undecided' };
const BILL = { groupId: 'cld-1', priceCents: 2000, description: 'SMS credits' };

/** What becomes of one creation. */
type Fate = 'answer' | 'drop' | 'lose' | 'refuse' | 'late' | 'unauthorised';

let server: ScriptedServer;
let store: MemoryStore;
const open: AccountClients[] = [];
let bills: Record<string, unknown>[];
let fates: Fate[];

beforeEach(async () => {
  server = await new ScriptedServer().start();
  store = new MemoryStore();
  bills = [];
  fates = [];
  server.respond = marketplace;
});

afterEach(async () => {
  await Promise.all(open.splice(0).map((clients) => clients.close()));
  await server.stop();
});

/** A marketplace that keeps bills, and treats each creation as the next of `fates` says. */
const marketplace: Responder = (request, response, raw) => {
  const send = (status: number, body: unknown): void =>
    void response.writeHead(status).end(JSON.stringify(body));
  const success = (data: unknown): void => send(200, { success: true, errors: {}, data });
  if (request.method === 'GET') {
    const id = /bills\/([\w-]+)$/.exec(request.url)?.[1];
    return success(id ? bills.find((bill) => bill.id === id) : bills);
  }
  const apply = (): void => {
    bills.push({
      id: `bill-${bills.length + 1}`,
      ...(JSON.parse(request.body) as object),
      status: 'submitted',
    });
  };
  const fate = fates.shift() ?? 'answer';
  if (fate === 'lose') return void raw.socket.destroy();
  if (fate === 'refuse')
    return send(400, { success: false, errors: { group_id: ['does not exist'] }, data: {} });
  if (fate === 'unauthorised') return send(401, { success: false, errors: {}, data: {} });
  // The client gives up, and only then the request is carried out.
  if (fate === 'late') return void raw.socket.once('close', apply);
  apply();
  if (fate === 'drop') return void raw.socket.destroy();
  success(bills.at(-1));
};

function application(settleMs = 200, deadlineMs = 10_000): AccountClients {
  const clients = accountClients({
    marketplaces: [registeredMarketplace('acme', { api: { host: server.url } })],
    store,
    http: { timeoutMs: 300 },
    account: { createOnce: { settleMs, deadlineMs } },
  });
  open.push(clients);
  return clients;
}

const creations = (): number => server.seen.filter(({ method }) => method === 'POST').length;

describe('createOnce', () => {
  it('makes one charge and returns it ever after, from any instance', async () => {
    const first = await application().billing.bills.createOnce('invoice-1', BILL);
    const again = await application().billing.bills.createOnce('invoice-1', { ...BILL });
    expect(first.id).toBe('bill-1');
    expect(again.id).toBe('bill-1');
    expect(bills).toHaveLength(1);
    expect(creations()).toBe(1);
  });

  it('makes one charge for many calls at once', async () => {
    const instances = [application(), application()];
    const made = await Promise.all(
      Array.from({ length: 10 }, (_unused, index) =>
        instances[index % 2]!.billing.bills.createOnce('k', BILL),
      ),
    );
    expect(new Set(made.map(({ id }) => id)).size).toBe(1);
    expect(creations()).toBe(1);
  });

  it('keeps keys of bills, recurring bills and marketplaces apart', async () => {
    const { billing } = application();
    await billing.bills.createOnce('k', BILL);
    await billing.recurringBills.createOnce('k', BILL);
    await billing
      .for(registeredMarketplace('other', { api: { host: server.url } }))
      .bills.createOnce('k', BILL);
    expect(creations()).toBe(3);
  });

  it('finds a charge whose response was dropped, and sends nothing again', async () => {
    bills.push({ id: 'bill-0', group_id: 'cld-1', price_cents: 2000, description: 'SMS credits' });
    fates = ['drop'];
    expect((await application().billing.bills.createOnce('k', BILL)).id).toBe('bill-2');
    expect(creations()).toBe(1);
  });

  it('sends again what was lost, after the settling', async () => {
    fates = ['lose', 'lose'];
    expect((await application().billing.bills.createOnce('k', BILL)).id).toBe('bill-1');
    expect(creations()).toBe(3);
    expect(bills).toHaveLength(1);
  });

  it('waits for a request that arrives when everybody has given it up', async () => {
    fates = ['late'];
    expect((await application(2_000).billing.bills.createOnce('k', BILL)).id).toBe('bill-1');
    expect(creations()).toBe(1);
    expect(bills).toHaveLength(1);
  });

  it('gives equal charges that came to light to the keys that wait for them, one each', async () => {
    fates = ['drop', 'drop', 'drop'];
    const instances = [application(), application()];
    const made = await Promise.all(
      ['a', 'b', 'c', 'd'].map((key, index) => instances[index % 2]!.billing.bills.createOnce(key, BILL)),
    );
    expect(made.map(({ id }) => id).sort()).toEqual(['bill-1', 'bill-2', 'bill-3', 'bill-4']);
    expect(bills).toHaveLength(4);
  });

  it('says so when time is over before it is certain, and goes on with the next call', async () => {
    fates = ['lose'];
    const error = await errorOf(
      application(60_000, 300).billing.bills.createOnce('k', BILL),
      MaestranoCreationError,
    );
    expect(error).toMatchObject({ code: 'account.undecided', candidates: [], marketplace: 'acme' });
    expect(error.cause).toMatchObject({ code: 'http.connection', sent: 'maybe' });

    bills.push({ id: 'bill-late', group_id: 'cld-1', price_cents: 2000, description: 'SMS credits' });
    expect((await application(60_000).billing.bills.createOnce('k', BILL)).id).toBe('bill-late');
    expect(creations()).toBe(1);
  });

  it('names the candidates when more charges appeared than were sent, and lets a human decide', async () => {
    fates = ['lose'];
    const { billing } = application(60_000, 300);
    await expect(billing.bills.createOnce('k', BILL)).rejects.toMatchObject(UNDECIDED);
    bills.push(
      { id: 'bill-x', group_id: 'cld-1', price_cents: 2000, description: 'SMS credits' },
      { id: 'bill-y', group_id: 'cld-1', price_cents: 2000, description: 'SMS credits' },
    );
    await expect(billing.bills.createOnce('k', BILL)).rejects.toMatchObject({
      candidates: ['bill-x', 'bill-y'],
    });
    await billing.bills.settleOnce('k', 'bill-y');
    expect((await billing.bills.createOnce('k', BILL)).id).toBe('bill-y');
    expect(creations()).toBe(1);
  });

  it('rejects what a human names that cannot be it: there before, or the charge of another key', async () => {
    bills.push({ id: 'bill-old', group_id: 'cld-1', price_cents: 2000, description: 'SMS credits' });
    fates = ['lose'];
    const { billing } = application(60_000, 300);
    await expect(billing.bills.createOnce('k', BILL)).rejects.toMatchObject(UNDECIDED);
    const other = await billing.bills.createOnce('other', { ...BILL, description: 'Another' });
    for (const id of ['bill-old', other.id]) {
      await expect(billing.bills.settleOnce('k', id)).rejects.toMatchObject({
        code: 'account.invalidInput',
        fields: { chargeId: [expect.stringContaining('another key')] },
      });
    }
    await billing.bills.settleOnce('k', null);
  });

  it('sends again when a human says that nothing was made', async () => {
    fates = ['lose'];
    const { billing } = application(60_000, 300);
    await expect(billing.bills.createOnce('k', BILL)).rejects.toMatchObject(UNDECIDED);
    await billing.bills.settleOnce('k', null);
    expect((await billing.bills.createOnce('k', BILL)).id).toBe('bill-1');
    await expect(billing.bills.settleOnce('k', null)).rejects.toMatchObject({ code: 'account.invalidInput' });
  });

  it('forgets the key when the marketplace rejects the charge', async () => {
    fates = ['refuse', 'unauthorised'];
    const { bills: charges } = application().billing;
    await expect(charges.createOnce('k', BILL)).rejects.toMatchObject({ code: 'account.invalidRequest' });
    await expect(charges.createOnce('k', BILL)).rejects.toMatchObject({ code: 'account.authentication' });
    expect((await charges.createOnce('k', { ...BILL, groupId: 'cld-2' })).groupId).toBe('cld-2');
  });

  it('keeps looking when it was rejected after an unclear attempt', async () => {
    fates = ['lose', 'unauthorised'];
    const { bills: charges } = application().billing;
    await expect(charges.createOnce('k', BILL)).rejects.toMatchObject({ code: 'account.authentication' });
    bills.push({ id: 'bill-late', group_id: 'cld-1', price_cents: 2000, description: 'SMS credits' });
    expect((await charges.createOnce('k', BILL)).id).toBe('bill-late');
  });

  it('rejects one key for two charges, bad keys and bad input', async () => {
    const { bills: charges } = application().billing;
    await charges.createOnce('k', BILL);
    await expect(charges.createOnce('k', { ...BILL, priceCents: 1 })).rejects.toMatchObject({
      code: 'account.keyConflict',
    });
    for (const key of ['', 'a\nb', 'x'.repeat(201), 5 as unknown as string]) {
      await expect(charges.createOnce(key, BILL)).rejects.toMatchObject({ code: 'account.invalidInput' });
    }
    await expect(charges.createOnce('other', { ...BILL, priceCents: 0 })).rejects.toMatchObject({
      code: 'account.invalidInput',
    });
    expect(creations()).toBe(1);
  });

  it('does not guess when its memory is gone', async () => {
    fates = ['drop'];
    await expect(application(0, 1).billing.bills.createOnce('k', BILL)).rejects.toThrow();
    const key = 'ledger-key:bills:acme:k';
    await store.set(
      key,
      JSON.stringify({ state: 'open', digest: await digestOf(), groupId: 'cld-1', priceCents: '2000' }),
      60_000,
    );
    bills = [{ id: 'bill-7', group_id: 'cld-1', price_cents: 2000, description: 'SMS credits' }];
    const before = creations();
    await expect(application().billing.bills.createOnce('k', BILL)).rejects.toMatchObject({
      code: 'account.undecided',
      candidates: ['bill-7'],
    });
    expect(creations()).toBe(before);
  });
});

/** The digest under which the ledger remembers BILL. */
async function digestOf(): Promise<string> {
  const { contentOf } = await import('../../../src/account/ledger/charge-ledger.service.js');
  return contentOf({ group_id: 'cld-1', price_cents: 2000, description: 'SMS credits' }).digest;
}

describe('mayComeFrom', () => {
  const sent = {
    group_id: 'cld-1',
    price_cents: 900,
    description: 'Café  rent ',
    period: 'SemiMonth',
    units: 2.5,
    start_date: '2026-01-01T10:00:00.400Z',
    third_party: true,
  };
  it.each<[boolean, Partial<Record<keyof Bill | string, unknown>>]>([
    [true, {}],
    [true, { period: 'semimonth', description: 'Cafe\u0301 rent', units: '2.50', third_party: false }],
    [true, { start_date: '2026-01-01T10:00:00Z', units: null, period: null }],
    [false, { price_cents: 901 }],
    [false, { group_id: 'cld-2' }],
    [false, { description: 'Café' }],
    [false, { units: 2.51 }],
    [false, { period: 'month' }],
    [false, { start_date: '2026-01-01T10:00:02Z' }],
  ])('is %s for a charge with %j', (expected, change) => {
    const fields = { ...BILL_FIELDS, ...RECURRING_BILL_FIELDS };
    expect(mayComeFrom(fields, sent, { ...sent, ...change })).toBe(expected);
  });
});
