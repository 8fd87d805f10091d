import { setTimeout as pause } from 'node:timers/promises';

import { expect } from '@jest/globals';
import type { DynamicModule } from '@nestjs/common';

import { startSandbox } from '../../../src/sandbox/index.js';
import type { RecurringWork } from '../../../src/stores/recurring-work.js';
import {
  MaestranoUsage,
  MaestranoUsageModule,
  MemoryUsageStore,
  type UsageCloseReport,
} from '../../../src/usage/index.js';
import { testApplication, type TestApplication } from '../application.js';

const DAY = 86_400_000;
const PATIENCE_MS = 30_000;

/** Waits until something is so. */
async function until(isSo: () => boolean): Promise<void> {
  const end = performance.now() + PATIENCE_MS;
  while (!isSo() && performance.now() < end) await pause(20);
  expect(isSo()).toBe(true);
}

/** Work on a queue, as the module of that queue makes it, and its end. */
export interface OpenedWork {
  readonly work: RecurringWork;
  close(): Promise<void>;
}

/**
 * Two instances that share a queue do a turn once; what the one that dies was doing is begun again by the other.
 *
 * @param open an instance that takes the work of a dead one up after a second.
 */
export async function recurringWorkIsShared(open: () => Promise<OpenedWork>): Promise<void> {
  const [one, other] = [await open(), await open()];
  const done: string[] = [];
  let dies = true;
  try {
    const begin = (name: string) => async (): Promise<void> => {
      done.push(name);
      if (dies) await new Promise<never>(() => undefined);
    };
    one.work.repeat('usage', 3_600_000, begin('one'));
    await until(() => done.length === 1);
    other.work.repeat('usage', 3_600_000, begin('other'));
    dies = false;
    await one.close();
    await until(() => done.length === 2);
    // As long as nobody has another hour.
    await pause(2_500);
    expect(done).toEqual(['one', 'other']);
  } finally {
    await other.close();
  }
}

/**
 * Two applications that start after ten weeks in which nothing ran: what fell due is closed in one run of one of them, and
 * each company has its bill.
 *
 * @param queue the module of a queue that both share.
 */
export async function usageCatchesUp(queue: () => DynamicModule): Promise<void> {
  const sandbox = await startSandbox({ port: 0, seed: 7 });
  const marketplace = sandbox.marketplaces.list()[0]!.name;
  const store = new MemoryUsageStore();
  const apps: TestApplication[] = [];
  const boot = async (schedule: 'hourly' | 'off'): Promise<MaestranoUsage> => {
    const meter = {
      aggregate: 'sum',
      label: 'SMS',
      prices: { AUD: [{ model: 'unit', unit: '0.5' }] },
    } as const;
    const usage = MaestranoUsageModule.forRootAsync({
      useFactory: () => ({
        store,
        schedule,
        company: () => ({ zone: 'Europe/Paris', currency: 'AUD' }),
        meters: { sms: { ...meter, cycle: { every: 'week' } } },
      }),
    });
    apps.push(await testApplication({ sandbox, imports: schedule === 'off' ? [usage] : [usage, queue()] }));
    return apps.at(-1)!.app.get(MaestranoUsage);
  };
  const close = MaestranoUsage.prototype.close;
  const reports: UsageCloseReport[] = [];
  MaestranoUsage.prototype.close = async function (this: MaestranoUsage, options) {
    const report = await close.call(this, options);
    reports.push(report);
    return report;
  };
  try {
    const before = await boot('off');
    for (const [id, days] of [
      ['a', 70],
      ['b', 69],
      ['c', 40],
    ] as const) {
      const at = new Date(Date.now() - days * DAY);
      await before.record({ marketplace, group: 'cld-1', meter: 'sms', id, at, quantity: 10 });
    }
    await apps.pop()!.close();
    await boot('hourly');
    await boot('hourly');
    await until(() => reports.length > 0);
    await pause(1_500);
    expect(reports).toHaveLength(1);
    // Each week by itself, as if somebody had been there.
    expect(reports[0]!.sealed.length).toBeGreaterThanOrEqual(8);
    expect(reports[0]!.failed).toEqual([]);
    const bills = sandbox.state.bills
      .list()
      .filter(({ description }) => description?.includes('(statement '));
    expect(bills.reduce((sum, { priceCents }) => sum + priceCents, 0)).toBe(1_500);
  } finally {
    MaestranoUsage.prototype.close = close;
    for (const app of apps) await app.close();
    await sandbox.close();
  }
}
