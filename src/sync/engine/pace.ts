import { MaestranoSyncError } from '../../errors/sync.error.js';
import type { SyncSide } from '../store/sync-link.js';

/** How fast calls may follow each other: a bucket that holds `burst` of them and is refilled at a rate. */
export interface SyncRate {
  /** Calls a second, 0.1 or more. */
  readonly perSecond: number;
  /** Calls that may be made at once after a rest; 1 by default. */
  readonly burst?: number;
}

/** Limits of this process (synchronization §5.8): of several, each has its own. */
export interface SyncLimits {
  /** Requests to the Connec! of each marketplace; without a limit by default. */
  readonly connec?: SyncRate;
  /** Calls of sources, of all companies together; without a limit by default. */
  readonly app?: SyncRate;
  /** Calls of sources for one company; without a limit by default. */
  readonly appPerGroup?: SyncRate;
}

/** What a run has to wait for before it calls a side. */
export interface Pace {
  /** Takes the next place in the row; returns the milliseconds until it is there. */
  reserve(side: SyncSide): number;
}

/** Slowest rate: with it somebody who waits for a place in the row waits for seconds, not for hours. */
const SLOWEST = 0.1;

/** A bucket of calls, kept as the moment at which it would be full again. */
export class Bucket {
  readonly #everyMs: number;
  readonly #burst: number;
  #fullAt = Number.NEGATIVE_INFINITY;

  constructor({ perSecond, burst = 1 }: SyncRate) {
    this.#everyMs = 1_000 / perSecond;
    this.#burst = burst;
  }

  /** Milliseconds until a call may be made, which is counted now. */
  reserve(now = performance.now()): number {
    const wait = Math.max(0, this.#fullAt - (this.#burst - 1) * this.#everyMs - now);
    this.#fullAt = Math.max(this.#fullAt, now) + this.#everyMs;
    return wait;
  }
}

/** The buckets of a process: one a marketplace, one of the application, and one for each run. */
export class Paces {
  readonly #connec = new Map<string, Bucket>();
  readonly #app: Bucket | null;

  /** @throws MaestranoSyncError `sync.declaration` for limits that are none */
  constructor(private readonly limits: SyncLimits) {
    for (const [name, rate] of Object.entries(limits) as [string, SyncRate | undefined][]) {
      if (rate !== undefined) check(name, rate);
    }
    this.#app = limits.app ? new Bucket(limits.app) : null;
  }

  /** That of one run: of a company there is one at a time. */
  ofRun(marketplace: string): Pace {
    const { connec, appPerGroup } = this.limits;
    if (connec && !this.#connec.has(marketplace)) this.#connec.set(marketplace, new Bucket(connec));
    const buckets: Readonly<Record<SyncSide, readonly Bucket[]>> = {
      connec: [this.#connec.get(marketplace) ?? []].flat(),
      app: [this.#app ?? [], appPerGroup ? new Bucket(appPerGroup) : []].flat(),
    };
    return { reserve: (side) => Math.max(0, ...buckets[side].map((bucket) => bucket.reserve())) };
  }
}

function check(name: string, { perSecond, burst = 1 }: SyncRate): void {
  if (perSecond >= SLOWEST && Number.isFinite(perSecond) && Number.isInteger(burst) && burst >= 1) return;
  throw new MaestranoSyncError('sync.declaration', {
    message: `limits.${name} is no limit.`,
    remedy: `Give it a "perSecond" of ${SLOWEST} or more, and a "burst" that is a whole number from 1 on.`,
  });
}
