import { setTimeout as pause } from 'node:timers/promises';

import { Inject, Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';

import {
  type DeadLetter,
  type DeadNotification,
  NotificationQueue,
  type NotificationQueueCounts,
  type ProcessQueued,
  type QueuedNotification,
} from '../connec/notifications/notification-queue.js';
import { MaestranoConnecError } from '../errors/connec.error.js';
import { codesOf, errorsWithin, sqlError } from '../sql/sql-failures.js';
import { withRetries } from '../sql/sql-calls.js';
import { errorCode } from '../utils/error-code.js';
import { LogThrottle } from '../utils/log-throttle.js';
import { settledWithin } from '../utils/settled-within.js';
import { bossDatabase } from './boss-database.js';
import type { PgBoss } from './pg-boss.js';
import type { MaestranoPgQueueOptions } from './pg-queue-options.interface.js';
import { type PgQueueSettings, resolvePgQueueSettings } from './pg-queue-settings.js';
import { QueueJobs } from './queue-jobs.js';
import { QueueWorker } from './queue-worker.js';
import type { SliceJobs } from './slice-jobs.js';
import type { RecurringTurns } from './recurring-turns.js';

/** Injection token of the {@link MaestranoPgQueueOptions}. */
export const MAESTRANO_PG_QUEUE_OPTIONS = Symbol('MAESTRANO_PG_QUEUE_OPTIONS');

/** Milliseconds that each step of a shutdown is given that needs the database. */
const GOODBYE_MS = 1_000;
/** Milliseconds between two looks at attempts under way for a group that was deleted. */
const POLL_MS = 100;

/** How PostgreSQL says that a schema, a table or a function is not there. */
const GONE = /^(3F000|42P01|42883)$/;
/** How often tables are made that somebody else is making, and how PostgreSQL says so. */
const START_TURNS = 5;
const MADE_ALREADY = /^(23505|42P06|42P07|42710|42723)$/;

/** How one notification is stored. */
export interface QueueAddCall {
  /**
   * An open transaction of yours, as `within` of the executor takes it: the notification is there when that commits,
   * and never was when it rolls back.
   */
  readonly tx?: unknown;
}

/**
 * Notifications in your PostgreSQL, by pg-boss over the executor: stored before the platform gets a response, handled by
 * any process that runs a worker, repeated with growing pauses, kept as dead letters when all attempts are used up. It
 * opens no connection and keeps none. Works without Nest too: `new PgNotificationQueue({ engine, executor, worker:
 * false })`, then `close()`.
 */
@Injectable()
export class PgNotificationQueue extends NotificationQueue implements OnApplicationShutdown {
  readonly #logger = new Logger('MaestranoNotificationQueue');
  readonly #settings: PgQueueSettings;
  #boss: PgBoss | null = null;
  #opened: Promise<QueueJobs> | null = null;
  #worker: QueueWorker | null = null;
  #stopping: Promise<void> | null = null;
  readonly #complaints = new LogThrottle();

  /** @throws MaestranoConfigurationError (`configuration.options`) for options that cannot be used. */
  constructor(@Inject(MAESTRANO_PG_QUEUE_OPTIONS) options: MaestranoPgQueueOptions) {
    super();
    this.#settings = resolvePgQueueSettings(options);
  }

  override start(process: ProcessQueued): void {
    if (!this.#settings.worker) return;
    if (this.#worker) {
      throw new MaestranoConnecError('connec.queue', {
        message: 'The notification queue already works for another registration.',
        remedy:
          'Import a MaestranoPgQueueModule with its own queueName in each registration of MaestranoModule.',
      });
    }
    this.#worker = new QueueWorker({
      settings: this.#settings,
      process,
      withJobs: (work) => this.#soon(work),
      complain: (error) => this.#complain(error),
    });
  }

  /**
   * @throws MaestranoConnecError `connec.queue`; with `tx` the library's own error, after which the transaction is lost.
   * @throws MaestranoSqlError `sql.transaction` where `tx` is no transaction of the executor's library.
   */
  override async add(notification: QueuedNotification, call: QueueAddCall = {}): Promise<void> {
    const job = { notification, failures: 0 };
    if ('tx' in call) {
      const inside = this.#settings.executor.within(call.tx);
      const jobs = await this.#jobs();
      try {
        await jobs.add(job, inside);
      } catch (error) {
        // The transaction is lost; the next one finds new tables.
        if (isGone(error)) this.#opened = null;
        throw error;
      }
      return;
    }
    const { marketplace } = notification;
    await this.#soon((jobs) => jobs.add(job), marketplace);
    this.#worker?.wake();
  }

  override counts(): Promise<NotificationQueueCounts> {
    return this.#soon((jobs) => jobs.counts());
  }

  override async deadLetters({
    offset = 0,
    limit = 100,
  }: { readonly offset?: number; readonly limit?: number } = {}): Promise<DeadNotification[]> {
    if (limit <= 0) return [];
    return this.#soon((jobs) => jobs.deadLetters(offset, limit));
  }

  override deadLetter(id: string): Promise<DeadLetter | null> {
    return this.#soon((jobs) => jobs.deadLetter(id));
  }

  override async replay(id: string): Promise<boolean> {
    const isReplayed = await this.#soon((jobs) => jobs.replay(id));
    if (isReplayed) this.#worker?.wake();
    return isReplayed;
  }

  override async replayAll(): Promise<number> {
    let replayed = 0;
    // All ids first: what fails again meanwhile must not be replayed for ever.
    for (const id of await this.#soon((jobs) => jobs.deadIds())) if (await this.replay(id)) replayed += 1;
    return replayed;
  }

  override discard(id: string): Promise<boolean> {
    return this.#soon((jobs) => jobs.discard(id));
  }

  override async removeGroup(marketplace: string, groupUid: string, withinMs: number): Promise<number> {
    const until = performance.now() + withinMs;
    for (let removed = 0; ; await pause(POLL_MS)) {
      const found = await this.#soon((jobs) => jobs.removeGroup(marketplace, groupUid), marketplace);
      removed += found.removed;
      if (!found.isActive || performance.now() >= until) return removed;
    }
  }

  /** @internal Does something with the turns of recurring work, as far as the database does its part in time. */
  onTurns<T>(name: string, work: (turns: RecurringTurns) => Promise<T>): Promise<T> {
    return this.#soon((jobs) => work(jobs.turnsOf(name)));
  }

  /** @internal Does something with the slices of the synchronization, as far as the database does its part in time. */
  onSlices<T>(work: (slices: SliceJobs) => Promise<T>): Promise<T> {
    return this.#soon(async (jobs) => work(await jobs.slices()));
  }

  override stop(withinMs: number): Promise<void> {
    return (this.#stopping ??= this.#stop(withinMs));
  }

  onApplicationShutdown(): Promise<void> {
    return this.close();
  }

  /** Stops the worker. The executor and what is behind it are yours. */
  async close(): Promise<void> {
    await this.stop(GOODBYE_MS);
    const boss = this.#boss;
    this.#boss = null;
    if (boss) await settledWithin(GOODBYE_MS, boss.stop({ graceful: false })).catch(() => false);
  }

  async #stop(withinMs: number): Promise<void> {
    if (!this.#worker || (await this.#worker.stop(withinMs))) return;
    this.#logger.warn('Attempts are still under way; another process takes them up.');
  }

  /** Does something with the jobs; where their tables were lost since they were opened, with new ones. */
  async #done<T>(work: (jobs: QueueJobs) => Promise<T>): Promise<T> {
    const opened = await this.#jobs();
    try {
      return await work(opened);
    } catch (error) {
      if (!isGone(error)) throw error;
      this.#opened = null;
      return work(await this.#jobs());
    }
  }

  /** The jobs, once their tables are there; tried anew by the next call where that failed. */
  async #jobs(): Promise<QueueJobs> {
    this.#opened ??= this.#openInTurn();
    try {
      return await this.#opened;
    } catch (error) {
      this.#opened = null;
      throw error;
    }
  }

  /** Instances that start together make the tables together, and all but one of them fail at it. */
  async #openInTurn(): Promise<QueueJobs> {
    for (let turn = 1; ; turn += 1) {
      try {
        return await this.#open();
      } catch (error) {
        if (turn === START_TURNS || !MADE_ALREADY.test(String(errorCode(error)))) throw error;
        await pause(POLL_MS * Math.random());
      }
    }
  }

  async #open(): Promise<QueueJobs> {
    const { engine: Engine, executor, schema, migrate } = this.#settings;
    const options = {
      db: bossDatabase(executor),
      schema,
      migrate,
      supervise: false,
      schedule: false,
    } as const;
    // One that failed to start never tries again.
    const boss = new Engine(options);
    boss.on('error', (error) => this.#complain(error));
    try {
      await boss.start();
      const jobs = new QueueJobs(boss, executor, this.#settings);
      await jobs.open();
      const before = this.#boss;
      this.#boss = boss;
      await before?.stop({ graceful: false }).catch(() => undefined);
      return jobs;
    } catch (error) {
      const { message } = error as Error;
      if (!/^pg-boss (is not installed|database requires)/.test(message)) throw error;
      throw new MaestranoConnecError('connec.queue', {
        message: `The tables of pg-boss in the schema ${schema} are missing or old.`,
        remedy:
          'Let it make them (migrate: true), or add the text of pgQueueMigrationText() to your migrations.',
      });
    }
  }

  /** @throws MaestranoConnecError `connec.queue` when PostgreSQL does not respond in time, or with an error. */
  async #soon<T>(work: (jobs: QueueJobs) => Promise<T>, marketplace?: string): Promise<T> {
    const { addTimeoutMs: timeoutMs, executor } = this.#settings;
    let ownError: unknown = null;
    const attempt = async (): Promise<T> => {
      try {
        return await this.#done(work);
      } catch (error) {
        if (error instanceof MaestranoConnecError) ownError = error;
        throw error;
      }
    };
    try {
      return await withRetries(executor, attempt, { timeoutMs });
    } catch (error) {
      if (ownError) throw ownError;
      const cause = sqlError(error);
      throw new MaestranoConnecError('connec.queue', {
        message: `PostgreSQL did not do its part of the queue: ${cause.message}`,
        marketplace,
        remedy: 'Check the executor of MaestranoPgQueueModule and what is behind it.',
        cause,
      });
    }
  }

  #complain(error: unknown): void {
    if (!this.#complaints.isDue()) return;
    const { message } = error instanceof MaestranoConnecError ? error : sqlError(error);
    this.#logger.warn(`Trouble with the queue: ${message}`);
  }
}

/** Whether the tables were lost since they were opened. */
function isGone(error: unknown): boolean {
  return errorsWithin(error)
    .flatMap(codesOf)
    .some((code) => GONE.test(code));
}
