import { ConfigurableModuleBuilder, Module } from '@nestjs/common';

import { MaestranoSynchronizationAdapter } from '../adapters/maestrano-synchronization.adapter.js';
import { besideMaestranoModule } from '../marketplace/required-module.js';
import { GroupDeletions } from './group-deletions.service.js';
import { NotificationHints } from './notification-hints.service.js';
import { PlatformSynchronization } from './platform-synchronization.service.js';
import { MAESTRANO_SYNC_OPTIONS, MaestranoSync } from './sync.service.js';
import { SyncRollout } from './rollout.service.js';
import { SyncSchedule } from './schedule/sync-schedule.service.js';
import type { MaestranoSyncOptions } from './sync-options.interface.js';
import { SyncTelemetry } from './watch/sync-telemetry.service.js';
import { SyncWatch } from './watch/sync-watch.service.js';

const { ConfigurableModuleClass } = new ConfigurableModuleBuilder<MaestranoSyncOptions>({
  optionsInjectionToken: MAESTRANO_SYNC_OPTIONS,
})
  .setClassMethodName('forRoot')
  .setExtras<{
    /** Whether `MaestranoSync` can be injected everywhere; true by default. */
    readonly isGlobal?: boolean;
  }>({ isGlobal: true }, (definition, { isGlobal }) => ({ ...definition, global: isGlobal ?? true }))
  .build();

/**
 * Synchronizes the application's records with Connec!, both ways (docs/synchronization.md). Import it beside
 * `MaestranoModule`, whose `routes: { synchronization: true }` lets the platform start, switch and watch it.
 *
 * ```ts
 * MaestranoSyncModule.forRootAsync({
 *   inject: [ContactSource, Pool],
 *   useFactory: (contacts: ContactSource, pool: Pool) => ({
 *     store: new SqlSyncStore(pgExecutor(pool)),
 *     owner: { provider: 'my-app', realm: 'main' },
 *     entities: [syncEntity('people', contacts, { fields: { first_name: 'firstName' } })],
 *   }),
 * })
 * ```
 */
@Module({
  providers: [
    ...besideMaestranoModule('MaestranoSyncModule', [SyncWatch, MaestranoSync]),
    SyncTelemetry,
    SyncSchedule,
    SyncRollout,
    NotificationHints,
    GroupDeletions,
    PlatformSynchronization,
    { provide: MaestranoSynchronizationAdapter, useExisting: PlatformSynchronization },
  ],
  exports: [MaestranoSync, SyncRollout, MaestranoSynchronizationAdapter],
})
export class MaestranoSyncModule extends ConfigurableModuleClass {}
