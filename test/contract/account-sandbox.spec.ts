import type { INestApplicationContext } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Test } from '@nestjs/testing';

import {
  AccountService,
  BillingService,
  MaestranoModule,
  MembershipService,
  type MarketplacesInput,
} from '../../src/index.js';
import { type Sandbox, startSandbox } from '../../src/sandbox/index.js';

describe.each(['default', 'strict', 'like-2016'] as const)(
  'a whole application on the %s sandbox',
  (behaviour) => {
    let sandbox: Sandbox;
    let app: INestApplicationContext;
    let billing: BillingService;
    let membership: MembershipService;

    beforeAll(async () => {
      sandbox = await startSandbox({ scenario: 'demo', seed: 3, behaviour });
      const { marketplaces } = sandbox.options;
      const module = MaestranoModule.forRoot({
        marketplaces: marketplaces as unknown as MarketplacesInput,
        defaultMarketplace: marketplaces[0]?.marketplace,
        routes: { sso: false, accountWebhooks: false },
      });
      app = await Test.createTestingModule({ imports: [module] }).compile();
      await app.init();
      billing = app.get(BillingService);
      membership = app.get(MembershipService);
    });

    afterAll(async () => {
      await app.close();
      await sandbox.close();
    });

    it('responds to a ping, for the right credentials only', async () => {
      const account = app.get(AccountService);
      await account.ping();
      await account.ping('bluebank');
      await expect(account.ping('nowhere')).rejects.toMatchObject({
        code: 'configuration.unknownMarketplace',
      });
    });

    it('charges, finds, cancels', async () => {
      const { bills } = billing;
      const charge = {
        groupId: 'cld-1',
        priceCents: 1990,
        description: 'SMS é & <b>',
        currency: 'EUR',
        units: 2.5,
      };
      const made = await bills.create(charge);
      expect(made).toMatchObject({
        ...charge,
        units: '2.5',
        status: 'submitted',
        marketplace: 'maestrano-uat',
      });
      expect(await bills.retrieve(made.id)).toEqual(made);
      const listed = await bills.list({ groupId: 'cld-1', priceCents: 1990, status: 'submitted' });
      expect(listed.map(({ id }) => id)).toEqual([made.id]);
      expect(
        await bills.list({ groupId: 'cld-1', createdAtStrictlyAfter: new Date(Date.now() + 86_400_000) }),
      ).toEqual([]);
      expect((await bills.cancel(made.id)).status).toBe('cancelled');
      expect((await bills.cancel(made.id)).status).toBe('cancelled');
      await expect(bills.retrieve('bill-nope')).rejects.toMatchObject({ code: 'account.notFound' });
      await expect(bills.cancel('bill-nope')).rejects.toMatchObject({ code: 'account.notFound' });
      await expect(bills.create({ ...charge, groupId: 'cld-nope' })).rejects.toMatchObject({
        code: 'account.invalidRequest',
        fields: { groupId: ['does not exist or cannot be charged by your service'] },
      });
    });

    it('charges again and again', async () => {
      const { recurringBills } = billing;
      const made = await recurringBills.createOnce('plan-1', {
        groupId: 'cld-1',
        priceCents: 900,
        description: 'Plan',
        period: 'Week',
        cycles: 3,
      });
      expect(made).toMatchObject({ period: 'Week', cycles: 3, remainingCycles: 3, frequency: 1 });
      expect((await recurringBills.cancel(made.id)).status).toBe('cancelled');
    });

    it('knows groups, people and resellers', async () => {
      const group = await membership.groups.retrieve('cld-1');
      expect(group).toMatchObject({
        status: 'running',
        hasCreditCard: true,
        freeTrialEndAt: expect.any(Date),
      });
      expect((await membership.groups.list()).map(({ id }) => id)).toContain('cld-1');
      expect((await membership.users.list({ groupId: 'cld-1' })).map(({ id }) => id)).toContain('usr-1');
      const [reseller] = await membership.resellers.list();
      expect(await membership.resellers.groups(reseller?.id ?? '')).not.toHaveLength(0);
    });

    it('asks for a password', async () => {
      expect((await membership.users.authenticate({ id: 'usr-1', password: 's3cret!' }))?.id).toBe('usr-1');
      expect(await membership.users.authenticate({ id: 'usr-1', password: 'invalid_password' })).toBeNull();
    });
  },
);
