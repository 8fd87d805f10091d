import type { SyncCounts, SyncNotice, SyncRunState, SyncStream } from './store/sync-store.js';

/** Which part of the groups. */
export interface SyncGroupsOptions {
  /** `next` of the page before; the beginning by default. */
  readonly after?: string | null;
  /** 1 to 1,000; 1,000 by default. */
  readonly limit?: number;
}

/** Where {@link MaestranoSync.touch} writes. */
export interface SyncTouchOptions {
  /** The open transaction of your library (client, manager, `trx`); none by default. */
  readonly transaction?: unknown;
}

/** How it stands with an entity of a group. */
export interface SyncEntityStatus extends SyncCounts {
  readonly entity: string;
  /** Since when the oldest record that is due waits, in milliseconds; null when none does. */
  readonly dueSince: number | null;
  readonly stopped: SyncStream['stopped'];
  readonly confirmed: boolean;
  readonly paused: boolean;
  /** Records that only a complete listing found: a reason to read further back. */
  readonly foundBySweep: number;
  /** What was noticed about it: `sync.mappingChanged`, `sync.roundTrip`, `sync.changesOrder`. */
  readonly notices: readonly SyncNotice[];
}

/** How far the synchronization of a group is. */
export interface SyncProgress {
  /** Of the present or last run; null before the first. */
  readonly status: SyncRunState['status'] | null;
  /** In words, without values of records. */
  readonly message: string;
  /** Records that are known, on either side. */
  readonly records: number;
  /** Those with nothing to do at present; it comes up to `records`. */
  readonly settled: number;
  /** Those that are still to be looked at. */
  readonly due: number;
  /** Those that wait for a person, or for another record. */
  readonly held: number;
}

/** How it stands with a group. */
export interface SyncStatus {
  readonly enabled: boolean;
  readonly run: SyncRunState | null;
  readonly entities: readonly SyncEntityStatus[];
}
