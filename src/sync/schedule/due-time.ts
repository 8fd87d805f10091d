import { hash } from 'node:crypto';

import type { SyncGroupState, SyncScope } from '../store/sync-store.js';

/**
 * When a group is due: once in each interval, at a moment of its own that follows from its name, so that ten thousand groups are
 * spread over the interval, and no process has to keep their times (synchronization §5.8). A run shortly before counts.
 *
 * @returns milliseconds of the epoch
 */
export function dueTime(scope: SyncScope, { run }: Pick<SyncGroupState, 'run'>, everyMs: number): number {
  const name = JSON.stringify([scope.app, scope.marketplace, scope.group]);
  const offset = Number.parseInt(hash('sha256', name).slice(0, 12), 16) % everyMs;
  // Of a run whose process died there is no end.
  const last = run?.endedAt ?? run?.startedAt ?? 0;
  const earliest = last + everyMs / 2;
  return Math.ceil((earliest - offset) / everyMs) * everyMs + offset;
}
