import { ConfigurableModuleBuilder, Module } from '@nestjs/common';

import { besideMaestranoModule } from '../marketplace/required-module.js';
import { MAESTRANO_USAGE_OPTIONS, MaestranoUsage } from './usage.service.js';
import { UsageDepartures } from './usage-departures.service.js';
import { UsageSchedule } from './usage-schedule.service.js';
import type { MaestranoUsageOptions } from './usage-options.interface.js';

const { ConfigurableModuleClass } = new ConfigurableModuleBuilder<MaestranoUsageOptions>({
  optionsInjectionToken: MAESTRANO_USAGE_OPTIONS,
})
  .setClassMethodName('forRoot')
  .setExtras<{
    /** Whether `MaestranoUsage` can be injected everywhere; true by default. */
    readonly isGlobal?: boolean;
  }>({ isGlobal: true }, (definition, { isGlobal }) => ({ ...definition, global: isGlobal ?? true }))
  .build();

/**
 * Counts usage, and makes bills of it (docs/usage.md). Import it beside `MaestranoModule`.
 *
 * ```ts
 * MaestranoUsageModule.forRoot({
 *   store: new SqlUsageStore(pgExecutor(pool)),
 *   meters: {
 *     sms: { aggregate: 'sum', label: 'SMS', prices: { AUD: [{ model: 'unit', unit: '0.075' }] } },
 *   },
 * })
 * ```
 */
@Module({
  providers: [
    ...besideMaestranoModule('MaestranoUsageModule', [MaestranoUsage, UsageDepartures]),
    UsageSchedule,
  ],
  exports: [MaestranoUsage],
})
export class MaestranoUsageModule extends ConfigurableModuleClass {}
