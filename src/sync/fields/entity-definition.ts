import type { FieldRule, FieldUnit, ListRule, SyncConflictRule } from '../merge/side-record.js';
import type { SyncSource } from '../source/sync-source.js';
import type { SyncDirection } from '../store/sync-link.js';

/** A record of the application, of a type that the engine does not know. */
export type AppRecord = Readonly<Record<string, unknown>>;

/** How a field is compared when records are matched. */
export type SyncNormaliser = 'text' | 'email' | 'phone' | 'exact';

/** One way to recognise that two records are the same: all of its fields are equal, and none is empty. */
export type MatchKey = readonly { readonly field: string; readonly as: SyncNormaliser }[];

/** An entity, declared and ready to be used; made by `syncEntity()`. */
export interface SyncEntity {
  /** The resource by default. */
  readonly name: string;
  readonly resource: string;
  /** Whether there is one record of it on each side, which is never created: `company`. */
  readonly singleton?: boolean;
  /** Of the declaration: a process with an older one leaves groups alone that a newer one has worked on. */
  readonly version: number;
  readonly source: SyncSource<AppRecord>;
  readonly rules: readonly FieldRule[];
  readonly units: readonly FieldUnit[];
  /** Lists whose lines are synchronized one by one; they are none of the rules. */
  readonly lists: readonly ListRule[];
  readonly match: readonly MatchKey[];
  readonly conflict: SyncConflictRule;
  readonly direction: SyncDirection;
  readonly whenDeletedInApp: 'archiveInConnec' | 'keep';
  /** What an archived record of Connec! has. */
  readonly archived: Readonly<Record<string, unknown>>;
  /** Which records take part; false leaves one alone. */
  readonly accept: ((record: { readonly app?: AppRecord; readonly connec?: AppRecord }) => boolean) | null;
}
