/**
 * Two-way synchronization with Connec!. Comments cite the reference that comes with the package: `protocol §6.3` is
 * section 6.3 of docs/reference/protocol.md.
 *
 * @packageDocumentation
 */

export type { SyncImportedLink, SyncImportResult } from './import-links.js';
export { MaestranoSyncError, type SyncErrorCode } from '../errors/sync.error.js';
export type { SyncPlan, SyncPlanAction, SyncPlanEntry, SyncPlanField } from './engine/plan.js';
export type { SyncCallFailure } from './engine/call-failure.js';
export type { SyncRunResult } from './engine/sync-engine.js';
export type { SyncLimits, SyncRate } from './engine/pace.js';
export type { SyncSettings } from './engine/sync-settings.js';
export type { SyncEntity } from './fields/entity-definition.js';
export type { ConnecPath, FieldMap } from './fields/field-map.js';
export { syncEntity, type SyncEntitySpec } from './fields/sync-entity.js';
export { MaestranoSyncModule } from './maestrano-sync.module.js';
export type { SyncConflictRule } from './merge/side-record.js';
export { composed, type ComposedPart } from './source/composed.js';
export {
  SyncCursorExpired,
  SyncNotFound,
  SyncRejected,
  SyncRetry,
  SyncStale,
} from './source/sync-source.error.js';
export type {
  SyncChanges,
  SyncContext,
  SyncIdentity,
  SyncReadSource,
  SyncSource,
  SyncWrite,
} from './source/sync-source.js';
export { table } from './source/table.js';
export type { TableOptions } from './source/table-options.js';
export { SqlSyncStore, type SqlSyncStoreOptions } from './sql/sql-sync-store.js';
export { MemorySyncStore } from './store/memory-sync-store.js';
export type { SyncDirection, SyncFailedCall, SyncHoldKind, SyncLink, SyncSide } from './store/sync-link.js';
export {
  type SyncCommit,
  type SyncCounts,
  type SyncGroupChanges,
  type SyncGroupPage,
  type SyncGroupState,
  type SyncHint,
  type SyncHistoryEntry,
  type SyncKnownGroup,
  type SyncLease,
  type SyncLinkPage,
  type SyncNeeds,
  type SyncNotice,
  type SyncRef,
  type SyncRunState,
  type SyncScope,
  SyncStore,
  type SyncStream,
} from './store/sync-store.js';
export type { SyncRequest, SyncRunOptions, SyncTaken, SyncRequestOptions } from './store/sync-request.js';
export type { SyncKeyedRef, SyncRecord, SyncRecordSide } from './sync-record.js';
export type { SyncErasable, SyncErasure } from './engine/erased.js';
export type { SyncHeldRecord } from './held-record.js';
export type { SyncRecordRef } from './record-ref.js';
export type { SyncOperations } from './sync-operations.js';
export type { MaestranoSyncOptions } from './sync-options.interface.js';
export type {
  SyncEntityStatus,
  SyncProgress,
  SyncStatus,
  SyncTouchOptions,
  SyncGroupsOptions,
} from './sync-status.interface.js';
export type { SyncRolloutOptions } from './rollout-settings.js';
export { SyncRollout, type SyncRolloutReport } from './rollout.service.js';
export { SyncScheduler, type SyncSlice } from '../stores/sync-scheduler.js';
export { MaestranoSync } from './sync.service.js';
