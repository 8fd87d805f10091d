import { Inject, Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { DelayedError, type Job, Queue, Worker } from 'bullmq';
import { setTimeout as pause } from 'node:timers/promises';

import {
  type DeadLetter,
  type DeadNotification,
  NotificationQueue,
  type NotificationQueueCounts,
  type ProcessQueued,
  type QueuedNotification,
} from '../connec/notifications/notification-queue.js';
import {
  afterAttempt,
  entityCounts,
  listedHistory,
  withoutGroup,
} from '../connec/notifications/queued-entities.js';
import { MaestranoConnecError } from '../errors/connec.error.js';
import { chunksOf } from '../utils/chunks.js';
import { evictionPolicy } from '../utils/eviction-policy.js';
import { LogThrottle } from '../utils/log-throttle.js';
import { settledWithin } from '../utils/settled-within.js';
import type { MaestranoBullmqOptions } from './bullmq-options.interface.js';
import { bullmqPlace } from './bullmq-place.js';
import { type BullmqSettings, resolveBullmqSettings } from './bullmq-settings.js';

/** Injection token of the {@link MaestranoBullmqOptions}. */
export const MAESTRANO_BULLMQ_OPTIONS = Symbol('MAESTRANO_BULLMQ_OPTIONS');

const JOB_NAME = 'notification';
/** Milliseconds until a notification is looked at again whose records are being handled elsewhere. */
const BUSY_DELAY_MS = 1_000;
/** Milliseconds that each step of a shutdown is given that needs Redis. */
const GOODBYE_MS = 1_000;
/** Milliseconds between two looks at attempts under way for a group that was deleted. */
const POLL_MS = 100;
/** Jobs that are read at the same time; each may be large. */
const READ_AT_ONCE = 20;
/** Where a notification may be. All at once, so that none is missed on its way from one to another. */
const STATES = ['waiting', 'delayed', 'prioritized', 'active', 'failed'] as const;

type NotificationJob = Job<QueuedNotification>;

/**
 * Notifications in a BullMQ queue: stored before the platform gets a response, handled by any process that runs a worker,
 * repeated with growing pauses, kept as dead letters when all attempts are used up. Works without Nest too:
 * `new BullmqNotificationQueue({ connection, worker: false })`, then `close()`.
 */
@Injectable()
export class BullmqNotificationQueue extends NotificationQueue implements OnApplicationShutdown {
  readonly #logger = new Logger('MaestranoNotificationQueue');
  readonly #queue: Queue<QueuedNotification>;
  readonly #settings: BullmqSettings;
  #worker: Worker<QueuedNotification> | null = null;
  readonly #running = new Set<Promise<void>>();
  #stopping: Promise<void> | null = null;
  readonly #complaints = new LogThrottle();

  /** @throws MaestranoConfigurationError (`configuration.options`) for options that cannot be used. */
  constructor(@Inject(MAESTRANO_BULLMQ_OPTIONS) options: MaestranoBullmqOptions) {
    super();
    this.#settings = resolveBullmqSettings(options);
    const { queueName, attempts, backoffMs, keepDead } = this.#settings;
    this.#queue = new Queue(queueName, {
      ...bullmqPlace(this.#settings),
      defaultJobOptions: {
        attempts,
        backoff: { type: 'exponential', delay: backoffMs, jitter: 0.5 },
        removeOnComplete: true,
        removeOnFail: { count: keepDead },
      },
    });
    this.#queue.on('error', (error) => this.#complain(error));
  }

  override start(process: ProcessQueued): void {
    if (!this.#settings.worker) return;
    if (this.#worker) {
      throw new MaestranoConnecError('connec.queue', {
        message: 'The notification queue already works for another registration.',
        remedy:
          'Import a MaestranoBullmqModule with its own queueName in each registration of MaestranoModule.',
      });
    }
    const { queueName, concurrency, lockMs, maxCrashes } = this.#settings;
    const work = async (job: NotificationJob, token?: string): Promise<void> => {
      const running = this.#run(job, token, process);
      this.#running.add(running);
      await running.finally(() => this.#running.delete(running));
    };
    this.#worker = new Worker(queueName, work, {
      ...bullmqPlace(this.#settings),
      concurrency,
      lockDuration: lockMs,
      stalledInterval: lockMs,
      maxStalledCount: maxCrashes,
    });
    this.#worker.on('error', (error) => this.#complain(error));
  }

  override async add(notification: QueuedNotification): Promise<void> {
    const { addTimeoutMs } = this.#settings;
    // Without a connection the client would wait for one as long as it takes, and the platform with it.
    if (await settledWithin(addTimeoutMs, this.#queue.add(JOB_NAME, notification))) return;
    throw new MaestranoConnecError('connec.queue', {
      message: `Redis did not store the notification within ${addTimeoutMs} ms.`,
      marketplace: notification.marketplace,
      remedy: 'Check the connection of MaestranoBullmqModule.',
    });
  }

  override async counts(): Promise<NotificationQueueCounts> {
    const [counts, [oldest]] = await this.#soon(
      Promise.all([
        this.#queue.getJobCounts('waiting', 'active', 'delayed', 'failed'),
        this.#queue.getJobs(['waiting'], 0, 0, true),
      ]),
    );
    return {
      waiting: counts.waiting ?? 0,
      active: counts.active ?? 0,
      delayed: counts.delayed ?? 0,
      dead: counts.failed ?? 0,
      lagMs: oldest ? Math.max(0, Date.now() - oldest.timestamp) : null,
    };
  }

  /** A server that evicts forgets what was acknowledged. */
  override async warnings(): Promise<readonly string[]> {
    const servers = await this.#soon(this.#servers());
    const policies = new Set(servers.flatMap((text) => evictionPolicy(text) ?? []));
    return Array.from(
      policies,
      (policy) =>
        `The Redis of the notification queue may evict keys (maxmemory-policy ${policy}), also of notifications that were ` +
        'acknowledged: set maxmemory-policy to noeviction.',
    );
  }

  override async deadLetters({
    offset = 0,
    limit = 100,
  }: { readonly offset?: number; readonly limit?: number } = {}): Promise<DeadNotification[]> {
    if (limit <= 0) return [];
    const jobs = await this.#soon(this.#queue.getFailed(offset, offset + limit - 1));
    return jobs.flatMap((job) => (job ? [toDead(job as NotificationJob)] : []));
  }

  override async deadLetter(id: string): Promise<DeadLetter | null> {
    const job = await this.#dead(id);
    return job && { ...toDead(job), history: job.data.history ?? [], resources: job.data.resources };
  }

  override async replay(id: string): Promise<boolean> {
    const job = await this.#dead(id);
    if (!job) return false;
    await this.#soon(job.retry('failed', { resetAttemptsMade: true, resetAttemptsStarted: true }));
    return true;
  }

  override async replayAll(): Promise<number> {
    // All ids first: what fails again meanwhile must not be replayed for ever.
    const ids: string[] = [];
    for (
      let page = await this.deadLetters();
      page.length > 0;
      page = await this.deadLetters({ offset: ids.length })
    ) {
      ids.push(...page.map(({ id }) => id));
    }
    let replayed = 0;
    for (const id of ids) if (await this.replay(id)) replayed += 1;
    return replayed;
  }

  override async discard(id: string): Promise<boolean> {
    const job = await this.#dead(id);
    if (job) await this.#soon(job.remove());
    return job !== null;
  }

  override async removeGroup(marketplace: string, groupUid: string, withinMs: number): Promise<number> {
    const until = performance.now() + withinMs;
    for (let removed = 0; ; await pause(POLL_MS)) {
      const found = await this.#removeInactive(marketplace, groupUid);
      removed += found.removed;
      if (!found.isActive || performance.now() >= until) return removed;
    }
  }

  override stop(withinMs: number): Promise<void> {
    return (this.#stopping ??= this.#stop(withinMs));
  }

  onApplicationShutdown(): Promise<void> {
    return this.close();
  }

  /** Stops the worker and closes what was opened. */
  async close(): Promise<void> {
    await this.stop(GOODBYE_MS);
    if (await this.#isDone(this.#queue.close())) return;
    await this.#isDone(this.#queue.disconnect());
  }

  async #stop(withinMs: number): Promise<void> {
    const worker = this.#worker;
    this.#worker = null;
    if (!worker) return;
    await this.#isDone(worker.pause(true));
    const drained = await settledWithin(withinMs, Promise.allSettled(this.#running));
    if (!drained) this.#logger.warn('Attempts are still under way; another process takes them up.');
    // Without force, BullMQ waits for what runs and for a connection, however long that takes.
    const reachable = drained && (await this.#isDone(this.#queue.count()));
    await this.#isDone(worker.close(!reachable));
  }

  /** Whether a step of the shutdown succeeds in its time. */
  async #isDone(step: Promise<unknown>): Promise<boolean> {
    return settledWithin(GOODBYE_MS, step).catch(() => false);
  }

  /** Removes a group's entities from what is not being handled; says whether some are being handled. */
  async #removeInactive(
    marketplace: string,
    groupUid: string,
  ): Promise<{ readonly removed: number; readonly isActive: boolean }> {
    const ids = await this.#soon(this.#queue.getRanges([...STATES], 0, -1), marketplace);
    let removed = 0;
    let isActive = false;
    const remove = async (id: string): Promise<void> => {
      const job = (await this.#queue.getJob(id)) as NotificationJob | undefined;
      if (job?.data.marketplace !== marketplace) return;
      const found = withoutGroup(job.data, groupUid);
      if (!found) return;
      const { kept } = found;
      if (await job.isActive()) {
        isActive = true;
        return;
      }
      try {
        if (kept) await job.updateData(kept);
        else await job.remove();
        removed += found.removed;
      } catch (error) {
        // It was taken up, or ended, at this very moment.
        if ((await this.#queue.getJob(id)) === undefined) return;
        if (!(await job.isActive())) throw error;
        isActive = true;
      }
    };
    for (const some of chunksOf(ids, READ_AT_ONCE)) {
      await this.#soon(Promise.all(some.map(remove)), marketplace);
    }
    return { removed, isActive };
  }

  /** @throws MaestranoConnecError `connec.queue` when Redis does not respond in time. */
  async #soon<T>(call: Promise<T>, marketplace?: string): Promise<T> {
    const { addTimeoutMs } = this.#settings;
    if (await settledWithin(addTimeoutMs, call)) return call;
    throw new MaestranoConnecError('connec.queue', {
      message: `Redis did not respond within ${addTimeoutMs} ms.`,
      marketplace,
      remedy: 'Check the connection of MaestranoBullmqModule.',
    });
  }

  /** What the servers that hold the queue say of themselves. */
  async #servers(): Promise<string[]> {
    const client = await this.#queue.backend.client;
    return Promise.all((client.nodes?.() ?? [client]).map((server) => server.info()));
  }

  async #run(job: NotificationJob, token: string | undefined, process: ProcessQueued): Promise<void> {
    const attempts = job.opts.attempts ?? this.#settings.attempts;
    const { remaining, error, done } = await process(job.data, job.attemptsMade + 1, attempts);
    if (!remaining) return;
    // What was handled is not handed out again, and a dead letter shows only what is left. Where Redis takes too long, the
    // write may be made yet, and the attempt counts as failed: what it handled is known to the store all the same.
    const { marketplace } = job.data;
    await this.#soon(job.updateData(afterAttempt(job.data, remaining, { error, done })), marketplace);
    if (error) throw error;
    await this.#soon(job.moveToDelayed(Date.now() + BUSY_DELAY_MS, token), marketplace);
    throw new DelayedError();
  }

  async #dead(id: string): Promise<NotificationJob | null> {
    const job = (await this.#soon(this.#queue.getJob(id))) as NotificationJob | undefined;
    return job && (await this.#soon(job.isFailed())) ? job : null;
  }

  #complain(error: Error): void {
    if (!this.#complaints.isDue()) return;
    this.#logger.warn(`Trouble with Redis: ${error.message}`);
  }
}

function toDead(job: NotificationJob): DeadNotification {
  const { marketplace, receivedAt, resources } = job.data;
  return {
    id: job.id ?? '',
    marketplace,
    receivedAt,
    attempts: job.attemptsMade,
    reason: job.failedReason ?? '',
    failedAt: new Date(job.finishedOn ?? job.timestamp).toISOString(),
    entities: entityCounts(resources),
    history: listedHistory(job.data),
  };
}
