import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import type { Marketplace } from '../../src/interfaces/marketplace.interface.js';
import { normaliseMarketplaces } from '../../src/marketplace/marketplace-normaliser.js';
import { type Sandbox, type SandboxBehaviour, startSandbox } from '../../src/sandbox/index.js';
import { type AccountClients, accountClients } from '../support/account/account-clients.js';

/** The filters of each list, by any of which a record must find itself. */
const OFFERED = {
  groups: [
    'id',
    'name',
    'status',
    'email',
    'hasCreditCard',
    'currency',
    'timezone',
    'country',
    'city',
    'mainAccounting',
    'freeTrialEndAt',
    'createdAt',
    'updatedAt',
  ],
  users: ['id', 'name', 'surname', 'email', 'companyName', 'country', 'createdAt', 'updatedAt'],
  resellers: ['id', 'name', 'code', 'country', 'createdAt', 'updatedAt'],
  bills: [
    'id',
    'groupId',
    'priceCents',
    'description',
    'currency',
    'units',
    'periodStartedAt',
    'periodEndedAt',
    'thirdParty',
    'status',
    'createdAt',
    'updatedAt',
  ],
  recurringBills: [
    'id',
    'groupId',
    'priceCents',
    'description',
    'currency',
    'period',
    'frequency',
    'cycles',
    'startDate',
    'status',
    'createdAt',
    'updatedAt',
  ],
} as const;

type Collection = keyof typeof OFFERED;
type Entity = Readonly<Record<string, unknown>> & { readonly id: string };
type AnyList = (filter: Readonly<Record<string, unknown>>) => Promise<readonly Entity[]>;

describe.each<SandboxBehaviour>(['default', 'strict', 'like-2016'])(
  'a filter on the %s sandbox',
  (behaviour) => {
    let sandbox: Sandbox;
    let clients: AccountClients;
    let marketplace: Marketplace;

    beforeAll(async () => {
      sandbox = await startSandbox({ scenario: 'demo', seed: 5, behaviour });
      const [first] = normaliseMarketplaces(sandbox.options.marketplaces).marketplaces;
      if (!first) throw new Error('the sandbox has no marketplace');
      marketplace = first;
      clients = accountClients({ marketplaces: [marketplace] });
      const charge = {
        groupId: 'cld-1',
        priceCents: 1990,
        description: 'SMS 2026-01-01T00:00:00',
        currency: 'EUR',
      };
      await clients.billing.for(marketplace).bills.create({
        ...charge,
        units: 2.5,
        periodStartedAt: '2026-01-01',
        periodEndedAt: '2026-02-01',
      });
      await clients.billing
        .for(marketplace)
        .recurringBills.create({ ...charge, period: 'SemiMonth', cycles: 3 });
    });

    afterAll(async () => {
      await clients.close();
      await sandbox.close();
    });

    const listOf = (collection: Collection): AnyList => {
      const all = { ...clients.billing.for(marketplace), ...clients.membership.for(marketplace) };
      return (filter) => all[collection].list(filter) as unknown as Promise<readonly Entity[]>;
    };

    const cases = Object.entries(OFFERED).flatMap(([collection, names]) =>
      names.map((name) => [collection as Collection, name] as const),
    );
    it.each(cases)(
      'of %s by %s lets through what has the value, and nothing else',
      async (collection, name) => {
        const list = listOf(collection);
        const all = await list({});
        expect(all.length).toBeGreaterThan(0);
        const record = all.findLast((one) => one[name] !== null);
        expect(record).toBeDefined();
        const wanted = record?.[name];
        const same = all.filter((one) => String(one[name]) === String(wanted)).map(({ id }) => id);
        expect((await list({ [name]: wanted })).map(({ id }) => id)).toEqual(same);
        if (typeof wanted === 'string' && name !== 'units')
          expect(await list({ [name]: `${wanted}x` })).toEqual([]);
      },
    );

    it('of users by group is by membership, though no user shows one', async () => {
      const users = await clients.membership
        .for(marketplace)
        .users.list({ groupId: 'cld-1', name: 'Nobody' });
      expect(users).toEqual([]);
      expect(await clients.membership.for(marketplace).users.list({ groupId: 'cld-1' })).not.toEqual([]);
      expect(await clients.membership.for(marketplace).users.list({ groupId: 'cld-none' })).toEqual([]);
    });

    it('by moments includes the moment that a record shows, unless it is strict', async () => {
      const { bills } = clients.billing.for(marketplace);
      const [bill] = await bills.list({ priceCents: 1990 });
      const at = bill?.createdAt ?? new Date(0);
      const ids = async (filter: Parameters<typeof bills.list>[0]): Promise<string[]> =>
        (await bills.list({ ...filter, priceCents: 1990 })).map(({ id }) => id);
      expect(await ids({ createdAtBefore: at })).toEqual([bill?.id]);
      expect(await ids({ createdAtAfter: at })).toEqual([bill?.id]);
      expect(await ids({ createdAt: at })).toEqual([bill?.id]);
      expect(await ids({ createdAtStrictlyBefore: at })).toEqual([]);
      expect(await ids({ createdAtStrictlyAfter: at })).toEqual([]);
      expect(
        await ids({ createdAtStrictlyAfter: new Date(at.getTime() - 1), unitsLowerThan: '2.50' }),
      ).toEqual([bill?.id]);
      expect(await ids({ unitsStrictlyLowerThan: 2.5 })).toEqual([]);
    });
  },
);

describe('the sandbox like-2016', () => {
  let sandbox: Sandbox;
  beforeAll(async () => {
    sandbox = await startSandbox({ scenario: 'demo', seed: 5, behaviour: 'like-2016' });
  });
  afterAll(() => sandbox.close());

  const get = async (path: string, method = 'GET'): Promise<{ data: Entity[] & Entity }> => {
    const [marketplace] = normaliseMarketplaces(sandbox.options.marketplaces).marketplaces;
    const { id, keys } = marketplace!.api;
    const authorization = `Basic ${Buffer.from(`${id}:${keys[0]?.reveal()}`).toString('base64')}`;
    const response = await fetch(`${sandbox.url}/api/v1/account/${path}`, {
      method,
      headers: { authorization },
    });
    return (await response.json()) as { data: Entity[] & Entity };
  };

  it.each([
    'groups?status=running',
    'groups?email=cld-1%40example.com',
    'groups?currency=AUD',
    'groups?timezone=Australia%2FSydney',
    'groups?country=AU',
    'groups?geo_country_code=AU',
    'groups?has_credit_card=true',
    'groups?group_id=cld-1',
    'groups?id=cld-1',
    'users?company_name=x',
    'users?country=AU',
    'bills?initial_cents=0',
    'bills?format=json',
  ])('knows no such column and lists nothing: %s', async (path) => {
    expect((await get(path)).data).toEqual([]);
  });

  it.each([
    'groups?uid=cld-1',
    'users?geo_country_code=AU',
    'resellers?name=Nobody',
    'bills?status=submitted',
  ])('lists: %s', async (path) => {
    expect((await get(path)).data).not.toEqual([]);
  });

  it('takes what follows a point for a format', async () => {
    const [bill] = (await get('bills?status=submitted')).data;
    expect((await get(`bills/${bill?.id}.json`)).data.id).toBe(bill?.id);
    expect((await get(`bills/${bill?.id}.json`, 'DELETE')).data).toMatchObject({
      id: bill?.id,
      status: 'cancelled',
    });
  });
});
