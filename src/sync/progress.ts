import { setTimeout as pause } from 'node:timers/promises';

import type { SyncProgress, SyncStatus } from './sync-status.interface.js';

/** How far a synchronization is. */
export function progressOf({ run, entities }: SyncStatus): SyncProgress {
  const sum = (pick: (one: SyncStatus['entities'][number]) => number): number =>
    entities.reduce((total, one) => total + pick(one), 0);
  const records = sum(({ links }) => links);
  const due = sum((one) => one.due);
  return {
    status: run?.status ?? null,
    message: run?.message ?? '',
    records,
    due,
    held: sum(({ holds }) => Object.values(holds).reduce((some, count) => some + count, 0)),
    settled: records - due,
  };
}

/** Asks again and again, until no run waits or is under way any more. */
export async function* follow(
  status: () => Promise<SyncStatus>,
  { everyMs, signal }: { readonly everyMs: number; readonly signal?: AbortSignal | undefined },
): AsyncGenerator<SyncProgress> {
  for (;;) {
    const progress = progressOf(await status());
    yield progress;
    if (progress.status !== 'RUNNING' && progress.status !== 'ENQUEUED') return;
    await pause(everyMs, undefined, signal ? { signal } : {});
  }
}
