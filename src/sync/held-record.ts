import type { SyncLink } from './store/sync-link.js';

/** A record that waits for a person, or for something else. */
export interface SyncHeldRecord {
  readonly entity: string;
  readonly key: string;
  readonly app: string | null;
  readonly connec: string | null;
  readonly code: string;
  readonly reason: string;
  readonly fields: readonly string[];
  readonly since: Date;
  /** Keys or ids of the other records that it is about. */
  readonly others: readonly string[];
}

/** The record of a link, where something holds it back. */
export function heldRecord(entity: string, { key, app, connec, hold }: SyncLink): SyncHeldRecord | null {
  if (hold === null) return null;
  return {
    entity,
    key,
    app: app.id,
    connec: connec.id,
    code: hold.code,
    reason: hold.reason,
    fields: hold.fields,
    since: new Date(hold.since),
    others: hold.others ?? [],
  };
}
