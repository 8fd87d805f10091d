import type { RunOptions } from './engine/run-context.js';
import { FULL_RUN } from './engine/sync-engine.js';
import type { SyncRequestOptions } from './store/sync-request.js';

/** The engine's options of a run: only entities that are not paused. */
export function runOptionsOf(
  entities: readonly string[],
  paused: Readonly<Record<string, number>>,
  { full = false, only, preemption, preempted = {}, to }: SyncRequestOptions,
): RunOptions {
  return {
    ...FULL_RUN,
    full,
    only: (only ?? entities).filter((name) => !(name in paused)),
    preemption: preemption ?? null,
    preempted,
    writable: { app: to !== 'connec', connec: to !== 'app' },
  };
}
