import { isRecord } from '../../utils/values.js';

/** A version and when it had been seen, in milliseconds of the epoch. */
export interface VersionMark {
  readonly version: number;
  readonly at: number;
}

/** How far a table was read. */
export interface TableCursor {
  /** All rows up to this version were seen, and none can appear any more. */
  readonly settled: number | null;
  /** What earlier readings had seen; the oldest first. */
  readonly marks: readonly VersionMark[];
  /** Where the next page of this reading begins; null at the beginning of one. */
  readonly after: { readonly version: number; readonly id: string | number } | null;
  /** When this reading began, in milliseconds; null between two. */
  readonly began: number | null;
}

/** Before the first reading. */
export const TABLE_START: TableCursor = { settled: null, marks: [], after: null, began: null };

/** Marks that are kept at most: one for each fifth of the time until a version is settled. */
const PARTS = 5;

/** The cursor of a text that {@link writeCursor} gave; the beginning for any other. */
export function readCursor(text: string | null): TableCursor {
  if (text === null) return TABLE_START;
  try {
    const read: unknown = JSON.parse(text);
    if (isRecord(read) && Array.isArray(read['marks'])) return { ...TABLE_START, ...read };
  } catch {
    // Of another source, or of an older release: everything is read again, which costs comparisons and loses nothing.
  }
  return TABLE_START;
}

export function writeCursor(cursor: TableCursor): string {
  return JSON.stringify(cursor);
}

/**
 * Where the next reading may begin. A version that was seen `settleMs` before this reading began is settled: whoever
 * drew a smaller one had begun before, and has committed or is over.
 */
export function afterReading(
  { settled, marks, began }: TableCursor,
  highest: number | null,
  now: number,
  settleMs: number,
): TableCursor {
  const start = began ?? now;
  const old = marks.filter(({ at }) => at <= start - settleMs);
  const known = Math.max(settled ?? Number.NEGATIVE_INFINITY, ...old.map(({ version }) => version));
  const kept = marks.filter((mark) => !old.includes(mark) && mark.version > known);
  const last = kept.at(-1);
  const spaced = last === undefined || now - last.at >= settleMs / PARTS;
  const mark = highest !== null && highest > known && spaced && highest > (last?.version ?? known);
  return {
    settled: Number.isFinite(known) ? known : null,
    marks: mark ? [...kept, { version: highest, at: now }] : kept,
    after: null,
    began: null,
  };
}
