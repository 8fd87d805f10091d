import type { SyncBase, SyncDirection, SyncSide } from '../store/sync-link.js';
import { digest } from './values.js';

/** Who wins where both sides changed a field. */
export type SyncConflictRule = 'newest' | 'app' | 'connec' | 'nonEmpty' | 'ask';

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
  readonly born: string | null;
  /** By field name. */
  readonly values: Readonly<Record<string, unknown>>;
  readonly digests: SyncBase;
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
