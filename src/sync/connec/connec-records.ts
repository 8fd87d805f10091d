import type { ExternalIdOwner } from '../../connec/client/external-ids.js';

/** A record of Connec! as it was read, with what the engine needs of it. */
export interface ConnecSideRecord {
  readonly id: string;
  /** The ids that this application gave it (protocol §9.7). */
  readonly externalIds: readonly string[];
  /** Milliseconds of the epoch; whole seconds. */
  readonly updatedAt: number;
  readonly createdAt: string | null;
  readonly record: Readonly<Record<string, unknown>>;
  /** Whose ids ours are, also those of lines; without it ours are not distinguished from others. */
  readonly owner?: ExternalIdOwner;
}

/** Where in the changes of a resource a page begins: behind a stamp, and behind some records of the same second. */
export interface ConnecPosition {
  /** Milliseconds of the epoch; null for the beginning. */
  readonly since: number | null;
  readonly skip: number;
}

/** One write. */
export type ConnecWrite =
  | {
      readonly kind: 'create';
      readonly externalId: string;
      readonly changes: Readonly<Record<string, unknown>>;
    }
  | {
      readonly kind: 'update';
      readonly id: string;
      /** Links the record as well. */
      readonly externalId: string | null;
      readonly changes: Readonly<Record<string, unknown>>;
    };

/** What became of a write. */
export type ConnecWritten =
  | { readonly kind: 'done'; readonly record: ConnecSideRecord }
  | { readonly kind: 'notFound' }
  /** Not accepted, for a reason in the record. */
  | { readonly kind: 'rejected'; readonly reason: string }
  /** It may have happened. */
  | { readonly kind: 'unknown' }
  /** It did not happen, for a reason that has nothing to do with the record. */
  | { readonly kind: 'notSent' };

/**
 * What the engine needs of Connec!, for one group. Reads reject with a `MaestranoSyncError` (`sync.sideAway`) when the
 * platform cannot be reached.
 */
export interface ConnecRecords {
  /** Until when it asked not to be called again for this group, in milliseconds of the epoch; null when it did not. */
  readonly pausedUntil?: number | null;
  /** Records with `updated_at` not before the position, the oldest first. */
  page(
    resource: string,
    position: ConnecPosition,
    limit: number,
  ): Promise<{ readonly records: readonly ConnecSideRecord[]; readonly next: ConnecPosition | null }>;
  /** In any order; those that are not there are left out. */
  get(resource: string, ids: readonly string[]): Promise<readonly ConnecSideRecord[]>;
  /** In the order of the writes. Each by itself: one that fails leaves the others alone. */
  write(resource: string, writes: readonly ConnecWrite[]): Promise<readonly ConnecWritten[]>;
}
