import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';

import {
  MaestranoUsage,
  MaestranoUsageModule,
  MemoryUsageStore,
  type UsageCompany,
  type UsageEvent,
} from '../../src/usage/index.js';
import type { MaestranoModuleOptions } from '../../src/index.js';
import { startSandbox, type Sandbox } from '../../src/sandbox/index.js';
import { testApplication, type TestApplication } from '../support/application.js';
import { fakeDate } from '../support/fake-date.js';
import { HTTP_ADAPTERS } from '../support/http-adapters.js';

describe.each(HTTP_ADAPTERS)('usage in an application on %s', (httpAdapter) => {
  let sandbox: Sandbox;
  let app: TestApplication;
  let usage: MaestranoUsage;
  let marketplace: string;
  let events: UsageEvent[];
  /** What the application knows of a company. */
  let company: () => UsageCompany | Promise<UsageCompany>;

  const boot = async (
    http: MaestranoModuleOptions['http'] = { timeoutMs: 300, attempts: 1 },
  ): Promise<void> => {
    app = await testApplication({
      httpAdapter,
      sandbox,
      options: { http, account: { createOnce: { deadlineMs: 20_000 } } },
      imports: [
        MaestranoUsageModule.forRootAsync({
          useFactory: () => ({
            store: new MemoryUsageStore(),
            schedule: 'off',
            company: () => company(),
            onEvent: (event: UsageEvent) => void events.push(event),
            meters: {
              sms: { aggregate: 'sum', label: 'SMS', prices: { AUD: [{ model: 'unit', unit: '0.075' }] } },
            },
          }),
        }),
      ],
    });
    usage = app.app.get(MaestranoUsage);
  };

  beforeEach(async () => {
    events = [];
    company = () => ({ zone: 'Europe/Paris', currency: 'AUD' });
    sandbox = await startSandbox({ port: 0, seed: 7 });
    marketplace = sandbox.marketplaces.list()[0]!.name;
    await boot();
  });
  afterEach(async () => {
    jest.useRealTimers();
    await app.close();
    await sandbox.close();
  });

  /** Closes until everything is billed: on a busy machine, a request may take longer than it is given here. */
  const billed = async (ref: { readonly marketplace: string; readonly group: string }): Promise<void> => {
    for (let run = 0; run < 60; run += 1) {
      await usage.close(ref);
      if ((await usage.balances(ref)).every(({ unsent }) => unsent === '0')) break;
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
    expect(await usage.balances(ref)).toMatchObject([{ unsent: '0' }]);
  };

  it('charges the usage of a company that leaves', async () => {
    const ref = { marketplace, group: 'cld-1', meter: 'sms' };
    const at = new Date(Date.now() - 60_000);
    expect(await usage.record({ ...ref, id: 'a', at, quantity: 100 })).toBe('recorded');
    expect(await usage.record({ ...ref, id: 'a', at, quantity: 100 })).toBe('duplicate');
    await usage.finish(ref, { sendWithinMs: 10_000 });
    const bills = sandbox.state.bills
      .list()
      .filter(({ description }) => description?.includes('(statement '));
    expect(bills).toMatchObject([{ groupId: 'cld-1', priceCents: 750, currency: 'AUD' }]);
    expect(await usage.statement({ bill: bills[0]!.id })).toMatchObject({ status: 'billed', billed: '7.5' });
  });

  it('makes a first bill as the guide says: of a use of 45 days ago, in a free trial that is charged', async () => {
    await app.close();
    const sms = {
      aggregate: 'sum',
      label: 'SMS',
      prices: { AUD: [{ model: 'unit', unit: '0.075' }] },
    } as const;
    const meters = { sms: { ...sms, trial: 'charge' }, free: { ...sms, label: 'Free SMS' } } as const;
    const module = MaestranoUsageModule.forRoot({ store: new MemoryUsageStore(), schedule: 'off', meters });
    app = await testApplication({ httpAdapter, sandbox, imports: [module] });
    usage = app.app.get(MaestranoUsage);
    const use = {
      marketplace,
      group: 'cld-1',
      id: 'a',
      at: new Date(Date.now() - 45 * 86_400_000),
      quantity: 100,
    };
    for (const meter of usage.meters) await usage.record({ ...use, meter });
    await usage.close();
    expect((await usage.statement({ ...use, meter: 'sms', seq: 1 })).status).toBe('billed');
    const made = sandbox.state.bills.list().filter(({ description }) => description.includes('(statement '));
    expect(made).toMatchObject([{ groupId: 'cld-1', priceCents: 750, currency: 'AUD' }]);
  });

  it('check 7: every answer to a bill of a year is dropped, and every statement has one bill', async () => {
    const ref = { marketplace, group: 'cld-1', meter: 'sms' };
    sandbox.faults.add({ route: 'POST account/bills' }, { applyThenDrop: true });
    for (let month = 0; month < 12; month += 1) {
      const now = Date.UTC(2027, month, 15);
      fakeDate(now);
      await usage.record({ ...ref, id: `m${month}`, at: new Date(now), quantity: 100 });
      // Until its bill is known: what is undecided is looked for again.
      for (let run = 0; run < 4; run += 1) {
        jest.setSystemTime(Date.UTC(2027, month + 1, 10 + run));
        await usage.close();
      }
    }
    const statements = [];
    for await (const one of usage.statements(ref)) statements.push(one);
    expect(statements.map(({ status }) => status)).toEqual(Array.from({ length: 12 }, () => 'billed'));
    const made = sandbox.state.bills.list().filter(({ description }) => description.includes('(statement '));
    expect(made.map(({ description }) => description).toSorted()).toEqual(
      statements.map(({ bills }) => bills[0]!.description).toSorted(),
    );
    expect(new Set(made.map(({ priceCents }) => priceCents))).toEqual(new Set([750]));
  }, 60_000);

  it('check 18: a company that leaves while the marketplace is away is answered 200, and billed afterwards', async () => {
    const ref = { marketplace, group: 'cld-1', meter: 'sms' };
    await usage.record({ ...ref, id: 'a', at: new Date(Date.now() - 60_000), quantity: 100 });
    sandbox.faults.preset('down');
    const [delivery] = await sandbox.webhooks.deleteGroup('cld-1', { onlySend: true });
    expect(delivery).toMatchObject({ status: 200 });
    expect(await usage.balances(ref)).toMatchObject([{ unsent: '7.5' }]);
    sandbox.faults.clear();
    await billed(ref);
    await expect(usage.record({ ...ref, id: 'b', at: new Date() })).rejects.toMatchObject({
      code: 'usage.left',
    });
  });

  it('check 18: the webhook is answered within 2.5 seconds while the marketplace never responds, and after 2 at the least', async () => {
    await app.close();
    // As it is by default: nothing but the two seconds of the last close ends a call.
    await boot({});
    const groups = sandbox.state.groupsOf(marketplace).map(({ uid }) => uid);
    const took: number[] = [];
    sandbox.faults.add({}, { hang: true });
    // A machine that is busy adds what it likes: the shortest of some tries is what the work takes.
    for (const group of groups.slice(0, 4)) {
      const fact = { marketplace, group, meter: 'sms', id: 'a', at: new Date(Date.now() - 60_000) };
      await usage.record({ ...fact, quantity: 100 });
      const begun = performance.now();
      const [delivery] = await sandbox.webhooks.deleteGroup(group, { onlySend: true });
      took.push(performance.now() - begun);
      expect(delivery).toMatchObject({ status: 200 });
      expect(await usage.balances({ group })).toMatchObject([{ unsent: '7.5' }]);
      if (took.at(-1)! <= 2_500) break;
    }
    expect(Math.min(...took)).toBeGreaterThan(1_900);
    expect(Math.min(...took)).toBeLessThanOrEqual(2_500);
  }, 60_000);

  it('check 18: a marketplace that does not take the bill of a company that left is told to onEvent, with the amount', async () => {
    const ref = { marketplace, group: 'cld-1', meter: 'sms' };
    await usage.record({ ...ref, id: 'a', at: new Date(Date.now() - 60_000), quantity: 100 });
    const body = { success: false, errors: { group_id: ['is not a customer of yours'] } };
    sandbox.faults.add({ route: 'POST account/bills' }, { status: 400, body });
    const [delivery] = await sandbox.webhooks.deleteGroup('cld-1', { onlySend: true });
    expect(delivery).toMatchObject({ status: 200 });
    await usage.close();
    const about = { amount: '7.5', currency: 'AUD', group: 'cld-1', statement: 1 };
    expect(events).toMatchObject([{ type: 'usage.uncollectable', ...about }]);
    expect(await usage.balances(ref)).toMatchObject([{ unsent: '7.5' }]);
    const fields = { groupId: ['is not a customer of yours'] };
    expect(await usage.statement({ ...ref, seq: 1 })).toMatchObject({ status: 'refused', fields });
  });

  it.each([
    ['never responds', () => new Promise<never>(() => undefined)],
    ['fails', () => Promise.reject(new Error('the table is locked'))],
  ])('a company that leaves does not wait for an option company() that %s', async (_what, broken) => {
    const ref = { marketplace, group: 'cld-1', meter: 'sms' };
    await usage.record({ ...ref, id: 'a', at: new Date(Date.now() - 60_000), quantity: 100 });
    company = broken;
    const [delivery] = await sandbox.webhooks.deleteGroup('cld-1', { onlySend: true });
    expect(delivery).toMatchObject({ status: 200 });
    company = () => ({ zone: 'Europe/Paris', currency: 'AUD' });
    await billed(ref);
  });
});
