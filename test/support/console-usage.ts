import type { TestApplicationOptions } from './application.js';

import { MaestranoUsageModule, MemoryUsageStore, type UsageCompany } from '../../src/usage/index.js';

/** A time within a period that ended at least two weeks ago, by months. */
export const LAST_PERIOD = new Date(Date.now() - 45 * 86_400_000);

/** Usage as tests of the console mount it: messages at 0.075, and bills of more than 5.00 are held. */
export function usageModule(
  company: () => UsageCompany = () => ({ zone: 'Europe/Paris', currency: 'AUD' }),
): NonNullable<TestApplicationOptions['imports']>[number] {
  return MaestranoUsageModule.forRoot({
    store: new MemoryUsageStore(),
    schedule: 'off',
    company,
    meters: {
      sms: {
        aggregate: 'sum',
        label: 'SMS',
        maxBill: '5',
        prices: { AUD: [{ model: 'unit', unit: '0.075' }] },
      },
    },
  });
}
