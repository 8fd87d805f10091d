import { Inject, Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { Queue, Worker } from 'bullmq';

import { RecurringWork } from '../stores/recurring-work.js';
import { Repetition } from '../utils/repetition.js';
import { LogThrottle } from '../utils/log-throttle.js';
import { settledWithin } from '../utils/settled-within.js';
import { MAESTRANO_BULLMQ_OPTIONS } from './bullmq-notification-queue.js';
import { bullmqPlace } from './bullmq-place.js';
import type { MaestranoBullmqOptions } from './bullmq-options.interface.js';
import { type BullmqSettings, resolveBullmqSettings } from './bullmq-settings.js';

/** Milliseconds that a shutdown waits for a turn that is under way, and for Redis. */
const GOODBYE_MS = 1_000;
/** How often it is looked whether turns still follow each other, at least; milliseconds. */
const WATCH_MS = 60_000;
/** Turns that ended badly and are kept to be looked at. */
const KEEP_FAILED = 100;

/** Recurring work by job schedulers of BullMQ, in a queue beside that of the notifications for each kind of work. */
@Injectable()
export class BullmqRecurringWork extends RecurringWork implements OnApplicationShutdown {
  readonly #logger = new Logger('MaestranoRecurringWork');
  readonly #settings: BullmqSettings;
  readonly #queues: Queue[] = [];
  readonly #workers: Worker[] = [];
  readonly #watches: Repetition[] = [];
  readonly #running = new Set<Promise<void>>();
  readonly #complaints = new LogThrottle();

  constructor(@Inject(MAESTRANO_BULLMQ_OPTIONS) options: MaestranoBullmqOptions) {
    super();
    this.#settings = resolveBullmqSettings(options);
  }

  override repeat(name: string, everyMs: number, work: () => Promise<void>): void {
    const { queueName, lockMs, maxCrashes, worker: handles } = this.#settings;
    const place = bullmqPlace(this.#settings);
    const own = `${queueName}-${name}`;
    const queue = new Queue(own, {
      ...place,
      defaultJobOptions: { removeOnComplete: true, removeOnFail: { count: KEEP_FAILED } },
    });
    queue.on('error', (error) => this.#complain(error));
    this.#queues.push(queue);
    const schedule = async (): Promise<void> => {
      // Waits for Redis as long as that is away, and is ended by the shutdown.
      await queue.upsertJobScheduler(name, { every: everyMs }, { name });
    };
    schedule().catch((error: Error) => this.#complain(error));
    // Each turn is made by the one before: where Redis was emptied, none would follow.
    const watch = new Repetition(async () => {
      try {
        if (!(await queue.getJobScheduler(name))) await schedule();
      } catch (error) {
        this.#complain(error as Error);
      }
    });
    const lookMs = Math.min(everyMs, WATCH_MS);
    watch.start(lookMs, lookMs);
    this.#watches.push(watch);
    if (!handles) return;
    const tracked = async (): Promise<void> => {
      const running = work();
      this.#running.add(running);
      await running.finally(() => this.#running.delete(running));
    };
    const worker = new Worker(own, tracked, {
      ...place,
      lockDuration: lockMs,
      stalledInterval: lockMs,
      maxStalledCount: maxCrashes,
    });
    worker.on('error', (error) => this.#complain(error));
    this.#workers.push(worker);
  }

  /** @internal Nest's own hook. */
  async onApplicationShutdown(): Promise<void> {
    const watched = Promise.all(this.#watches.splice(0).map((watch) => watch.stop(GOODBYE_MS)));
    const workers = this.#workers.splice(0);
    await Promise.all(workers.map((worker) => isDone(worker.pause(true))));
    const drained = await settledWithin(GOODBYE_MS, Promise.allSettled(this.#running));
    if (!drained) this.#logger.warn('Recurring work is still under way; another process takes it up.');
    // Without force, BullMQ waits for what runs and for a connection, however long that takes.
    await Promise.all(
      workers.map(async (worker, index) => {
        const reachable = drained && (await isDone(this.#queues[index]!.count()));
        await isDone(worker.close(!reachable));
      }),
    );
    await watched;
    await Promise.all(
      this.#queues.splice(0).map(async (queue) => {
        if (!(await isDone(queue.close()))) await isDone(queue.disconnect());
      }),
    );
  }

  #complain(error: Error): void {
    if (!this.#complaints.isDue()) return;
    this.#logger.warn(`Trouble with Redis: ${error.message}`);
  }
}

async function isDone(step: Promise<unknown>): Promise<boolean> {
  return settledWithin(GOODBYE_MS, step).catch(() => false);
}
