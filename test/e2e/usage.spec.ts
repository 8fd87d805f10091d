import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import {
  MaestranoUsage,
  MaestranoUsageModule,
  MemoryUsageStore,
  type UsageCompany,
  type UsageEvent,
} from '../../src/usage/index.js';
import { startSandbox, type Sandbox } from '../../src/sandbox/index.js';
import { testApplication, type TestApplication } from '../support/application.js';
import { HTTP_ADAPTERS } from '../support/http-adapters.js';

describe.each(HTTP_ADAPTERS)('usage in an application on %s', (httpAdapter) => {
  let sandbox: Sandbox;
  let app: TestApplication;
  let usage: MaestranoUsage;
  let marketplace: string;
  let events: UsageEvent[];
  /** What the application knows of a company. */
  let company: () => UsageCompany | Promise<UsageCompany>;

  const boot = async (): Promise<void> => {
    app = await testApplication({
      httpAdapter,
      sandbox,
      options: { http: { timeoutMs: 300, attempts: 1 }, account: { createOnce: { deadlineMs: 20_000 } } },
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
    await app.close();
    await sandbox.close();
  });

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

  it('check 18: a company that leaves while the marketplace is away is answered 200, and billed afterwards', async () => {
    const ref = { marketplace, group: 'cld-1', meter: 'sms' };
    await usage.record({ ...ref, id: 'a', at: new Date(Date.now() - 60_000), quantity: 100 });
    sandbox.faults.preset('down');
    const begun = performance.now();
    const [delivery] = await sandbox.webhooks.deleteGroup('cld-1', { onlySend: true });
    expect(delivery).toMatchObject({ status: 200 });
    // Two seconds for sending, and what a loaded machine takes.
    expect(performance.now() - begun).toBeLessThan(10_000);
    expect(await usage.balances(ref)).toMatchObject([{ unsent: '7.5' }]);
    sandbox.faults.clear();
    await usage.close();
    expect(await usage.balances(ref)).toMatchObject([{ unsent: '0' }]);
    await expect(usage.record({ ...ref, id: 'b', at: new Date() })).rejects.toMatchObject({
      code: 'usage.left',
    });
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
    await usage.close();
    expect(await usage.balances(ref)).toMatchObject([{ unsent: '0' }]);
  });
});
