import { setTimeout as pause } from 'node:timers/promises';

import type { CompanyTables } from './sync-company-tables.js';
import { madeNow, type Reached, realNow, type World } from './sync-world.js';

/** How often changes are made, in milliseconds. */
const TICK_MS = 100;
/** From one company to the next that changes: a prime, so that all have their turn. */
const STEP = 7_919;

/** A change at Connec!. */
interface RemoteEdit {
  readonly group: string;
  readonly place: number;
  readonly values: Readonly<Record<string, string>>;
}

/** How long changes took that were made within some time, in milliseconds. */
export interface Lags {
  readonly lags: readonly number[];
  /** CPU of this process over the time that went by meanwhile. */
  readonly cpu: number;
}

/**
 * Changes records of companies at a steady rate, by turns on either side: first names in the application, last names at
 * Connec!. Each value says when it was made, so that whoever gets it knows how long it took.
 */
export class CompanyTraffic {
  /** Largest resident set of this process since it began. */
  peakMiB = 0;
  #made = 0;
  /** Of the changes that are measured: when the first and the last was made, how many, and how long they took. */
  #measured = { from: Number.POSITIVE_INFINITY, to: Number.POSITIVE_INFINITY, made: 0 };
  #lags: number[] = [];
  #watched: { readonly group: string; readonly count: number; readonly done: () => void } | null = null;
  #running: Promise<void> | null = null;
  #ended = false;

  constructor(
    private readonly world: World,
    private readonly tables: CompanyTables,
    private readonly groups: readonly string[],
    private readonly records: number,
  ) {}

  /** Changes as many records of each of some companies, half of them on either side. */
  async all(some: readonly string[], count: number): Promise<void> {
    const edits: RemoteEdit[] = [];
    for (const group of some) for (let n = 0; n < count; n += 1) edits.push(...this.#edit(group, n));
    await this.world.control({ edits });
  }

  /** Begins to change every record once in the interval. */
  begin(everyMs: number): void {
    this.#running = this.#run((this.groups.length * this.records) / everyMs);
  }

  async end(): Promise<void> {
    this.#ended = true;
    await this.#running;
  }

  /** How long changes of the next quarter of an interval take; those that are lost take three intervals. */
  async lags(everyMs: number): Promise<Lags> {
    const began = performance.now();
    const before = process.cpuUsage();
    this.#lags = [];
    this.#measured = { from: realNow(), to: Number.POSITIVE_INFINITY, made: 0 };
    await pause(everyMs / 4);
    this.#measured.to = realNow();
    const { user, system } = process.cpuUsage(before);
    const cpu = (user + system) / 1_000 / (performance.now() - began);
    const until = performance.now() + 3 * everyMs;
    while (this.#lags.length < this.#measured.made && performance.now() < until) await pause(TICK_MS);
    const lost = Math.max(0, this.#measured.made - this.#lags.length);
    if (lost > 0) console.error(`${lost} of ${this.#measured.made} changes did not arrive.`);
    return { lags: [...this.#lags, ...Array.from({ length: lost }, () => 3 * everyMs)], cpu };
  }

  /** Resolves once Connec! has so many records of a company, with the milliseconds until then. */
  async filled(group: string, count: number): Promise<number> {
    const began = performance.now();
    await new Promise<void>((done) => (this.#watched = { group, count, done }));
    return performance.now() - began;
  }

  async #run(perMs: number): Promise<void> {
    const began = performance.now();
    const { length } = this.groups;
    while (!this.#ended) {
      const wanted = Math.floor((performance.now() - began) * perMs);
      const edits: RemoteEdit[] = [];
      for (; this.#made < wanted; this.#made += 1) {
        edits.push(
          ...this.#edit(this.groups[(this.#made * STEP) % length]!, Math.floor(this.#made / length)),
        );
      }
      const { group, count = 0, done } = this.#watched ?? {};
      const { records, reached } = await this.world.control({ group, edits });
      if (done && records >= count) {
        done();
        this.#watched = null;
      }
      this.#note(reached);
      this.#note(this.tables.reached());
      this.peakMiB = Math.max(this.peakMiB, process.memoryUsage.rss() / 1_048_576);
      await pause(TICK_MS);
    }
  }

  /** The nth change of a company: made in the application at once, or to be made at Connec!. */
  #edit(group: string, n: number): readonly RemoteEdit[] {
    const place = n % this.records;
    const { from, to } = this.#measured;
    if (realNow() >= from && realNow() < to) this.#measured.made += 1;
    // Each record on the one side, and in the next interval on the other.
    if ((n + Math.floor(n / this.records)) % 2 === 1)
      return [{ group, place, values: { last_name: madeNow() } }];
    this.tables.of(group).edit(place + 1, { firstName: madeNow() });
    return [];
  }

  #note(reached: readonly Reached[]): void {
    const { from, to } = this.#measured;
    for (const [at, tookMs] of reached) if (at >= from && at < to) this.#lags.push(tookMs);
  }
}
