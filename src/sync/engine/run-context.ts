import type { ExternalIdOwner } from '../../connec/client/external-ids.js';
import type { ConnecRecords } from '../connec/connec-records.js';
import type { SyncEntity } from '../fields/entity-definition.js';
import type { SyncSide } from '../store/sync-link.js';
import type { SyncNotice, SyncScope, SyncStore } from '../store/sync-store.js';
import type { SyncCallFailure } from './call-failure.js';
import type { HeldLease } from './held-lease.js';
import type { ConnecSide } from './records.js';
import type { SourceCalls } from './source-calls.js';
import type { SyncSettings } from './sync-settings.js';

/** What a run of one entity works with. */
export interface RunContext {
  readonly store: SyncStore;
  readonly scope: SyncScope;
  readonly entity: SyncEntity;
  readonly source: SourceCalls;
  readonly connec: ConnecRecords;
  readonly guard: HeldLease;
  readonly settings: SyncSettings;
  /** Whose ids ours are at the platform. */
  readonly owner: ExternalIdOwner;
  readonly options: RunOptions;
  readonly counters: RunCounters;
  /**
   * The time in milliseconds of the epoch by the clock that all instances share. Times that a later run
   * compares are taken from it: that run may be another instance's, whose own clock differs.
   */
  readonly now: () => number;
  /** What was noticed about fields in this run. */
  readonly notices: SyncNotice[];
  /** Calls of the source in this run of which nobody knows whether they were carried out. */
  readonly failures: SyncCallFailure[];
  /**
   * When no page is listed any more, in milliseconds of the epoch; null where everything is. Earlier than the slice ends: what is due is
   * written in each, however much there is to list.
   */
  readonly listUntil: number | null;
  /** Whether a listing goes on in the next slice; set by the listing. */
  unfinished?: boolean;
  /** Whether a record of the entity was ever erased; taken for true where it is not known. */
  hasErased?: boolean;
  /** Records that the last page of the listing of Connec! showed, by their ids, until they are looked at. */
  listed?: Map<string, ConnecSide>;
  /** Whether records are created without the references that they wait for; false except where those go in a circle. */
  readonly withoutReferences?: boolean;
}

/** What one run does otherwise than the next. */
export interface RunOptions {
  /** Which sides may be written to. */
  readonly writable: Readonly<Record<SyncSide, boolean>>;
  /** Which side wins every conflict; null where the rules decide. */
  readonly preemption: SyncSide | null;
  /** Another one in single entities, by name; none by default. */
  readonly preempted?: Readonly<Record<string, SyncSide>>;
  /** List all records of both sides. */
  readonly full: boolean;
  /** When nothing more is begun, in milliseconds of the epoch: others are waiting; null where nobody is. */
  readonly until: number | null;
  /** Names of the entities that are run; null for all. */
  readonly only: readonly string[] | null;
}

/** Whether a time is over: that of a slice, or of what it lists. */
export function isOver(until: number | null): boolean {
  return until !== null && Date.now() >= until;
}

/** What a run did, in records. */
export interface RunCounters {
  read: number;
  createdInApp: number;
  createdInConnec: number;
  updatedInApp: number;
  updatedInConnec: number;
  archived: number;
  rejected: number;
  unknown: number;
}

/** Those of a run that did nothing yet. */
export function newCounters(): RunCounters {
  return {
    read: 0,
    createdInApp: 0,
    createdInConnec: 0,
    updatedInApp: 0,
    updatedInConnec: 0,
    archived: 0,
    rejected: 0,
    unknown: 0,
  };
}

/** Those of several runs together. */
export function sumOf(all: readonly RunCounters[]): RunCounters {
  const sum = newCounters();
  for (const counters of all) {
    for (const name of Object.keys(sum) as (keyof RunCounters)[]) sum[name] += counters[name];
  }
  return sum;
}
