import { inspect } from 'node:util';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import type { BillInput } from '../../../src/account/resources/bill.js';
import type { RecurringBillInput } from '../../../src/account/resources/recurring-bill.js';
import { encryptPassword } from '../../../src/account/resources/user.js';
import { MaestranoAccountError } from '../../../src/errors/account.error.js';
import { MaestranoUnknownMarketplaceError } from '../../../src/errors/unknown-marketplace.error.js';
import { Secret } from '../../../src/utils/secret.js';
import { type AccountClients, accountClients } from '../../support/account/account-clients.js';
import { errorOf } from '../../support/error-of.js';
import { registeredMarketplace } from '../../support/marketplaces.js';
import { hang, reply, ScriptedServer } from '../http/scripted-server.js';

/** Appendix A.2: its first 32 characters are the cipher's key. */
const API_KEY = '0123456789abcdef0123456789abcdefEXTRA7';

const BILL: BillInput = { groupId: 'cld-4', priceCents: 2000, description: 'SMS credits' };

const success = (data: unknown): string => JSON.stringify({ success: true, errors: {}, data });

let server: ScriptedServer;
let clients: AccountClients;

beforeEach(async () => {
  server = await new ScriptedServer().start();
  clients = accountClients({
    marketplaces: ['one', 'two'].map((name) =>
      registeredMarketplace(name, { api: { host: server.url, key: API_KEY, base: `/${name}/api/v1/` } }),
    ),
    http: { timeoutMs: 5_000 },
  });
  // As the marketplace does, a record responds by the identifier that it was asked for.
  server.respond = (request, response, raw) => {
    const id = request.method === 'GET' ? decodeURIComponent(request.url.split('/').at(-1) ?? '') : 'bill-1';
    reply(200, success({ object: 'account_bill', id }))(request, response, raw);
  };
});

afterEach(async () => {
  await clients.close();
  await server.stop();
});

describe('which marketplace is called', () => {
  it('is the one of a name or a snapshot', async () => {
    await clients.billing.for('one').bills.retrieve('bill-1');
    await clients.billing
      .for(registeredMarketplace('free', { api: { host: server.url } }))
      .bills.retrieve('x');
    await clients.membership.for('two').groups.retrieve('cld-1');
    expect(server.seen.map(({ url }) => url)).toEqual([
      '/one/api/v1/account/bills/bill-1',
      '/api/v1/account/bills/x',
      '/two/api/v1/account/groups/cld-1',
    ]);
  });

  it('is rejected at once when the name is unknown, and at the call when no default is set', async () => {
    expect(() => clients.billing.for('three')).toThrow(MaestranoUnknownMarketplaceError);
    expect(() => clients.membership.for('three')).toThrow(MaestranoUnknownMarketplaceError);
    await expect(clients.billing.bills.list()).rejects.toMatchObject({ code: 'configuration.noDefault' });
  });

  it('pings', async () => {
    server.respond = reply(200, success({ msg: 'Ping successful!' }));
    await clients.account.ping('two');
    expect(server.seen[0]).toMatchObject({ method: 'GET', url: '/two/api/v1/ping' });
    server.respond = reply(
      401,
      '{"success":false,"errors":{"authentication":["Invalid API token"]},"data":{}}',
    );
    await expect(clients.account.ping('two')).rejects.toMatchObject({ code: 'account.authentication' });
  });
});

describe('what is sent', () => {
  it('is JSON in snake_case with dates in UTC', async () => {
    await clients.billing.for('one').bills.create({
      ...BILL,
      currency: 'EUR',
      units: '2.50',
      periodStartedAt: '2026-01-01T00:00:00+02:00',
      periodEndedAt: new Date('2026-02-01T00:00:00Z'),
      thirdParty: true,
    });
    expect(JSON.parse(server.seen[0]?.body ?? '')).toEqual({
      group_id: 'cld-4',
      price_cents: 2000,
      description: 'SMS credits',
      currency: 'EUR',
      units: 2.5,
      period_started_at: '2025-12-31T22:00:00.000Z',
      period_ended_at: '2026-02-01T00:00:00.000Z',
      third_party: true,
    });
  });

  it('leaves out what is undefined', async () => {
    await clients.billing.for('one').recurringBills.create({ ...BILL, cycles: undefined, period: 'Week' });
    expect(JSON.parse(server.seen[0]?.body ?? '')).toEqual({
      group_id: 'cld-4',
      price_cents: 2000,
      description: 'SMS credits',
      period: 'Week',
    });
  });

  const badBills: [keyof BillInput | 'typo', Record<string, unknown>][] = [
    ['groupId', { groupId: '' }],
    ['groupId', { groupId: 7 }],
    ['priceCents', { priceCents: 0 }],
    ['priceCents', { priceCents: -5 }],
    ['priceCents', { priceCents: 19.99 }],
    ['priceCents', { priceCents: '2000' }],
    ['priceCents', { priceCents: Number.NaN }],
    ['priceCents', { priceCents: undefined }],
    ['description', { description: '' }],
    ['currency', { currency: 'aud' }],
    ['currency', { currency: 'XYZ' }],
    ['units', { units: 0 }],
    ['units', { units: '-1' }],
    ['units', { units: 1.005 }],
    ['units', { units: 'many' }],
    ['units', { units: 100_000_000 }],
    ['periodEndedAt', { periodStartedAt: new Date() }],
    ['periodStartedAt', { periodEndedAt: new Date() }],
    ['periodEndedAt', { periodStartedAt: '2026-02-01', periodEndedAt: '2026-01-01' }],
    ['periodStartedAt', { periodStartedAt: 'tomorrow', periodEndedAt: '2026-01-01' }],
    ['thirdParty', { thirdParty: 'yes' }],
    ['typo', { typo: 1 }],
  ];
  it.each(badBills)('is nothing for a bill with bad %s: %j', async (field, change) => {
    const error = await errorOf(
      clients.billing.for('one').bills.create({ ...BILL, ...change }),
      MaestranoAccountError,
    );
    expect(error).toMatchObject({ code: 'account.invalidInput', status: null, marketplace: 'one' });
    expect(Object.keys(error.fields)).toContain(field);
    expect(error.fields[field]?.[0]).toMatch(/^(must|should|is|frequency|period)/);
    expect(server.seen).toHaveLength(0);
  });

  const badRecurring: [keyof RecurringBillInput, Record<string, unknown>][] = [
    ['period', { period: 'month' }],
    ['period', { period: 'Quarter' }],
    ['frequency', { frequency: 0 }],
    ['frequency', { frequency: 13 }],
    ['frequency', { frequency: 2, period: 'Year' }],
    ['frequency', { frequency: 53, period: 'Week' }],
    ['frequency', { frequency: 366, period: 'Day' }],
    ['frequency', { frequency: 2, period: 'SemiMonth' }],
    ['cycles', { cycles: 0 }],
    ['startDate', { startDate: 'soon' }],
    ['initialCents', { initialCents: -1 }],
  ];
  it.each(badRecurring)('is nothing for a recurring bill with bad %s: %j', async (field, change) => {
    const error = await errorOf(
      clients.billing.for('one').recurringBills.create({ ...BILL, ...change }),
      MaestranoAccountError,
    );
    expect(Object.keys(error.fields)).toEqual([field]);
    expect(server.seen).toHaveLength(0);
  });

  it.each([
    { period: 'Year' },
    { period: 'SemiMonth', frequency: 1 },
    { period: 'Month', frequency: 12 },
    { period: 'Week', frequency: 52, initialCents: 0 },
    { period: 'Day', frequency: 365 },
  ] as Partial<RecurringBillInput>[])('is a recurring bill with %j', async (change) => {
    await clients.billing.for('one').recurringBills.create({ ...BILL, ...change });
    expect(server.seen).toHaveLength(1);
  });

  it.each(['', '.', '..', 'a\nb', 'a b', 'x'.repeat(201), 7 as unknown as string])(
    'is nothing for the identifier %j',
    async (id) => {
      expect(await errorOf(clients.billing.for('one').bills.cancel(id), MaestranoAccountError)).toMatchObject(
        {
          code: 'account.invalidInput',
          fields: { id: expect.any(Array) },
        },
      );
      expect(server.seen).toHaveLength(0);
    },
  );

  it('encodes identifiers', async () => {
    await clients.billing.for('one').bills.retrieve('../users?x=é');
    expect(server.seen[0]?.url).toBe('/one/api/v1/account/bills/..%2Fusers%3Fx%3D%C3%A9');
  });
});

describe('filters', () => {
  it('become database columns with suffixes', async () => {
    server.respond = reply(200, success([]));
    const { bills } = clients.billing.for('one');
    const { users, groups } = clients.membership.for('one');
    await bills.list({
      groupId: 'cld-1',
      createdAtAfter: new Date('2016-01-01T00:00:00Z'),
      priceCentsStrictlyLowerThan: 500,
      unitsGreaterThan: '1.5',
      thirdParty: false,
      status: undefined,
    });
    await users.list({
      id: 'usr-1',
      companyName: 'A & B',
      country: 'AU',
      updatedAtStrictlyBefore: '2026-01-01',
    });
    await groups.list({ freeTrialEndAtBefore: new Date(0) });
    expect(server.seen.map(({ url }) => url.replace('/one/api/v1/account/', ''))).toEqual([
      'bills?group_id=cld-1&created_at_after=2016-01-01T00%3A00%3A00.000Z&price_cents_strictly_lower_than=500' +
        '&units_greater_than=1.5',
      'users?uid=usr-1&company=A+%26+B&geo_country_code=AU&updated_at_strictly_before=2026-01-01T00%3A00%3A00.000Z',
      'groups?free_trial_end_at_strictly_before=1970-01-01T00%3A00%3A01.000Z',
    ]);
  });

  it.each<Record<string, unknown>>([
    { typo: 1 },
    { statusAfter: 'x' },
    { createdAt: 'soon' },
    { priceCents: 1.5 },
    { status: 5 },
    { toString: '' },
  ])('are refused when the server would silently answer nothing: %j', async (filter) => {
    const error = await errorOf(
      clients.billing.for('one').bills.list(filter as object),
      MaestranoAccountError,
    );
    expect(error).toMatchObject({ code: 'account.invalidInput', status: null });
    expect(Object.keys(error.fields)).toEqual(Object.keys(filter));
    expect(server.seen).toHaveLength(0);
  });

  it('list one by one as well', async () => {
    server.respond = reply(200, success([{ id: 'bill-1' }, { id: 2 }]));
    const ids: string[] = [];
    for await (const { id } of clients.billing.for('one').bills.iterate()) ids.push(id);
    expect(ids).toEqual(['bill-1', '2']);
  });
});

describe('what is read', () => {
  it('survives fields of every other type, keeps unknown ones and the text of dates', async () => {
    const strange = {
      id: 'bill-1',
      price_cents: '2000',
      units: '12345678.90',
      created_at: '0000-08-01T15:30:20.000Z',
      updated_at: '-0001-08-01T15:30:20.000Z',
      period_start: '2026-01-01 00:00:00',
      third_party: 1,
      currency: 7,
      status: null,
      invented: { deep: [1] },
    };
    server.respond = reply(200, success(strange));
    const bill = await clients.billing.for('one').bills.retrieve('bill-1');
    expect(bill).toMatchObject({
      marketplace: 'one',
      priceCents: 2000,
      units: '12345678.90',
      createdAt: null,
      updatedAt: null,
      periodStartedAt: new Date('2026-01-01T00:00:00Z'),
      thirdParty: true,
      currency: null,
      status: null,
      groupId: null,
    });
    expect(bill.raw).toEqual(strange);
    expect(Object.isFrozen(bill.raw.invented)).toBe(true);
  });

  it('is a terminated group with little more than its id', async () => {
    const data = {
      object: 'account_group',
      id: 'cld-1',
      status: 'terminated',
      metadata: { pull_disabled: true },
    };
    server.respond = reply(200, success(data));
    expect(await clients.membership.for('one').groups.retrieve('cld-1')).toMatchObject({
      status: 'terminated',
      name: null,
      freeTrialEndAt: null,
      hasCreditCard: null,
      metadata: { pullDisabled: true, pushDisabled: null },
    });
  });

  it.each(['null', '[]', '"x"', '{}', '{"id":null}', '{"id":""}'])(
    'is an error for the record %s',
    async (data) => {
      server.respond = reply(200, `{"success":true,"errors":{},"data":${data}}`);
      const error = await errorOf(clients.billing.for('one').bills.retrieve('bill-1'), MaestranoAccountError);
      expect(error).toMatchObject({ code: 'account.response', status: 200 });
    },
  );

  it('is an error where a list belongs, and for records nested too deeply', async () => {
    const { bills } = clients.billing.for('one');
    expect(await errorOf(bills.list(), MaestranoAccountError)).toMatchObject({ code: 'account.response' });
    const deep = `{"id":"bill-1","x":${'['.repeat(100_000)}${']'.repeat(100_000)}}`;
    server.respond = reply(200, `{"success":true,"errors":{},"data":${deep}}`);
    expect(await errorOf(bills.retrieve('bill-1'), MaestranoAccountError)).toMatchObject({
      code: 'account.response',
    });
  });

  it("never prints a person's session token", async () => {
    server.respond = reply(200, success({ id: 'usr-1', name: 'Ana', sso_session: 'tok-5ecret' }));
    const user = await clients.membership.for('one').users.retrieve('usr-1');
    expect(user.ssoSession).toBeInstanceOf(Secret);
    expect(user.ssoSession?.reveal()).toBe('tok-5ecret');
    expect(inspect(user, { depth: 9, showHidden: true }) + JSON.stringify(user)).not.toContain('tok-5ecret');
  });
});

describe('users/authenticate', () => {
  it('encrypts as the test vector says', () => {
    const iv = Buffer.from(Array.from({ length: 16 }, (_unused, index) => index));
    expect(encryptPassword('s3cret!', API_KEY, iv)).toBe(
      'AAECAwQFBgcICQoLDA0ODw==--f/dXrap5vSwOOOmFmDIoMw==',
    );
    expect(encryptPassword('s3cret!', API_KEY)).not.toBe(encryptPassword('s3cret!', API_KEY));
    expect(encryptPassword('s3cret!', API_KEY.slice(0, 31))).toBeNull();
  });

  it('returns the user, or null when rejected', async () => {
    const { users } = clients.membership.for('one');
    server.respond = reply(200, success({ id: 'usr-1' }));
    expect((await users.authenticate({ email: 'a@example.com', password: 'pw' }))?.id).toBe('usr-1');
    const sent = JSON.parse(server.seen[0]?.body ?? '') as Record<string, string>;
    expect(server.seen[0]?.url).toBe('/one/api/v1/account/users/authenticate');
    expect(sent).toEqual({
      email: 'a@example.com',
      password: expect.stringMatching(/^[\w+/=]{24}--[\w+/=]+$/),
    });

    const rejected = {
      success: false,
      errors: { password: ['invalid password or non existing user'] },
      data: {},
    };
    server.respond = reply(200, JSON.stringify(rejected));
    expect(await users.authenticate({ id: 'usr-1', password: 'wrong' })).toBeNull();
  });

  it('sends nothing without a user or with a short API key', async () => {
    const { users } = clients.membership.for('one');
    const nobody = { password: 'x' } as unknown as { id: string; password: string };
    expect(await errorOf(users.authenticate(nobody), MaestranoAccountError)).toMatchObject({
      code: 'account.invalidInput',
    });
    const short = clients.membership.for(
      registeredMarketplace('short', { api: { host: server.url, key: 'k'.repeat(31) } }),
    );
    expect(
      await errorOf(short.users.authenticate({ id: 'usr-1', password: 'x' }), MaestranoAccountError),
    ).toMatchObject({
      code: 'account.invalidInput',
    });
    expect(server.seen).toHaveLength(0);
  });
});

describe('a plain create', () => {
  it('is sent once, whatever happens after that', async () => {
    server.respond = hang;
    await expect(clients.billing.for('one').bills.create(BILL, { timeoutMs: 30 })).rejects.toMatchObject({
      code: 'http.timeout',
      sent: 'maybe',
      attempts: 1,
    });
    server.respond = reply(503);
    await expect(clients.billing.for('one').bills.create(BILL)).rejects.toMatchObject({
      code: 'account.api',
    });
    expect(server.seen).toHaveLength(2);
  });
});
