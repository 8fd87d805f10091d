import type { SyncBase, SyncDirection, SyncSide } from '../store/sync-link.js';
import { digest } from './values.js';

/** Who wins where both sides changed a field. */
export type SyncConflictRule = 'newest' | 'app' | 'connec' | 'nonEmpty' | 'ask';

/** The records of both sides, as far as they are there, for a guard of a field. */
export interface FieldRecords {
  readonly app?: Readonly<Record<string, unknown>>;
  readonly connec?: Readonly<Record<string, unknown>>;
}

/** One field of an entity, ready to be used. */
export interface FieldRule {
  /** Its path at Connec!, and its name in everything that is kept. */
  readonly name: string;
  /** The property of the application's record. */
  readonly app: string;
  readonly direction: Exclude<SyncDirection, 'none'>;
  /** The entity whose records it refers to. */
  readonly refers: string | null;
  /** Null where the rule of the entity holds. */
  readonly conflict: SyncConflictRule | null;
  /** Null where values are the same on both sides. */
  readonly toConnec: ((value: unknown) => unknown) | null;
  readonly toApp: ((value: unknown) => unknown) | null;
  /** Whether two values, in Connec!'s form, say the same. */
  readonly equal: ((one: unknown, other: unknown) => boolean) | null;
  /** What the other side gets on create where a value is empty. */
  readonly onCreate: { readonly app?: unknown; readonly connec?: unknown };
  /** Whether the field takes part for these records; always by default. */
  readonly when?: ((records: FieldRecords) => boolean) | null;
  /** Whether the entity that it refers to refers back, by whatever way. */
  readonly circular?: boolean;
  /** The line that it is, where the field is one. */
  readonly line?: { readonly list: ListRule; readonly key: string };
}

/** A list whose lines have ids of their own on both sides. */
export interface ListRule {
  /** Its path at Connec!. */
  readonly name: string;
  /** The property of the application's record. */
  readonly app: string;
  readonly direction: Exclude<SyncDirection, 'none'>;
  readonly conflict: SyncConflictRule | null;
  /** The property of a line that is the application's id of it. */
  readonly key: string;
  /** Names of fields by which lines are recognised that have never been written. */
  readonly match: readonly string[];
  readonly fields: readonly FieldRule[];
}

/** The declared fields of a line by name, in the form of a side. */
export type LineValues = Readonly<Record<string, unknown>>;

/** A line as it was read. */
export interface SideLine {
  /** Null where the side gave none. */
  readonly id: string | null;
  /** Ids of ours that Connec!'s line has. */
  readonly externalIds: readonly string[];
  readonly values: LineValues;
  readonly raw: Readonly<Record<string, unknown>>;
}

/** Fields that are changed, decided and written as one. */
export type FieldUnit = readonly FieldRule[];

/** A record of one side as it was just read: the declared fields in the form of that side. */
export interface SideRecord {
  readonly side: SyncSide;
  readonly id: string;
  /** Numbers can be compared, texts only tell that something changed. */
  readonly version: number | string | null;
  /** When it was last changed, in milliseconds of the epoch. */
  readonly at: number;
  /** The same for single properties, by their names at the application; of those that the side knows it of. */
  readonly fieldsAt?: Readonly<Record<string, number>>;
  readonly born: string | null;
  /** By field name. */
  readonly values: Readonly<Record<string, unknown>>;
  readonly digests: SyncBase;
  /** Lines by the name of their list. */
  readonly lists?: Readonly<Record<string, readonly SideLine[]>>;
  /** Digest of all that the side shows of the record but its stamp; null where nobody can say what belongs to it. */
  readonly whole: () => string | null;
}

/** Digests of values by name. */
export function digestsOf(values: Readonly<Record<string, unknown>>): SyncBase {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, digest(value)]));
}

/** A value in the form of the other side; or the record that it waits for. */
export type Converted = { readonly value: unknown } | { readonly waitsFor: string };

/** Converts a value of a field for the other side. Throws where the declared conversion does. */
export type Convert = (rule: FieldRule, from: SyncSide, value: unknown) => Converted;

/** The other one of the two sides. */
export function otherSide(side: SyncSide): SyncSide {
  return side === 'app' ? 'connec' : 'app';
}

/** Whether a value of the field may go to the side. */
export function mayGo(direction: SyncDirection, to: SyncSide): boolean {
  return direction === 'both' || direction === (to === 'app' ? 'toApp' : 'toConnec');
}
