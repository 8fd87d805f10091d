import { MaestranoSyncError } from '../errors/sync.error.js';
import type { SyncRef } from './store/sync-store.js';

/** Where an operator's record is. */
export interface SyncRecordRef {
  readonly entity: string;
  /** The application's id, or Connec!'s: one of the two is enough. */
  readonly app?: string;
  readonly connec?: string;
}

/** How the store finds a record. @throws MaestranoSyncError `sync.operation` where no id is named */
export function recordRef({ app, connec, entity }: SyncRecordRef): SyncRef {
  if (app !== undefined) return { app };
  if (connec !== undefined) return { connec };
  throw wrongRecord({ entity }, 'is named by no id');
}

/** That a record, or an entity, is not what an operation is for. */
export function wrongRecord({ entity, app, connec }: SyncRecordRef, what: string): MaestranoSyncError {
  const id = app ?? connec;
  return new MaestranoSyncError('sync.operation', {
    message: `${entity}${id === undefined ? '' : ` ${id}`} ${what}.`,
    entity,
  });
}

/** That a record is not known. */
export function unknownRecord(ref: SyncRecordRef): MaestranoSyncError {
  return wrongRecord(ref, 'is not known: it was in none of the lists and notifications so far');
}
