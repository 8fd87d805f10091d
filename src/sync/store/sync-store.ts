import { MaestranoSyncError } from '../../errors/sync.error.js';
import type { SyncHoldKind, SyncLink, SyncSide } from './sync-link.js';
import type { SyncListing, SyncSweep } from './sync-listing.js';
import type { SyncRequest, SyncTaken } from './sync-request.js';

/** Whose data: one customer company on one marketplace, for one application. */
export interface SyncScope {
  /** Name of the application: two applications on one database keep apart. */
  readonly app: string;
  readonly marketplace: string;
  /** `cld-…` */
  readonly group: string;
}

/** The right to work on a scope. Its token rises with every holder; a store rejects all writes with an older one. */
export interface SyncLease {
  readonly scope: SyncScope;
  readonly token: number;
  /** Milliseconds of the epoch. */
  readonly until: number;
}

/** How to find a link. */
export type SyncRef =
  | { readonly key: string }
  | { readonly app: string }
  | { readonly connec: string }
  | { readonly external: string };

/** How far the reading of both sides is, for one entity. */
export interface SyncStream {
  /** Where the next read of the application's changes begins; null for the beginning. */
  readonly appCursor: string | null;
  /** Largest `updated_at` seen at Connec!, in milliseconds; null before the first read. */
  readonly connecHigh: number | null;
  /** Up to where Connec! was read for good; null before the first complete reading. */
  readonly connecReadUpTo: SyncReadUpTo | null;
  /** Versions of the application's records over time; null where they do not rise over the whole table. */
  readonly appVersions: SyncVersions | null;
  /** The newest records that each side showed, newest first: a restored backup lacks them, or shows them as they were. */
  readonly appAnchors: readonly SyncAnchor[];
  readonly connecAnchors: readonly SyncAnchor[];
  /** Where a listing of Connec! goes on that a slice did not end; null where none is under way. */
  readonly connecListing: SyncListing | null;
  /** A listing of all records that a slice did not end; null where none is under way. */
  readonly sweep: SyncSweep | null;
  /** Whether all records of each side were listed once. */
  readonly appComplete: boolean;
  readonly connecComplete: boolean;
  /** When the last complete comparison of both sides ended; null before the first. */
  readonly sweptAt: number | null;
  /** Records that only a sweep found: each doubles how far back the next reads look. */
  readonly overlapMs: number | null;
  readonly foundBySweep: number;
  /** Whether a person, or an option, allowed the first synchronization. */
  readonly confirmed: boolean;
  /** How the entity was declared when it was last run; null before the first run. */
  readonly declaration: SyncDeclaration | null;
  /** What was noticed about its fields. */
  readonly notices: readonly SyncNotice[];
  /** Nothing is decided for the entity until a person has; null when nothing is wrong. */
  readonly stopped: SyncStop | null;
  /** Overwrites, deletes and records that vanished by hour (of the epoch), for the brake. */
  readonly hours: readonly SyncHour[];
  /** Records that were erased, of which only digests are left. */
  readonly erased: number;
  /** The time of the oldest values that its history may hold, in milliseconds; null where it holds none. */
  readonly valuesSince: number | null;
  /** A person released the brake, until the entity has come to rest. */
  readonly released: boolean;
}

/** The largest version seen, and the largest one that had been seen some time before: no change draws that one again. */
export interface SyncVersions {
  readonly highest: number;
  /** When `settled` was last moved on, in milliseconds. */
  readonly at: number;
  /** The largest one that had been seen by then: the next `settled`. */
  readonly settling: number;
  readonly settled: number;
}

/** Up to where Connec! was read for good: stamps and times in milliseconds. */
export interface SyncReadUpTo {
  /** No record with this stamp or an earlier one can become visible any more that was not listed. */
  readonly settled: number;
  /** The stamp that is settled next, and when it was seen by our clock. */
  readonly seen: { readonly stamp: number; readonly at: number };
}

/** How an entity was declared. */
export interface SyncDeclaration {
  readonly version: number;
  /** By field: the property of the application, and a digest of how it is mapped. */
  readonly fields: Readonly<Record<string, { readonly app: string; readonly mapping: string }>>;
}

/** Something about a field, or about a source, that a person should know. Holds no value. */
export interface SyncNotice {
  /**
   * `sync.mappingChanged`: it is mapped otherwise than before, and nothing was written for that. `sync.roundTrip`: a
   * side keeps another form of what was sent. `sync.changesOrder`: pages of the source's `changes` are not in order.
   */
  readonly code: 'sync.mappingChanged' | 'sync.roundTrip' | 'sync.changesOrder';
  /** The field; `changes` where it is about the source. */
  readonly field: string;
  /** Records that it is about. */
  readonly count: number;
  /** Milliseconds of the epoch. */
  readonly since: number;
  /** Characters that were sent, and that are kept, of the first one; with `sync.roundTrip`. */
  readonly sent?: number;
  readonly kept?: number;
}

/** A record of one side, with the version or stamp that it was seen with. */
export interface SyncAnchor {
  readonly id: string;
  readonly version: number;
  /** Whether the application did not have it any more when it was looked for. */
  readonly gone?: boolean;
}

export interface SyncHour {
  readonly hour: number;
  readonly app: number;
  readonly connec: number;
  readonly deletes: number;
  /** Records that Connec! did not find any more; none where it is left out. */
  readonly vanished?: number;
}

export interface SyncStop {
  /** `sync.restored`, `sync.massChange`. */
  readonly code: string;
  readonly side: SyncSide;
  readonly reason: string;
  readonly since: number;
}

/** A record to look at. It says which one, never how it looks. */
export interface SyncHint {
  /** Names the hint in `SyncCommit.hints`; given by the store. */
  readonly id: string;
  readonly entity: string;
  readonly side: SyncSide;
  readonly recordId: string;
  readonly cause: 'notification' | 'touch';
}

/** A change of one field that the engine made or decided. */
export interface SyncHistoryEntry {
  readonly key: string;
  readonly at: number;
  readonly field: string;
  /** Which side it was written to; null when it was only decided. */
  readonly to: SyncSide | null;
  /** Such as `only app changed`, `newest: app`, `undecided`. */
  readonly rule: string;
  readonly conflict: boolean;
  /** What each side showed of the field by then, as a digest; null where it had none. */
  readonly digests?: Readonly<Record<SyncSide, string | null>>;
  /**
   * The same as values, with long texts cut off: only with `history: 'values'`, and until `historyValuesMs` are over. Each in
   * the form of its side.
   */
  readonly values?: Readonly<Record<SyncSide, unknown>>;
}

/** Everything that one step changes; all of it or nothing. */
export interface SyncCommit {
  readonly entity: string;
  readonly links?: readonly SyncLink[];
  /** Keys of links that became part of another. */
  readonly removed?: readonly string[];
  readonly stream?: SyncStream;
  /** Ids of hints that are dealt with. */
  readonly hints?: readonly string[];
  readonly history?: readonly SyncHistoryEntry[];
  /** Has the history of some links forget the values that it kept before a moment, in milliseconds; the entries stay. */
  readonly forgetValues?: { readonly keys: readonly string[]; readonly before: number };
}

/** What is known of a group as a whole. */
export interface SyncGroupState {
  readonly enabled: boolean;
  /** Entities that are paused, and since when in milliseconds. */
  readonly paused: Readonly<Record<string, number>>;
  readonly run: SyncRunState | null;
  /** Whether somebody asked for a run while another one was under way. */
  readonly again: boolean;
  /** When it may be run again in the background, in milliseconds: Connec! or a source asked to wait; null where none did. */
  readonly pausedUntil: number | null;
  /** When a rollout confirmed the first synchronization, in milliseconds; null where none did. */
  readonly rolledOutAt: number | null;
  /** The run that was asked for last; null before the first. */
  readonly wanted: SyncRequest | null;
  /** Which of them was taken up last; null before the first. */
  readonly taken: SyncTaken | null;
}

/** The present or last run of a group. */
export interface SyncRunState {
  readonly id: string;
  readonly status: 'RUNNING' | 'ENQUEUED' | 'SUCCESS' | 'ERROR';
  /** In words, without values of records. */
  readonly message: string;
  readonly startedAt: number;
  readonly endedAt: number | null;
  /** Of what made it fail, such as `sync.sideAway`; null when it did not, left out before it ended. */
  readonly code?: string | null;
  /** Since when the oldest record that was due when it ended waited, in milliseconds; null when none was, left out before. */
  readonly dueSince?: number | null;
  /** What waited for a person when it ended; left out before, and where nobody could say. */
  readonly needs?: SyncNeeds;
}

/** What of a group waits for a person. */
export interface SyncNeeds {
  /** All of its records, held back or not. */
  readonly links: number;
  /** Records that are held back until somebody decides. */
  readonly records: number;
  /** Entities that stopped. */
  readonly stopped: number;
  /** Whether the first synchronization waits to be confirmed. */
  readonly confirmation: boolean;
}

/** A group of which something is known. */
export interface SyncKnownGroup {
  readonly marketplace: string;
  /** `cld-…` */
  readonly groupUid: string;
  readonly state: SyncGroupState;
}

/** Some groups of an application, in an order of the store's own. */
export interface SyncGroupPage {
  readonly groups: readonly SyncKnownGroup[];
  /** The `after` of the following page; null when nothing follows. */
  readonly next: string | null;
}

/** Links by what becomes of them. */
export interface SyncCounts {
  readonly links: number;
  readonly due: number;
  readonly holds: Readonly<Partial<Record<SyncHoldKind, number>>>;
  readonly gone: number;
}

/** Part of the links of an entity, in an order of the store's own. */
export interface SyncLinkPage {
  readonly links: readonly SyncLink[];
  /** The `after` of the following page; null when nothing follows. */
  readonly next: string | null;
}

/** What changes of a group's state, or a function that says so of the state at that moment: nobody else changes it in between. */
export type SyncGroupChanges = Partial<SyncGroupState> | ((state: SyncGroupState) => Partial<SyncGroupState>);

/** The state of a group before anything happened. */
export const NEW_GROUP: SyncGroupState = {
  enabled: true,
  paused: {},
  run: null,
  again: false,
  pausedUntil: null,
  rolledOutAt: null,
  wanted: null,
  taken: null,
};

/** The state of an entity before anything was read. */
export const NEW_STREAM: SyncStream = {
  appCursor: null,
  connecHigh: null,
  connecReadUpTo: null,
  appVersions: null,
  appAnchors: [],
  connecAnchors: [],
  connecListing: null,
  sweep: null,
  appComplete: false,
  connecComplete: false,
  sweptAt: null,
  overlapMs: null,
  foundBySweep: 0,
  confirmed: false,
  declaration: null,
  notices: [],
  stopped: null,
  hours: [],
  erased: 0,
  valuesSince: null,
  released: false,
};

/**
 * Where the engine keeps what ties records of both sides to each other. What it acknowledged is part of the guarantee
 * that nothing is lost: a store that evicts, or forgets its last second when a server dies, lets edits be overwritten.
 *
 * Rules: a scope is the unit of isolation, and its `app` is part of every key; of any number of callers of `acquire`
 * one gets the lease; `commit` is all or nothing, and rejects with `sync.duplicateLink` where two links would hold one id;
 * texts and numbers come back exactly.
 *
 * Every write of a run carries its lease: `commit` (links, stream, history, and hints that are dealt with) and what `setGroup`
 * notes of the run. Both reject with `sync.leaseLost` for an older token, and `renew` and `release` do nothing for one. Only
 * what is no run's has no lease: a `hint` (of a notification, or `touch`), and by `setGroup` that somebody wants a run
 * (`wanted`, `again`), an operator's switches (`enabled`, `paused`), a rollout's mark (`rolledOutAt`), and `forget`. None of
 * them says how a record is.
 */
export abstract class SyncStore {
  /** `memory`: over with the process. `mayLose`: acknowledged writes can be lost. */
  abstract readonly durability: 'durable' | 'memory' | 'mayLose';
  /** The lease on a scope, or null while somebody else holds it. */
  abstract acquire(scope: SyncScope, ttlMs: number): Promise<SyncLease | null>;
  /** The lease with a later end, or null when somebody else has it. */
  abstract renew(lease: SyncLease, ttlMs: number): Promise<SyncLease | null>;
  abstract release(lease: SyncLease): Promise<void>;
  abstract commit(lease: SyncLease, changes: SyncCommit): Promise<void>;
  /** In the order of the refs; at most 1,000. */
  abstract links(scope: SyncScope, entity: string, refs: readonly SyncRef[]): Promise<(SyncLink | null)[]>;
  /** Links whose `dueAt` is not later, the earliest first. */
  abstract due(scope: SyncScope, entity: string, before: number, limit: number): Promise<SyncLink[]>;
  abstract page(
    scope: SyncScope,
    entity: string,
    query: { readonly after?: string; readonly limit: number; readonly hold?: SyncHoldKind },
  ): Promise<SyncLinkPage>;
  abstract count(scope: SyncScope, entity: string, now: number): Promise<SyncCounts>;
  /** Links that wait for one of these records (`entity:side:id`), with their entity. */
  abstract waiting(
    scope: SyncScope,
    records: readonly string[],
  ): Promise<{ readonly entity: string; readonly link: SyncLink }[]>;
  /** Links that have one of the keys by which records are matched. */
  abstract matching(scope: SyncScope, entity: string, keys: readonly string[]): Promise<SyncLink[]>;
  abstract stream(scope: SyncScope, entity: string): Promise<SyncStream>;
  /** Needs no lease. */
  abstract hint(scope: SyncScope, hints: readonly Omit<SyncHint, 'id'>[]): Promise<void>;
  /** The oldest first. */
  abstract hints(scope: SyncScope, entity: string, limit: number): Promise<SyncHint[]>;
  abstract group(scope: SyncScope): Promise<SyncGroupState>;
  /** Groups of an application with a state that was ever set, and not forgotten since; at most 1,000. */
  abstract groups(
    app: string,
    query: { readonly after?: string; readonly limit: number },
  ): Promise<SyncGroupPage>;
  /**
   * Changes what is given, or what a function says of the state as it is at that moment, and resolves with the whole. Of two at
   * once each function gets what the other one made; it may be called again where the store has to try again.
   *
   * @param lease of the run that notes something of itself; none for what others want of the group
   * @throws MaestranoSyncError `sync.leaseLost` for a lease with an older token: nothing is changed
   */
  abstract setGroup(scope: SyncScope, changes: SyncGroupChanges, lease?: SyncLease): Promise<SyncGroupState>;
  /** Newest first. */
  abstract history(scope: SyncScope, entity: string, key: string, limit: number): Promise<SyncHistoryEntry[]>;
  /** Removes everything that is known of the scope. Who holds its lease at that moment commits nothing any more. */
  abstract forget(scope: SyncScope): Promise<void>;
  abstract ping(): Promise<void>;
  /**
   * The time in milliseconds of the epoch by a clock that all processes share, however wrong their own are; by default that of
   * this process, as is right for a store that has one process only.
   */
  async now(): Promise<number> {
    return Date.now();
  }
  /** Whether the store can be used at all; called at start-up. Rejects with what is wrong; does nothing by default. */
  async check(): Promise<void> {}
  /** Why a store that is `durable` may lose what it acknowledged all the same, one sentence each; none by default. */
  async losses(): Promise<readonly string[]> {
    return [];
  }
  /**
   * The same rows inside an open transaction of the application, for `hint`.
   *
   * @throws MaestranoSyncError `sync.store` where the store has no transactions, as by default
   */
  within(_transaction: unknown): SyncStore {
    throw new MaestranoSyncError('sync.store', {
      message: 'The store of the synchronization takes no part in transactions of the application.',
      remedy: 'Leave the transaction out, or use a SqlSyncStore on the same database.',
    });
  }
  async close(): Promise<void> {}
}
