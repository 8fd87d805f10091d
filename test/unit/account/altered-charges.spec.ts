import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import type { BillInput } from '../../../src/account/resources/bill.js';
import {
  MaestranoAccountError,
  MaestranoApiError,
  MaestranoCreationError,
  MaestranoNotFoundError,
} from '../../../src/errors/account.error.js';
import { MemoryStore } from '../../../src/stores/memory-store.js';
import { type AccountClients, accountClients } from '../../support/account/account-clients.js';
import { ALTERATIONS, AlteringMarketplace, type Fate } from '../../support/account/altering-marketplace.js';
import { errorOf } from '../../support/error-of.js';
import { registeredMarketplace } from '../../support/marketplaces.js';

const BILL: BillInput = {
  groupId: 'cld-1',
  priceCents: 2000,
  description: 'Credits <b> & "é" ',
  currency: 'EUR',
};

let marketplace: AlteringMarketplace;
let store: MemoryStore;
const open: AccountClients[] = [];

beforeEach(async () => {
  marketplace = await new AlteringMarketplace().start();
  store = new MemoryStore();
});

afterEach(async () => {
  await Promise.all(open.splice(0).map((clients) => clients.close()));
  await marketplace.stop();
});

function application(settleMs = 150, deadlineMs = 5_000): AccountClients {
  const clients = accountClients({
    marketplaces: [registeredMarketplace('acme', { api: { host: marketplace.url } })],
    store,
    http: { timeoutMs: 300 },
    account: { createOnce: { settleMs, deadlineMs } },
  });
  open.push(clients);
  return clients;
}

type Change = Partial<Pick<AlteringMarketplace, 'description' | 'currency'>>;

const changes: [string, Change][] = [
  ['escaped text', { description: ALTERATIONS.escapes }],
  ['other characters', { description: ALTERATIONS.asciiOnly }],
  ['text in upper case', { description: ALTERATIONS.upperCases }],
  ['shortened text', { description: (text) => text.slice(0, 5) }],
  ['no text', { description: () => '' }],
  ['the currency of the group', { currency: 'USD' }],
];

describe('a charge that came back with', () => {
  it.each(changes)('%s is undecided with its id, and never charged again', async (_name, change) => {
    Object.assign(marketplace, change);
    marketplace.fates = ['drop'];
    const { bills } = application().billing;
    for (let call = 1; call <= 3; call += 1) {
      const error = await errorOf(bills.createOnce('k', BILL), MaestranoCreationError);
      expect(error).toMatchObject({ code: 'account.undecided', candidates: ['bill-1'], sent: 'maybe' });
    }
    expect(marketplace.creations).toBe(1);
    await bills.settleOnce('k', 'bill-1');
    expect((await bills.createOnce('k', BILL)).id).toBe('bill-1');
    expect(marketplace.kept).toHaveLength(1);
  });

  it.each(changes)('%s is itself when the response comes through', async (_name, change) => {
    Object.assign(marketplace, change);
    const { bills } = application().billing;
    expect((await bills.createOnce('k', BILL)).id).toBe('bill-1');
    expect((await bills.createOnce('k', BILL)).id).toBe('bill-1');
    expect((await bills.createOnce('other', BILL)).id).toBe('bill-2');
    expect(marketplace.creations).toBe(2);
  });

  it('other text stays undecided on another instance, and after charges under other keys', async () => {
    marketplace.description = ALTERATIONS.escapes;
    marketplace.fates = ['drop'];
    await expect(application().billing.bills.createOnce('k', BILL)).rejects.toMatchObject({
      candidates: ['bill-1'],
    });
    const { bills } = application().billing;
    await bills.createOnce('equal', BILL);
    await bills.createOnce('of equal price', { ...BILL, description: 'Something else' });
    await bills.createOnce('of another price', { ...BILL, priceCents: 1 });
    await expect(bills.createOnce('k', BILL)).rejects.toMatchObject({ candidates: ['bill-1'] });
    expect(marketplace.kept).toHaveLength(4);
  });
});

describe('honest charges of one price', () => {
  it('with equal texts and different keys are made, one each', async () => {
    marketplace.fates = ['drop', 'lose', 'late', 'page'];
    const { bills } = application().billing;
    const made = await Promise.all(['a', 'b', 'c', 'd', 'e'].map((key) => bills.createOnce(key, BILL)));
    expect(new Set(made.map(({ id }) => id)).size).toBe(5);
    expect(marketplace.kept).toHaveLength(5);
  });

  it('with different texts are made, one each, each with its own text', async () => {
    marketplace.fates = ['drop', 'lose', 'answer', 'late', 'error', 'tooMany'];
    const { bills } = application().billing;
    const texts = ['one', 'two', 'three', 'four', 'five', 'six'];
    const made = await Promise.all(
      texts.map((description) => bills.createOnce(description, { ...BILL, description })),
    );
    expect(made.map(({ description }) => description)).toEqual(texts);
    expect(marketplace.kept).toHaveLength(6);
  });

  it('that were there before are never taken for a new one', async () => {
    marketplace.add({ group_id: 'cld-1', price_cents: 2000, description: 'Some other text' });
    marketplace.fates = ['lose'];
    expect((await application().billing.bills.createOnce('k', BILL)).id).toBe('bill-2');
  });

  it('made by somebody else meanwhile are named, and nothing is sent again', async () => {
    marketplace.fates = ['lose'];
    const { bills } = application(60_000, 300).billing;
    await expect(bills.createOnce('k', BILL)).rejects.toMatchObject({ candidates: [] });
    marketplace.add({ group_id: 'cld-1', price_cents: 2000, description: 'Made by hand' });
    marketplace.add({ group_id: 'cld-1', price_cents: 2001, description: 'Of another price' });
    await expect(application(0).billing.bills.createOnce('k', BILL)).rejects.toMatchObject({
      candidates: ['bill-1'],
    });
    expect(marketplace.creations).toBe(1);
    await bills.settleOnce('k', null);
    expect((await bills.createOnce('k', BILL)).id).toBe('bill-3');
  });
});

describe('texts that no server keeps', () => {
  const long = 'x'.repeat(256);
  it.each([
    'a\u2028b',
    'a\u2029b',
    'a\u0000b',
    'a\tb',
    'a\nb',
    'a\r\nb',
    'a\u001fb',
    'a\u007fb',
    'a\u0085b',
    'a\ud800b',
    '\udc00',
    long,
    '😀'.repeat(256),
  ])('are rejected before anything is sent: %j', async (description) => {
    const { billing } = application();
    const calls = [
      billing.bills.create({ ...BILL, description }),
      billing.bills.createOnce('k', { ...BILL, description }),
      billing.recurringBills.create({ ...BILL, description }),
      billing.recurringBills.createOnce('k', { ...BILL, description }),
    ];
    for (const call of calls) {
      const error = await errorOf(call, MaestranoAccountError);
      expect(error).toMatchObject({ code: 'account.invalidInput', sent: 'no' });
      expect(Object.keys(error.fields)).toEqual(['description']);
    }
    expect(marketplace.server.seen).toHaveLength(0);
  });

  it.each(['x'.repeat(255), '😀'.repeat(255), 'é ñ 漢字 👩‍👩‍👧 \u00a0', 'مرحبا \u200f'])(
    'are not these: %j',
    async (description) => {
      expect((await application().billing.bills.create({ ...BILL, description })).description).toBe(
        description,
      );
    },
  );

  it('include the text of a first charge, which the server makes longer', async () => {
    const { recurringBills } = application().billing;
    const input = { ...BILL, description: 'x'.repeat(247) };
    const error = await errorOf(recurringBills.create({ ...input, initialCents: 5 }), MaestranoAccountError);
    expect(Object.keys(error.fields)).toEqual(['initialCents']);
    await recurringBills.create({ ...input, initialCents: 0 });
    await recurringBills.create({ ...input, description: 'x'.repeat(246), initialCents: 5 });
    expect(marketplace.creations).toBe(2);
  });
});

describe('an error of a creation', () => {
  it.each<[Fate, Record<string, unknown>]>([
    ['lose', { code: 'http.connection', sent: 'maybe' }],
    ['hang', { code: 'http.timeout', sent: 'maybe' }],
    ['error', { code: 'account.api', sent: 'yes', fromApi: true }],
    ['page', { code: 'account.response', sent: 'yes', fromApi: false }],
    ['notFound', { code: 'account.notFound', sent: 'yes', fromApi: false }],
    ['tooMany', { code: 'account.rateLimit', sent: 'yes', fromApi: false }],
    ['denied', { code: 'account.authentication', sent: 'yes', fromApi: false }],
    ['reject', { code: 'account.invalidRequest', sent: 'yes', fromApi: true }],
  ])('says after %s how far it got', async (fate, expected) => {
    marketplace.fates = [fate];
    await expect(application().billing.bills.create(BILL)).rejects.toMatchObject(expected);
  });

  it.each<Fate>(['notFound', 'tooMany', 'denied', 'page', 'error'])(
    'that came as %s without being a rejection keeps the key',
    async (fate) => {
      marketplace.fates = [fate];
      const { bills } = application().billing;
      expect((await bills.createOnce('k', BILL)).id).toBe('bill-1');
      expect((await bills.createOnce('k', BILL)).id).toBe('bill-1');
      expect(marketplace.creations).toBe(1);
    },
  );

  it.each<[Fate, string]>([
    ['page', 'yes'],
    ['tooMany', 'yes'],
    ['drop', 'maybe'],
  ])('that leaves it undecided says after %s how far it got', async (fate, sent) => {
    marketplace.description = (text) => text.slice(0, 5);
    marketplace.fates = [fate];
    const { bills } = application().billing;
    const error = await errorOf(bills.createOnce('k', BILL), MaestranoCreationError);
    expect(error).toMatchObject({ candidates: ['bill-1'], sent });
  });

  it('that is a rejection by the Account API forgets the key', async () => {
    marketplace.fates = ['reject'];
    const { bills } = application().billing;
    await expect(bills.createOnce('k', BILL)).rejects.toMatchObject({ code: 'account.invalidRequest' });
    await bills.createOnce('k', { ...BILL, priceCents: 1 });
    expect(marketplace.creations).toBe(2);
  });
});

describe('a record with another identifier than the one that was asked for', () => {
  beforeEach(() => {
    marketplace.server.respond = (_request, response) =>
      void response.end(JSON.stringify({ success: true, errors: {}, data: { id: 'bill-1' } }));
  });

  it.each(['bill-1.json', 'bill-2', 'BILL-1', 'bill-1%20'])('is an error: %s', async (id) => {
    const { bills } = application().billing;
    const error = await errorOf(bills.retrieve(id), MaestranoApiError);
    expect(error).toMatchObject({ code: 'account.response', sent: 'yes' });
    expect(error).not.toBeInstanceOf(MaestranoNotFoundError);
  });

  it('is never cancelled', async () => {
    const { bills, recurringBills } = application().billing;
    await expect(bills.cancel('bill-1.json')).rejects.toMatchObject({
      code: 'account.invalidInput',
      sent: 'no',
    });
    await expect(recurringBills.cancel('rbill-1.xml')).rejects.toMatchObject({
      code: 'account.invalidInput',
    });
    expect(marketplace.server.seen).toHaveLength(0);
    expect((await bills.cancel('bill-1')).id).toBe('bill-1');
  });
});
