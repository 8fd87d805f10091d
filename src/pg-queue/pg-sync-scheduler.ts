import { setTimeout as pause } from 'node:timers/promises';

import { Inject, Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';

import type { GroupReference } from '../adapters/maestrano-group.adapter.js';
import { SyncScheduler, type SyncSlice } from '../stores/sync-scheduler.js';
import { errorPlace } from '../utils/error-place.js';
import { LogThrottle } from '../utils/log-throttle.js';
import { settledWithin } from '../utils/settled-within.js';
import { MAESTRANO_PG_QUEUE_OPTIONS, PgNotificationQueue } from './pg-notification-queue.js';
import type { MaestranoPgQueueOptions } from './pg-queue-options.interface.js';
import { type PgQueueSettings, resolvePgQueueSettings } from './pg-queue-settings.js';
import type { TakenSlice } from './slice-jobs.js';

/** Milliseconds that a shutdown waits for slices, which end after what they are sending. */
const STOP_MS = 20_000;

/**
 * Slices of the synchronization as jobs of pg-boss, in a queue beside that of the notifications: one job for each slice, which
 * carries the name of the group and nothing else.
 */
@Injectable()
export class PgSyncScheduler extends SyncScheduler implements OnApplicationShutdown {
  readonly #logger = new Logger('MaestranoSync');
  readonly #settings: PgQueueSettings;
  readonly #stopping = new AbortController();
  readonly #over = new AbortController();
  readonly #running = new Map<string, Promise<void>>();
  #taking: Promise<void> = Promise.resolve();
  #keeping: Promise<unknown> = Promise.resolve();
  #wake: (() => void) | null = null;
  #isWoken = false;
  #stopped: Promise<void> | null = null;
  readonly #complaints = new LogThrottle();

  /** @throws MaestranoConfigurationError (`configuration.options`) for options that cannot be used. */
  constructor(
    @Inject(MAESTRANO_PG_QUEUE_OPTIONS) options: MaestranoPgQueueOptions,
    private readonly queue: PgNotificationQueue,
  ) {
    super();
    this.#settings = resolvePgQueueSettings(options);
  }

  /** @throws MaestranoConnecError `connec.queue` when PostgreSQL does not keep it in time. */
  override async enqueue(group: GroupReference): Promise<void> {
    await this.queue.onSlices((slices) => slices.add(group));
    this.#look();
  }

  override work(slice: SyncSlice, concurrency: number): void {
    if (!this.#settings.worker) return;
    const { lockMs } = this.#settings;
    this.#taking = this.#takeAll(slice, concurrency);
    this.#keeping = Promise.all([
      this.#every(lockMs, () => this.queue.onSlices((slices) => slices.recover())),
      this.#every(lockMs / 3, () => this.queue.onSlices((slices) => slices.renew([...this.#running.keys()]))),
    ]);
  }

  override async cancel(group: GroupReference): Promise<void> {
    await this.queue.onSlices((slices) => slices.cancel(group));
  }

  override async idle(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running.values());
  }

  override stop(withinMs: number): Promise<void> {
    return (this.#stopped ??= this.#stop(withinMs));
  }

  /** @internal Nest's own hook. */
  onApplicationShutdown(): Promise<void> {
    return this.stop(STOP_MS);
  }

  async #stop(withinMs: number): Promise<void> {
    const until = performance.now() + withinMs;
    this.#stopping.abort(new Error('The application is stopping.'));
    this.#look();
    await settledWithin(withinMs, this.#taking);
    const left = Math.max(0, until - performance.now());
    const ended = await settledWithin(left, Promise.allSettled(this.#running.values()));
    if (!ended) this.#logger.warn('Slices are still under way; another process takes them up.');
    // What goes on is renewed no longer.
    this.#over.abort();
    await settledWithin(this.#settings.addTimeoutMs, this.#keeping);
  }

  /** There is something to take, or room for it. */
  #look(): void {
    this.#isWoken = true;
    this.#wake?.();
  }

  /** Takes up as many as there is room for, again and again. */
  async #takeAll(slice: SyncSlice, concurrency: number): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      this.#isWoken = false;
      const room = concurrency - this.#running.size;
      if (room > 0) {
        await this.#attempt(async () => {
          for (const taken of await this.queue.onSlices((slices) => slices.take(room))) {
            this.#running.set(taken.id, this.#one(slice, taken));
          }
        });
      }
      if (this.#isWoken || this.#stopping.signal.aborted) continue;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, this.#settings.pollMs).unref();
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      this.#wake = null;
    }
  }

  async #one(slice: SyncSlice, taken: TakenSlice): Promise<void> {
    try {
      const more = await slice(taken.group, this.#stopping.signal);
      await this.queue.onSlices((slices) => slices.end(taken, more));
    } catch (error) {
      // It is done once more, by whoever finds it when its time is over.
      this.#complain(error);
    } finally {
      this.#running.delete(taken.id);
      this.#look();
    }
  }

  /** Does something again and again, until the process keeps nothing any more. */
  async #every(ms: number, work: () => Promise<void>): Promise<void> {
    const { signal } = this.#over;
    while (!signal.aborted) {
      await this.#attempt(work);
      // Instances that were started together do not look together for ever.
      const time = ms * (0.8 + 0.4 * Math.random());
      await pause(time, undefined, { signal, ref: false }).catch(() => undefined);
    }
  }

  /** What fails is done by the next turn. */
  async #attempt(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.#complain(error);
    }
  }

  #complain(error: unknown): void {
    if (this.#over.signal.aborted || !this.#complaints.isDue()) return;
    this.#logger.warn(`Trouble with the queue of the synchronization: ${errorPlace(error)}`);
  }
}
