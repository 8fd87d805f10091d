import { Logger } from '@nestjs/common';

import type { GroupReference } from '../adapters/maestrano-group.adapter.js';
import type { RunOptions } from './engine/run-context.js';

/** Groups that may wait for a run; more wait in the store, as hints. */
const MAX_WAITING = 10_000;

interface Entry {
  readonly group: GroupReference;
  options: RunOptions;
}

/**
 * Runs of this process in the background: one a group at a time, and whatever was asked for meanwhile is one run more
 * afterwards. A run that resolves with true has more to do, and goes on when the others had their turn.
 */
export class SyncRuns {
  readonly #logger = new Logger('MaestranoSync');
  readonly #waiting = new Map<string, Entry>();
  readonly #running = new Map<string, Promise<void>>();
  readonly #stopping = new AbortController();

  constructor(
    private readonly run: (
      group: GroupReference,
      options: RunOptions,
      signal: AbortSignal,
    ) => Promise<boolean>,
    private readonly maxRuns: number,
  ) {}

  /** Whether a run of the group waits or is under way here. */
  state(group: GroupReference): 'running' | 'waiting' | null {
    const key = keyOf(group);
    if (this.#waiting.has(key)) return 'waiting';
    return this.#running.has(key) ? 'running' : null;
  }

  /** Has a run follow soon; the options of the last one to ask hold. */
  start(group: GroupReference, options: RunOptions): void {
    const key = keyOf(group);
    if (this.#stopping.signal.aborted || (this.#waiting.size >= MAX_WAITING && !this.#waiting.has(key)))
      return;
    this.#waiting.set(key, { group, options });
    this.#next();
  }

  /** Has no run follow that was asked for; one under way goes on. */
  drop(group: GroupReference): void {
    this.#waiting.delete(keyOf(group));
  }

  /** Resolves once no run of the group is under way here. */
  async ended(group: GroupReference): Promise<void> {
    await this.#running.get(keyOf(group));
  }

  /** Resolves once nothing runs or waits any more. */
  async idle(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running.values());
  }

  /** Ends the runs after what they are sending, and begins none any more. */
  async close(): Promise<void> {
    this.#stopping.abort(new Error('The application is stopping.'));
    this.#waiting.clear();
    await this.idle();
  }

  #next(): void {
    for (const [key, entry] of this.#waiting) {
      if (this.#running.size >= this.maxRuns) return;
      if (this.#running.has(key)) continue;
      this.#waiting.delete(key);
      this.#running.set(key, this.#runOne(key, entry));
    }
  }

  async #runOne(key: string, { group, options }: Entry): Promise<void> {
    let more = false;
    try {
      more = await this.run(group, options, this.#stopping.signal);
    } catch (error) {
      const { name, message } = error as Error;
      this.#logger.error(
        `Synchronization of ${group.marketplace}/${group.groupUid} failed: ${name}: ${message}`,
      );
    } finally {
      this.#running.delete(key);
      // Behind all others: a company with a million records delays them by one slice.
      if (more && !this.#waiting.has(key)) this.start(group, { ...options, full: false });
      else this.#next();
    }
  }
}

function keyOf({ marketplace, groupUid }: GroupReference): string {
  return JSON.stringify([marketplace, groupUid]);
}
