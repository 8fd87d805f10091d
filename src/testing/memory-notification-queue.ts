import {
  type DeadLetter,
  type DeadNotification,
  NotificationQueue,
  type NotificationQueueCounts,
  type ProcessQueued,
  type QueuedNotification,
  type QueuedOutcome,
} from '../connec/notifications/notification-queue.js';
import {
  afterAttempt,
  entityCounts,
  listedHistory,
  withoutGroup,
} from '../connec/notifications/queued-entities.js';
import { settledWithin } from '../utils/settled-within.js';

/** How a {@link MemoryNotificationQueue} works; the defaults are those of the real queues. */
export interface MemoryNotificationQueueOptions {
  /** False for one that only stores; true by default. */
  readonly worker?: boolean;
  /** Notifications handled at once; 8 by default. */
  readonly concurrency?: number;
  /** Attempts in all before a notification is a dead letter; 12 by default. */
  readonly attempts?: number;
  /** Milliseconds before another attempt, doubled each time; 1,000 by default. */
  readonly backoffMs?: number;
  /** Milliseconds until a notification is looked at again whose records are being handled elsewhere; 1,000 by default. */
  readonly busyDelayMs?: number;
  /** Several queues with one of these are as several processes at one server. */
  readonly jobs?: MemoryQueueJobs;
}

/** Attempts in all, unless the options say otherwise. */
const ATTEMPTS = 12;

interface MemoryJob {
  readonly id: string;
  notification: QueuedNotification;
  failures: number;
  /** When it may be handed out, by `performance.now()`. */
  dueAt: number;
  state: 'waiting' | 'active' | 'dead';
  reason: string;
  failedAt: number;
}

function copyOf<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T;
}

/** What queues in memory share, see {@link MemoryNotificationQueueOptions.jobs}. */
export class MemoryQueueJobs {
  /** In the order of adding; dead ones in that of their end. */
  readonly all = new Map<string, MemoryJob>();
  /** Called where there may be something to do. */
  readonly wake = new Set<() => void>();
  #last = 0;

  nextId(): string {
    return String((this.#last += 1));
  }
}

/**
 * A queue for tests of an application that has one, and the model of the others: the same decisions, in memory. What
 * was added is lost with the process, so it is not for production.
 */
export class MemoryNotificationQueue extends NotificationQueue {
  readonly #jobs: MemoryQueueJobs;
  readonly #running = new Set<Promise<void>>();
  #process: ProcessQueued | null = null;
  #timer: NodeJS.Timeout | undefined;

  constructor(private readonly options: MemoryNotificationQueueOptions = {}) {
    super();
    this.#jobs = options.jobs ?? new MemoryQueueJobs();
  }

  override start(process: ProcessQueued): void {
    if (this.options.worker === false) return;
    this.#process = process;
    this.#jobs.wake.add(this.#look);
    this.#look();
  }

  override async add(notification: QueuedNotification): Promise<void> {
    const id = this.#jobs.nextId();
    // A copy, as everything that leaves the process is.
    const copy = copyOf(notification);
    const times = { dueAt: performance.now(), failedAt: 0 };
    this.#jobs.all.set(id, { id, notification: copy, failures: 0, state: 'waiting', reason: '', ...times });
    for (const wake of this.#jobs.wake) wake();
  }

  override async counts(): Promise<NotificationQueueCounts> {
    const now = performance.now();
    const all = [...this.#jobs.all.values()];
    const waiting = all.filter(({ state, dueAt }) => state === 'waiting' && dueAt <= now);
    return {
      waiting: waiting.length,
      active: all.filter(({ state }) => state === 'active').length,
      delayed: all.filter(({ state, dueAt }) => state === 'waiting' && dueAt > now).length,
      dead: this.#dead().length,
      lagMs: waiting.length > 0 ? Math.round(now - Math.min(...waiting.map(({ dueAt }) => dueAt))) : null,
    };
  }

  override async deadLetters({
    offset = 0,
    limit = 100,
  }: { readonly offset?: number; readonly limit?: number } = {}): Promise<DeadNotification[]> {
    const newestFirst = this.#dead().reverse();
    return newestFirst.slice(offset, offset + Math.max(0, limit)).map(toDead);
  }

  override async deadLetter(id: string): Promise<DeadLetter | null> {
    const job = this.#jobs.all.get(id);
    if (job?.state !== 'dead') return null;
    const { resources, history = [] } = copyOf(job.notification);
    return { ...toDead(job), history, resources };
  }

  override async replay(id: string): Promise<boolean> {
    const job = this.#jobs.all.get(id);
    if (job?.state !== 'dead') return false;
    Object.assign(job, { state: 'waiting', failures: 0, dueAt: performance.now() });
    for (const wake of this.#jobs.wake) wake();
    return true;
  }

  override async replayAll(): Promise<number> {
    let replayed = 0;
    for (const { id } of this.#dead()) if (await this.replay(id)) replayed += 1;
    return replayed;
  }

  override async discard(id: string): Promise<boolean> {
    return this.#jobs.all.get(id)?.state === 'dead' && this.#jobs.all.delete(id);
  }

  override async removeGroup(marketplace: string, groupUid: string, withinMs: number): Promise<number> {
    const until = performance.now() + withinMs;
    for (let removed = 0; ; await new Promise((resolve) => setTimeout(resolve, 10))) {
      let isActive = false;
      for (const job of this.#jobs.all.values()) {
        if (job.notification.marketplace !== marketplace) continue;
        const found = withoutGroup(job.notification, groupUid);
        if (!found) continue;
        if (job.state === 'active') {
          isActive = true;
          continue;
        }
        if (found.kept) job.notification = found.kept;
        else this.#jobs.all.delete(job.id);
        removed += found.removed;
      }
      if (!isActive || performance.now() >= until) return removed;
    }
  }

  override async stop(withinMs: number): Promise<void> {
    this.#process = null;
    this.#jobs.wake.delete(this.#look);
    clearTimeout(this.#timer);
    await settledWithin(withinMs, Promise.all(this.#running));
  }

  #dead(): MemoryJob[] {
    return [...this.#jobs.all.values()].filter(({ state }) => state === 'dead');
  }

  /** Takes what is due as long as there is room, and comes back for what is due later. */
  readonly #look = (): void => {
    const { concurrency = 8 } = this.options;
    const now = performance.now();
    clearTimeout(this.#timer);
    let next = Number.POSITIVE_INFINITY;
    for (const job of this.#jobs.all.values()) {
      if (job.state !== 'waiting' || !this.#process) continue;
      if (job.dueAt > now) next = Math.min(next, job.dueAt);
      else if (this.#running.size < concurrency) this.#take(job, this.#process);
    }
    if (next < Number.POSITIVE_INFINITY) this.#timer = setTimeout(this.#look, next - now + 1).unref();
  };

  #take(job: MemoryJob, process: ProcessQueued): void {
    job.state = 'active';
    const { notification, failures } = job;
    const running = process(copyOf(notification), failures + 1, this.options.attempts ?? ATTEMPTS)
      .catch((error: unknown) => ({ remaining: notification.resources, error: error as Error }))
      .then((outcome) => this.#settle(job, outcome))
      .finally(() => {
        this.#running.delete(running);
        this.#look();
      });
    this.#running.add(running);
  }

  #settle(job: MemoryJob, { remaining, error, done }: QueuedOutcome): void {
    const { attempts = ATTEMPTS, backoffMs = 1_000, busyDelayMs = 1_000 } = this.options;
    if (!remaining) {
      this.#jobs.all.delete(job.id);
      return;
    }
    job.notification = afterAttempt(job.notification, copyOf(remaining), { error, done });
    if (error) job.failures += 1;
    if (error && job.failures >= attempts) {
      Object.assign(job, { state: 'dead', reason: error.message, failedAt: Date.now() });
      this.#jobs.all.delete(job.id);
      this.#jobs.all.set(job.id, job);
      return;
    }
    job.state = 'waiting';
    const pause = error ? backoffMs * 2 ** (job.failures - 1) : busyDelayMs;
    job.dueAt = performance.now() + (this.#process ? pause : 0);
    for (const wake of this.#jobs.wake) wake();
  }
}

function toDead({ id, notification, failures, reason, failedAt }: MemoryJob): DeadNotification {
  return {
    id,
    marketplace: notification.marketplace,
    receivedAt: notification.receivedAt,
    attempts: failures,
    reason,
    failedAt: new Date(failedAt).toISOString(),
    entities: entityCounts(notification.resources),
    history: listedHistory(notification),
  };
}
