import type { SyncListing } from '../store/sync-listing.js';
import type { SyncReadUpTo, SyncStream } from '../store/sync-store.js';
import { KEPT_ANCHORS } from './anchors.js';
import type { SyncSettings } from './sync-settings.js';

/** Stamps of Connec! have whole seconds. */
const SECOND = 1_000;

/** How far back of the newest change a reading looks: changes may become visible so late. */
export function overlapOf(stream: SyncStream, settings: Pick<SyncSettings, 'overlapMs'>): number {
  return stream.overlapMs ?? settings.overlapMs;
}

/**
 * The stamp from which the next reading of Connec! lists, null for the beginning: everything that can still become
 * visible, and the records by which a restored backup is noticed.
 */
export function readFrom(stream: SyncStream, settings: Pick<SyncSettings, 'overlapMs'>): number | null {
  const { connecHigh, connecReadUpTo } = stream;
  if (connecHigh === null) return null;
  const unsettled = (connecReadUpTo?.settled ?? 0) + SECOND;
  return Math.max(anchorsFrom(stream, settings), Math.min(unsettled, listedAnchorsFrom(stream)));
}

/** The stamp from which the newest records are looked for by which a restored backup is noticed. */
export function anchorsFrom(stream: SyncStream, settings: Pick<SyncSettings, 'overlapMs'>): number {
  return (stream.connecHigh ?? 0) - overlapOf(stream, settings);
}

/**
 * The stamp from which listing shows the newest records, and few others: behind the last second that several of them share,
 * as those of an import do, of which there may be hundreds. The others are read by their ids.
 */
function listedAnchorsFrom({ connecAnchors: anchors }: SyncStream): number {
  const shared = anchors.find(({ version }, index) => version === anchors[index + 1]?.version);
  if (shared === undefined || anchors.length < KEPT_ANCHORS) return anchors.at(-1)?.version ?? 0;
  return shared.version + SECOND;
}

/**
 * A stamp from which the listing after one of several slices looks back: what became visible behind a slice that had passed it is
 * later than the clock of Connec! when the first one began, less the overlap. That clock is known only by the stamps that it gave
 * since: each of them, less the time that went by, is no later.
 *
 * @param passed milliseconds since the first slice began
 */
export function lookBackFrom(before: SyncListing | null, passed: number, newest: number): number {
  return Math.max(before?.from ?? 0, newest - passed);
}

/**
 * What a complete reading settles that began at the time: a stamp that was seen an overlap before. No record with it,
 * or an earlier one, can become visible behind such a reading. Only times of one clock are compared with
 * each other, which is the store's: the readings may be those of different instances.
 */
export function readUpTo(
  stream: SyncStream,
  settings: Pick<SyncSettings, 'overlapMs'>,
  { began, now }: { readonly began: number; readonly now: number },
): SyncReadUpTo | null {
  const { connecReadUpTo: before, connecHigh } = stream;
  if (connecHigh === null) return null;
  const next = { stamp: connecHigh, at: now };
  if (before === null) return { settled: 0, seen: next };
  if (began - before.seen.at < overlapOf(stream, settings) + SECOND) return before;
  return { settled: before.seen.stamp, seen: next };
}
