import { ConfigurableModuleBuilder, Module } from '@nestjs/common';

import { NotificationQueue } from '../connec/notifications/notification-queue.js';
import { RecurringWork } from '../stores/recurring-work.js';
import { SyncScheduler } from '../stores/sync-scheduler.js';
import { MAESTRANO_PG_QUEUE_OPTIONS, PgNotificationQueue } from './pg-notification-queue.js';
import type { MaestranoPgQueueOptions } from './pg-queue-options.interface.js';
import { PgRecurringWork } from './pg-recurring-work.js';
import { PgSyncScheduler } from './pg-sync-scheduler.js';

const { ConfigurableModuleClass } = new ConfigurableModuleBuilder<MaestranoPgQueueOptions>({
  optionsInjectionToken: MAESTRANO_PG_QUEUE_OPTIONS,
})
  .setClassMethodName('forRoot')
  .setExtras<{
    /** Whether `MaestranoModule` finds the queue wherever this module is imported; true by default. */
    readonly isGlobal?: boolean;
  }>({ isGlobal: true }, (definition, { isGlobal }) => ({ ...definition, global: isGlobal ?? true }))
  .build();

/**
 * Makes Connec! notifications durable without Redis: stored in PostgreSQL by pg-boss before the platform gets a
 * response, handled afterwards. Import it beside `MaestranoModule`; nothing else changes.
 *
 * ```ts
 * import PgBoss from 'pg-boss';
 *
 * imports: [MaestranoModule.forRoot({ … }), MaestranoPgQueueModule.forRoot({ engine: PgBoss, executor: pgExecutor(pool) })]
 * ```
 */
@Module({
  providers: [
    PgNotificationQueue,
    { provide: NotificationQueue, useExisting: PgNotificationQueue },
    { provide: RecurringWork, useClass: PgRecurringWork },
    { provide: SyncScheduler, useClass: PgSyncScheduler },
  ],
  exports: [PgNotificationQueue, NotificationQueue, RecurringWork, SyncScheduler],
})
export class MaestranoPgQueueModule extends ConfigurableModuleClass {}
