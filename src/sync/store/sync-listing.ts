import type { SyncSide } from './sync-link.js';

/** A listing of what changed at Connec!, over several slices. */
export interface SyncListing {
  /** The stamp with which the next slice begins; all earlier ones were read. Milliseconds, whole seconds. */
  readonly since: number;
  /** When the first slice of it began, in milliseconds. */
  readonly began: number;
  /** A stamp that is no later than what Connec! had when it began: the next listing looks back from there. Milliseconds. */
  readonly from: number;
}

/**
 * A complete listing of both sides over several slices (synchronization §5.3 step 5). What was listed carries the mark of it
 * ({@link SyncSideState.listed}), so that any process can go on.
 */
export interface SyncSweep {
  /** When it began, in milliseconds: the mark of what it lists. */
  readonly began: number;
  /** What it is at: a side, or the comparison of both. */
  readonly at: SyncSide | 'compare';
  /** Where that goes on: the source's cursor, Connec!'s stamp in milliseconds, or the key of a link; null for the beginning. */
  readonly after: string | null;
  /** The largest version of the application that it listed. */
  readonly newest: number;
  /** Records that polling had not found, by side. */
  readonly found: Readonly<Record<SyncSide, number>>;
  /** Missing records of the application that were newer than all that it listed. */
  readonly lost: number;
  /**
   * The comparison has the history forget values from before this moment, in milliseconds; null where it forgets none, or has
   * not begun.
   */
  readonly forgotten: number | null;
}
