import type { SyncKnownGroup } from '../store/sync-store.js';

/** Groups of a marketplace that fail one behind the other before the marketplace is taken for away. */
const FAILURES = 3;

/** Least milliseconds between two groups of a marketplace that is away. */
const PROBE_MS = 55_000;

/** Groups that ended well since a marketplace was away, from which on nothing is held back any more. */
const ALL = 1_024;

/** What the last runs of a marketplace's groups say of it. */
interface Seen {
  /** When the last run began. */
  startedAt: number;
  /** Of the runs that ended: when, and whether a side was away. */
  readonly ends: { readonly at: number; readonly isAway: boolean }[];
}

/**
 * How many groups of a marketplace are begun in one turn. It goes by the last runs of all groups, which are in the store, so that
 * all processes know the same: a marketplace that is away costs one probe a minute, and when it is back, its groups are
 * admitted in steps of 1, 2, 4, …, so that ten thousand do not fall on it at once (synchronization §12.14). One company whose
 * own database is away holds nobody back.
 */
export class Admission {
  readonly #seen = new Map<string, Seen>();
  readonly #left = new Map<string, number>();

  /** Takes note of a group, before anything is admitted. */
  see({ marketplace, state: { run, pausedUntil } }: SyncKnownGroup): void {
    // A company that was asked to wait says nothing of the others: neither that a side is away nor that it is back.
    if (run === null || pausedUntil !== null) return;
    const seen = this.#seen.get(marketplace) ?? { startedAt: 0, ends: [] };
    this.#seen.set(marketplace, seen);
    seen.startedAt = Math.max(seen.startedAt, run.startedAt);
    if (run.endedAt === null) return;
    seen.ends.push({ at: run.endedAt, isAway: run.code === 'sync.sideAway' });
  }

  /** Whether one more group of the marketplace may begin in this turn; counts it then. */
  admits(marketplace: string, now: number): boolean {
    const left = this.#left.get(marketplace) ?? this.#limit(marketplace, now);
    this.#left.set(marketplace, left - 1);
    return left > 0;
  }

  #limit(marketplace: string, now: number): number {
    const seen = this.#seen.get(marketplace);
    if (!seen) return Number.POSITIVE_INFINITY;
    const newest = seen.ends.toSorted((one, other) => other.at - one.at);
    const enough = Math.min(FAILURES, newest.length);
    let well = 0;
    let failures = 0;
    for (const { isAway } of newest) {
      failures = isAway ? failures + 1 : 0;
      if (isAway && failures >= enough) break;
      if (!isAway && (well += 1) >= ALL) return Number.POSITIVE_INFINITY;
    }
    if (failures < enough || newest.length === 0) return Number.POSITIVE_INFINITY;
    if (well > 0) return 1 + well;
    // Also where the clock was set back meanwhile.
    return Math.abs(now - seen.startedAt) >= PROBE_MS ? 1 : 0;
  }
}
