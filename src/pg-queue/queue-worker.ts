import type { ProcessQueued, QueuedOutcome } from '../connec/notifications/notification-queue.js';
import { afterAttempt } from '../connec/notifications/queued-entities.js';
import { settledWithin } from '../utils/settled-within.js';
import type { PgQueueSettings } from './pg-queue-settings.js';
import type { QueueJobs, TakenJob } from './queue-jobs.js';
import type { QueuedJob } from './queued-job.js';

/** What a worker stands on. */
export interface QueueWorkerFacts {
  readonly settings: PgQueueSettings;
  readonly process: ProcessQueued;
  /** Does something with the jobs, once their tables are there, within a deadline. */
  withJobs<T>(work: (jobs: QueueJobs) => Promise<T>): Promise<T>;
  /** A failure of the database, which passes. */
  complain(error: unknown): void;
}

/** Milliseconds until a notification is looked at again whose records are being handled elsewhere. */
const BUSY_DELAY_MS = 1_000;

/** A part of a pause that is left to chance, so that those who failed together do not come together for ever. */
const JITTER = 0.5;

/** Milliseconds: longer than any pause that makes sense between attempts. */
const LONGEST_BACKOFF_MS = 86_400_000;

/** Takes jobs as long as it has room, renews what it handles, and has the jobs of dead processes handed out again. */
export class QueueWorker {
  readonly #running = new Map<string, Promise<void>>();
  readonly #timers: NodeJS.Timeout[] = [];
  readonly #looping: Promise<void>;
  #stopped = false;
  #wake: (() => void) | null = null;
  #isWoken = false;

  constructor(private readonly facts: QueueWorkerFacts) {
    const { lockMs } = facts.settings;
    this.#every(lockMs / 3, async (jobs) => jobs.renew([...this.#running.keys()]));
    // Instances that were started together do not look together for ever.
    this.#every(lockMs * (0.8 + 0.2 * Math.random()), (jobs) => jobs.recover());
    this.#looping = this.#loop();
  }

  /** There is something to do, or room to do it. */
  wake(): void {
    this.#isWoken = true;
    this.#wake?.();
  }

  /** Takes nothing more. Resolves with whether what was taken ended in time. */
  async stop(withinMs: number): Promise<boolean> {
    this.#stopped = true;
    this.wake();
    const ended = (async () => {
      await this.#looping;
      await Promise.all(this.#running.values());
    })();
    const hasEnded = await settledWithin(withinMs, ended);
    for (const timer of this.#timers) clearInterval(timer);
    return hasEnded;
  }

  async #loop(): Promise<void> {
    await this.#attempt((jobs) => jobs.recover());
    while (!this.#stopped) {
      this.#isWoken = false;
      const room = this.facts.settings.concurrency - this.#running.size;
      const taken = room > 0 ? await this.#take(room) : 0;
      // Whoever got all that it had room for looks again as soon as there is room.
      await this.#pause(room > 0 && taken === room);
    }
  }

  async #take(room: number): Promise<number> {
    const taken = (await this.#attempt((jobs) => jobs.take(room))) ?? [];
    for (const one of taken) {
      const running = this.#handle(one).finally(() => {
        this.#running.delete(one.id);
        if (this.#hasMore) this.wake();
      });
      this.#running.set(one.id, running);
    }
    return taken.length;
  }

  #hasMore = false;

  async #pause(hasMore: boolean): Promise<void> {
    this.#hasMore = hasMore || this.facts.settings.concurrency === this.#running.size;
    if (this.#stopped || this.#isWoken) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, this.facts.settings.pollMs).unref();
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#wake = null;
  }

  async #handle(taken: TakenJob): Promise<void> {
    const { job } = taken;
    if (!job) {
      const unknown = { notification: { marketplace: '', receivedAt: '', resources: {} }, failures: 0 };
      await this.#attempt((jobs) => jobs.bury(taken, unknown, 'It is no notification.'));
      return;
    }
    if (this.#stopped) {
      await this.#attempt((jobs) => jobs.again(taken, job, 0));
      return;
    }
    const outcome = await this.#outcome(job);
    await this.#attempt((jobs) => this.#settle(jobs, taken, job, outcome));
  }

  async #outcome({ notification, failures }: QueuedJob): Promise<QueuedOutcome> {
    try {
      return await this.facts.process(notification, failures + 1, this.facts.settings.attempts);
    } catch (error) {
      // The store was away, or the marketplace is gone.
      const reason = error instanceof Error ? error : new Error('It could not be handled.');
      return { remaining: notification.resources, error: reason };
    }
  }

  async #settle(
    jobs: QueueJobs,
    taken: TakenJob,
    job: QueuedJob,
    { remaining, error, done }: QueuedOutcome,
  ): Promise<void> {
    if (!remaining) return jobs.remove(taken.id);
    // What was handled is not handed out again, and a dead letter shows only what is left.
    const notification = afterAttempt(job.notification, remaining, { error, done });
    if (!error) return jobs.again(taken, { ...job, notification }, this.#stopped ? 0 : BUSY_DELAY_MS);
    const { attempts, backoffMs } = this.facts.settings;
    const failures = job.failures + 1;
    if (failures >= attempts) return jobs.bury(taken, { notification, failures }, error.message);
    const pause = Math.min(backoffMs * 2 ** (failures - 1), LONGEST_BACKOFF_MS);
    return jobs.again(taken, { notification, failures }, pause * (1 - JITTER * Math.random()));
  }

  #every(ms: number, work: (jobs: QueueJobs) => Promise<void>): void {
    this.#timers.push(setInterval(() => void this.#attempt(work), ms).unref());
  }

  /** What fails now is done by the next look, or by whoever takes the job up when its time is over. */
  async #attempt<T>(work: (jobs: QueueJobs) => Promise<T>): Promise<T | undefined> {
    try {
      return await this.facts.withJobs(work);
    } catch (error) {
      this.facts.complain(error);
      return undefined;
    }
  }
}
