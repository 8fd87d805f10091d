import type { SyncReadUpTo, SyncStream } from '../store/sync-store.js';
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
  const { connecHigh, connecReadUpTo, connecAnchors } = stream;
  if (connecHigh === null) return null;
  const oldest = connecAnchors.at(-1)?.version ?? 0;
  const settled = Math.min(connecReadUpTo?.settled ?? 0, oldest);
  return Math.max(connecHigh - overlapOf(stream, settings), settled);
}

/**
 * What a complete reading settles that began at the time: a stamp that was seen an overlap before. No record with it,
 * or an earlier one, can become visible behind such a reading. Only times of our own clock are compared with each other.
 */
export function readUpTo(
  stream: SyncStream,
  settings: Pick<SyncSettings, 'overlapMs'>,
  began: number,
): SyncReadUpTo | null {
  const { connecReadUpTo: before, connecHigh } = stream;
  if (connecHigh === null) return null;
  const next = { stamp: connecHigh, at: Date.now() };
  if (before === null) return { settled: 0, seen: next };
  if (began - before.seen.at < overlapOf(stream, settings) + SECOND) return before;
  return { settled: before.seen.stamp, seen: next };
}
