import type { GroupSides, SyncEngine } from './engine/sync-engine.js';
import type { SyncDirection, SyncHoldKind } from './store/sync-link.js';
import type { SyncStore } from './store/sync-store.js';
import type { SyncRecordRef } from './record-ref.js';

/** Where a record is: by the name of the tie, or by an id of a side. */
export interface SyncKeyedRef extends SyncRecordRef {
  readonly key?: string;
}

/** One side of a record as it is now. */
export interface SyncRecordSide {
  readonly id: string;
  /** When it was last changed, as the side says. */
  readonly changedAt: Date;
  /** Declared fields by their name at Connec!, in the form of the side. */
  readonly values: Readonly<Record<string, unknown>>;
}

/** A record with both of its sides. Holds personal values: show them to whom they are meant for. */
export interface SyncRecord {
  readonly entity: string;
  /** Names the tie between both sides. */
  readonly key: string;
  /** Ids of both sides; null where there is none yet. */
  readonly ids: { readonly app: string | null; readonly connec: string | null };
  /** What the application has; null where it has no such record, or not any more. */
  readonly app: SyncRecordSide | null;
  /** What Connec! has; null where it has no such record, or not any more. */
  readonly connec: SyncRecordSide | null;
  readonly direction: SyncDirection;
  /** Why nothing is written at present; null where nothing keeps it. */
  readonly hold: {
    readonly kind: SyncHoldKind;
    /** Such as `sync.conflict`. */
    readonly code: string;
    readonly fields: readonly string[];
    readonly reason: string;
    readonly since: Date;
    /** Keys or ids of other records that it is about. */
    readonly others: readonly string[];
  } | null;
  /** Whether a run has something to do with it. */
  readonly isDue: boolean;
}

/** Reads both sides of a record; null where no link has the key or id. */
export async function readRecord(
  store: SyncStore,
  engine: SyncEngine,
  sides: GroupSides,
  { entity, key, app, connec }: SyncKeyedRef,
): Promise<SyncRecord | null> {
  const ref = key === undefined ? (app === undefined ? { connec: connec ?? '' } : { app }) : { key };
  const [link] = await store.links(sides.scope, entity, [ref]);
  if (!link) return null;
  const [ours, theirs] = await Promise.all([
    engine.sideOf(sides, entity, link, 'app'),
    engine.sideOf(sides, entity, link, 'connec'),
  ]);
  const { hold } = link;
  return {
    entity,
    key: link.key,
    ids: { app: link.app.id, connec: link.connec.id },
    app: ours && { id: ours.id, changedAt: new Date(ours.at), values: ours.values },
    connec: theirs && { id: theirs.id, changedAt: new Date(theirs.at), values: theirs.values },
    direction: link.direction,
    hold: hold && {
      kind: hold.kind,
      code: hold.code,
      fields: hold.fields,
      reason: hold.reason,
      since: new Date(hold.since),
      others: hold.others ?? [],
    },
    isDue: link.dueAt !== null,
  };
}
