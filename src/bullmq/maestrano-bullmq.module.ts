import { ConfigurableModuleBuilder, Module } from '@nestjs/common';

import { NotificationQueue } from '../connec/notifications/notification-queue.js';
import { RecurringWork } from '../stores/recurring-work.js';
import { SyncScheduler } from '../stores/sync-scheduler.js';
import { BullmqNotificationQueue, MAESTRANO_BULLMQ_OPTIONS } from './bullmq-notification-queue.js';
import type { MaestranoBullmqOptions } from './bullmq-options.interface.js';
import { BullmqRecurringWork } from './bullmq-recurring-work.js';
import { BullmqSyncScheduler } from './bullmq-sync-scheduler.js';

const { ConfigurableModuleClass } = new ConfigurableModuleBuilder<MaestranoBullmqOptions>({
  optionsInjectionToken: MAESTRANO_BULLMQ_OPTIONS,
})
  .setClassMethodName('forRoot')
  .setExtras<{
    /** Whether `MaestranoModule` finds the queue wherever this module is imported; true by default. */
    readonly isGlobal?: boolean;
  }>({ isGlobal: true }, (definition, { isGlobal }) => ({ ...definition, global: isGlobal ?? true }))
  .build();

/**
 * Makes Connec! notifications durable: stored in Redis by BullMQ before the platform gets a response, handled afterwards.
 * Import it beside `MaestranoModule`; nothing else changes.
 *
 * ```ts
 * imports: [MaestranoModule.forRoot({ … }), MaestranoBullmqModule.forRoot({ connection: 'redis://127.0.0.1:6379' })]
 * ```
 */
@Module({
  providers: [
    BullmqNotificationQueue,
    { provide: NotificationQueue, useExisting: BullmqNotificationQueue },
    { provide: RecurringWork, useClass: BullmqRecurringWork },
    { provide: SyncScheduler, useClass: BullmqSyncScheduler },
  ],
  exports: [BullmqNotificationQueue, NotificationQueue, RecurringWork, SyncScheduler],
})
export class MaestranoBullmqModule extends ConfigurableModuleClass {}
