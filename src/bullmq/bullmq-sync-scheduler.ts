import { Inject, Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { type Job, Queue, Worker } from 'bullmq';

import type { GroupReference } from '../adapters/maestrano-group.adapter.js';
import { MaestranoConnecError } from '../errors/connec.error.js';
import { SyncScheduler, type SyncSlice } from '../stores/sync-scheduler.js';
import { LogThrottle } from '../utils/log-throttle.js';
import { settledWithin } from '../utils/settled-within.js';
import { MAESTRANO_BULLMQ_OPTIONS } from './bullmq-notification-queue.js';
import type { MaestranoBullmqOptions } from './bullmq-options.interface.js';
import { bullmqPlace } from './bullmq-place.js';
import { type BullmqSettings, resolveBullmqSettings } from './bullmq-settings.js';

/** Milliseconds that each step of a shutdown is given that needs Redis. */
const GOODBYE_MS = 1_000;
/** Milliseconds that a shutdown waits for slices, which end after what they are sending. */
const STOP_MS = 20_000;

/**
 * Slices of the synchronization as jobs of BullMQ, in a queue beside that of the notifications: one job for each slice, which
 * carries the name of the group and nothing else. A group that waits or is under way has one key, by which BullMQ keeps further
 * ones out, and of those that come while it is under way the last one. There is no repeating job for a group. Nothing is opened before it is used.
 */
@Injectable()
export class BullmqSyncScheduler extends SyncScheduler implements OnApplicationShutdown {
  readonly #logger = new Logger('MaestranoSync');
  readonly #settings: BullmqSettings;
  readonly #running = new Set<Promise<void>>();
  readonly #stopping = new AbortController();
  #opened: Queue<GroupReference> | null = null;
  #worker: Worker<GroupReference> | null = null;
  #stopped: Promise<void> | null = null;
  readonly #complaints = new LogThrottle();

  /** @throws MaestranoConfigurationError (`configuration.options`) for options that cannot be used. */
  constructor(@Inject(MAESTRANO_BULLMQ_OPTIONS) options: MaestranoBullmqOptions) {
    super();
    this.#settings = resolveBullmqSettings(options);
  }

  /** @throws MaestranoConnecError `connec.queue` when Redis does not keep it in time. */
  override async enqueue({ marketplace, groupUid }: GroupReference): Promise<void> {
    // Without a connection the client would wait for one as long as it takes.
    await this.#soon(
      this.#queue().add(
        'slice',
        { marketplace, groupUid },
        { deduplication: { id: keyOf({ marketplace, groupUid }), keepLastIfActive: true } },
      ),
      marketplace,
    );
  }

  override work(slice: SyncSlice, concurrency: number): void {
    if (!this.#settings.worker) return;
    const { lockMs, maxCrashes } = this.#settings;
    const tracked = async ({ data }: Job<GroupReference>): Promise<void> => {
      const running = this.#one(slice, data);
      this.#running.add(running);
      await running.finally(() => this.#running.delete(running));
    };
    this.#worker = new Worker<GroupReference>(this.#queue().name, tracked, {
      ...bullmqPlace(this.#settings),
      concurrency,
      lockDuration: lockMs,
      stalledInterval: lockMs,
      maxStalledCount: maxCrashes,
    });
    this.#worker.on('error', (error) => this.#complain(error));
  }

  override async cancel(group: GroupReference): Promise<void> {
    const queue = this.#queue();
    const id = await this.#soon(queue.getDeduplicationJobId(keyOf(group)), group.marketplace);
    if (id === null) return;
    // One that is under way cannot be removed, and goes on.
    await this.#soon(queue.remove(id), group.marketplace).catch(() => undefined);
  }

  override async idle(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
  }

  override stop(withinMs: number): Promise<void> {
    return (this.#stopped ??= this.#stop(withinMs));
  }

  /** @internal Nest's own hook. */
  onApplicationShutdown(): Promise<void> {
    return this.stop(STOP_MS);
  }

  async #one(slice: SyncSlice, group: GroupReference): Promise<void> {
    const more = await slice(group, this.#stopping.signal);
    // BullMQ keeps it until this one has ended, and puts it behind those that wait by then.
    if (more) await this.enqueue(group);
  }

  async #stop(withinMs: number): Promise<void> {
    const worker = this.#worker;
    this.#worker = null;
    if (worker) {
      await isDone(worker.pause(true));
      this.#stopping.abort(new Error('The application is stopping.'));
      const drained = await settledWithin(withinMs, Promise.allSettled(this.#running));
      if (!drained) this.#logger.warn('Slices are still under way; another process takes them up.');
      // Without force, BullMQ waits for what runs and for a connection, however long that takes.
      const reachable = drained && (await isDone(this.#queue().count()));
      await isDone(worker.close(!reachable));
    }
    const queue = this.#opened;
    if (queue && !(await isDone(queue.close()))) await isDone(queue.disconnect());
  }

  #queue(): Queue<GroupReference> {
    if (this.#opened) return this.#opened;
    const queue = new Queue<GroupReference>(`${this.#settings.queueName}-sync`, {
      ...bullmqPlace(this.#settings),
      // What fails is in the store of the synchronization.
      defaultJobOptions: { removeOnComplete: true, removeOnFail: true },
    });
    queue.on('error', (error) => this.#complain(error));
    this.#opened = queue;
    return queue;
  }

  async #soon<T>(call: Promise<T>, marketplace: string): Promise<T> {
    const { addTimeoutMs } = this.#settings;
    if (await settledWithin(addTimeoutMs, call)) return call;
    throw new MaestranoConnecError('connec.queue', {
      message: `Redis did not respond within ${addTimeoutMs} ms.`,
      marketplace,
      remedy: 'Check the connection of MaestranoBullmqModule.',
    });
  }

  #complain(error: Error): void {
    if (!this.#complaints.isDue()) return;
    this.#logger.warn(`Trouble with Redis: ${error.message}`);
  }
}

async function isDone(step: Promise<unknown>): Promise<boolean> {
  return settledWithin(GOODBYE_MS, step).catch(() => false);
}

/** BullMQ takes no colon in it. */
function keyOf({ marketplace, groupUid }: GroupReference): string {
  return `${encodeURIComponent(marketplace)}/${encodeURIComponent(groupUid)}`;
}
