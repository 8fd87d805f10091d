import { randomUUID } from 'node:crypto';

import type {
  DeadLetter,
  DeadNotification,
  NotificationQueueCounts,
} from '../connec/notifications/notification-queue.js';
import { withoutGroup } from '../connec/notifications/queued-entities.js';
import type { SqlExecutor } from '../sql/sql-executor.js';
import { numberOf, textOf } from '../sql/sql-values.js';
import { bossDatabase } from './boss-database.js';
import { openQueue } from './open-queue.js';
import type { PgBoss } from './pg-boss.js';
import type { PgQueueSettings } from './pg-queue-settings.js';
import { RecurringTurns } from './recurring-turns.js';
import { SliceJobs } from './slice-jobs.js';
import { jobData, type QueuedJob, readDead, readJob } from './queued-job.js';

/** A job that this process took up. */
export interface TakenJob {
  readonly id: string;
  /** How often others took it up and died; also says whether it still is the same turn. */
  readonly turn: number;
  /** Null for data that nobody here wrote. */
  readonly job: QueuedJob | null;
}

/** pg-boss wants an end, in seconds: ten years. */
const FOR_EVER = 315_360_000;

/** Jobs whose contents are read at once; each may be large. */
const READ_AT_ONCE = 20;

/**
 * The jobs of one queue: pg-boss makes its tables, puts jobs in, hands them out and finds those of dead processes;
 * what it has no call for are statements on its job table.
 */
export class QueueJobs {
  readonly #table: string;
  readonly #dead: string;
  readonly #queue: string;
  #hasSlices = false;

  constructor(
    private readonly boss: PgBoss,
    private readonly executor: SqlExecutor,
    private readonly settings: PgQueueSettings,
  ) {
    this.#table = `${settings.schema}.job`;
    this.#queue = settings.queueName;
    this.#dead = deadQueueOf(settings.queueName);
  }

  /** The turns of a kind of recurring work. */
  turnsOf(name: string): RecurringTurns {
    return new RecurringTurns(this.boss, this.executor, this.settings, name);
  }

  /** The slices of the synchronization, with their queue. */
  async slices(): Promise<SliceJobs> {
    const slices = new SliceJobs(this.boss, this.executor, this.settings);
    if (!this.#hasSlices) await slices.open();
    this.#hasSlices = true;
    return slices;
  }

  get #lockSeconds(): number {
    return Math.ceil(this.settings.lockMs / 1_000);
  }

  /** Makes the queues where one is missing, and says whether one was. */
  async open(): Promise<boolean> {
    const { boss, executor, settings } = this;
    const facts = { boss, executor, schema: settings.schema };
    const made = await openQueue(facts, this.#dead);
    return (await openQueue(facts, this.#queue, { deadLetter: this.#dead })) || made;
  }

  /** Stores one, through an executor that may be in a transaction of the application. */
  async add(job: QueuedJob, executor = this.executor, id: string = randomUUID()): Promise<void> {
    // Where the queue was lost, pg-boss stores nothing and says nothing.
    if ((await this.#send(job, executor, id)) === null && (await this.open()))
      await this.#send(job, executor, id);
  }

  #send(job: QueuedJob, executor: SqlExecutor, id: string): Promise<string | null> {
    return this.boss.send(this.#queue, jobData(job), {
      id,
      db: bossDatabase(executor),
      retryLimit: this.settings.maxCrashes,
      expireInSeconds: this.#lockSeconds,
      retentionSeconds: FOR_EVER,
      deadLetter: this.#dead,
    });
  }

  async take(limit: number): Promise<TakenJob[]> {
    const options = { batchSize: limit, includeMetadata: true } as const;
    const jobs = await this.boss.fetch(this.#queue, options);
    return jobs.map(({ id, data, retryCount }) => ({ id, turn: retryCount, job: readJob(data) }));
  }

  /** Forgets what was handled to its end, whoever has it by now. */
  async remove(id: string): Promise<void> {
    await this.executor.execute(`delete from ${this.#table} where name = $1 and id = $2::uuid`, [
      this.#queue,
      id,
    ]);
  }

  /** Has one handed out again. Nothing happens where another process has taken it up meanwhile. */
  async again({ id, turn }: TakenJob, job: QueuedJob, delayMs: number): Promise<void> {
    await this.executor.execute(
      `update ${this.#table} set state = 'retry', data = $1::jsonb, retry_count = 0, started_on = null,
         start_after = now() + $2::double precision * interval '1 millisecond'
       where name = $3 and id = $4::uuid and state = 'active' and retry_count = $5::int`,
      [JSON.stringify(jobData(job)), Math.round(delayMs), this.#queue, id, turn],
    );
  }

  /** Gives one up. Nothing happens where another process has taken it up meanwhile. */
  async bury({ id, turn }: TakenJob, job: QueuedJob, reason: string): Promise<void> {
    await this.executor.transaction(async (transaction) => {
      const removed = await transaction.query(
        `delete from ${this.#table} where name = $1 and id = $2::uuid and state = 'active'
           and retry_count = $3::int returning id`,
        [this.#queue, id, turn],
      );
      if (removed.length === 0) return;
      await this.boss.send(this.#dead, jobData(job, reason), {
        id,
        db: bossDatabase(transaction),
        retryLimit: 0,
        expireInSeconds: 1,
        retentionSeconds: FOR_EVER,
      });
    });
    await this.#forgetOldest();
  }

  /** Keeps what this process handles from being taken up elsewhere. */
  async renew(ids: readonly string[]): Promise<void> {
    if (ids.length === 0) return;
    await this.executor.execute(
      `update ${this.#table} set started_on = now()
       where name = $1 and state = 'active' and id in (select value::uuid from json_array_elements_text($2::json))`,
      [this.#queue, JSON.stringify(ids)],
    );
  }

  /** Has the jobs of dead processes handed out again, or given up where too many died of them. */
  async recover(): Promise<void> {
    const rows = await this.executor.query(
      `select 1 as found from ${this.#table} where name = $1 and state = 'active'
         and started_on < now() - $2::int * interval '1 second' limit 1`,
      [this.#queue, this.#lockSeconds],
    );
    if (rows.length === 0) return;
    if (this.boss.expire) await this.boss.expire();
    else await this.boss.supervise?.(this.#queue);
    // pg-boss puts a copy among the dead letters, and keeps the original.
    await this.executor.execute(`delete from ${this.#table} where name = $1 and state >= 'completed'`, [
      this.#queue,
    ]);
    await this.#forgetOldest();
  }

  async counts(): Promise<NotificationQueueCounts> {
    const [row] = await this.executor.query(
      `select
         count(*) filter (where name = $1 and state < 'active' and start_after <= now()) as waiting,
         count(*) filter (where name = $1 and state < 'active' and start_after > now()) as delayed,
         count(*) filter (where name = $1 and state = 'active') as active,
         count(*) filter (where name = $2) as dead,
         coalesce(floor(extract(epoch from now() - min(start_after)
           filter (where name = $1 and state < 'active' and start_after <= now())) * 1000), -1)::bigint as lag
       from ${this.#table} where name in ($1, $2)`,
      [this.#queue, this.#dead],
    );
    const lag = numberOf(row, 'lag');
    return {
      waiting: numberOf(row, 'waiting'),
      active: numberOf(row, 'active'),
      delayed: numberOf(row, 'delayed'),
      dead: numberOf(row, 'dead'),
      lagMs: lag < 0 ? null : lag,
    };
  }

  async deadLetters(offset: number, limit: number): Promise<DeadNotification[]> {
    const rows = await this.executor.query(
      `select id::text as id, data, floor(extract(epoch from created_on) * 1000)::bigint as at from ${this.#table}
       where name = $1 order by created_on desc, id desc limit $2::int offset $3::int`,
      [this.#dead, limit, offset],
    );
    return rows.map(readDead);
  }

  /** One dead letter with what is stored of it; null where there is none. */
  async deadLetter(id: string): Promise<DeadLetter | null> {
    const [row] = await this.executor.query(
      `select id::text as id, data, floor(extract(epoch from created_on) * 1000)::bigint as at from ${this.#table}
       where name = $1 and id::text = $2`,
      [this.#dead, id],
    );
    if (!row) return null;
    const { resources = {}, history = [] } = readJob(row['data'])?.notification ?? {};
    return { ...readDead(row), history, resources };
  }

  /** Ids of all dead letters. */
  async deadIds(): Promise<string[]> {
    const rows = await this.executor.query(
      `select id::text as id from ${this.#table} where name = $1 order by created_on, id`,
      [this.#dead],
    );
    return rows.map((row) => textOf(row, 'id'));
  }

  /** Moves a dead letter back, with all its attempts. */
  async replay(id: string): Promise<boolean> {
    return this.executor.transaction(async (transaction) => {
      const [row] = await transaction.query(
        `delete from ${this.#table} where name = $1 and id::text = $2 returning data`,
        [this.#dead, id],
      );
      const job = row && readJob(row['data']);
      if (job) await this.add({ ...job, failures: 0 }, transaction, id);
      return Boolean(job);
    });
  }

  async discard(id: string): Promise<boolean> {
    const removed = await this.executor.query(
      `delete from ${this.#table} where name = $1 and id::text = $2 returning id`,
      [this.#dead, id],
    );
    return removed.length > 0;
  }

  /** Removes a group's entities from what is not being handled; says whether some are being handled. */
  async removeGroup(
    marketplace: string,
    groupUid: string,
  ): Promise<{ readonly removed: number; readonly isActive: boolean }> {
    let removed = 0;
    let isActive = false;
    for (let after = NO_ID; ;) {
      const rows = await this.executor.query(
        `select id::text as id, name, data, case state when 'active' then 1 else 0 end as active from ${this.#table}
         where name in ($1, $2) and id > $3::uuid order by id limit $4::int`,
        [this.#queue, this.#dead, after, READ_AT_ONCE],
      );
      for (const row of rows) {
        const job = readJob(row['data']);
        if (job?.notification.marketplace !== marketplace) continue;
        const found = withoutGroup(job.notification, groupUid);
        if (!found) continue;
        const isFree = numberOf(row, 'active') === 0;
        const [id, name] = [textOf(row, 'id'), textOf(row, 'name')];
        if (isFree && (await this.#shorten(name, id, found.kept && { ...job, notification: found.kept })))
          removed += found.removed;
        // It was taken up at this very moment.
        else isActive = true;
      }
      const last = rows.at(-1);
      if (!last || rows.length < READ_AT_ONCE) return { removed, isActive };
      after = textOf(last, 'id');
    }
  }

  /** Leaves of a job that is not being handled only this; false where it is. */
  async #shorten(name: string, id: string, kept: QueuedJob | null): Promise<boolean> {
    const where = `where name = $1 and id = $2::uuid and state <> 'active' returning id`;
    const rows = await (kept
      ? this.executor.query(
          // The reason of a dead letter stays.
          `update ${this.#table} set data = data || $3::jsonb ${where}`,
          [name, id, JSON.stringify(jobData(kept))],
        )
      : this.executor.query(`delete from ${this.#table} ${where}`, [name, id]));
    return rows.length > 0;
  }

  async #forgetOldest(): Promise<void> {
    await this.executor.execute(
      `delete from ${this.#table} where name = $1 and id in (
         select id from ${this.#table} where name = $2 order by created_on desc, id desc offset $3::int)`,
      [this.#dead, this.#dead, this.settings.keepDead],
    );
  }
}

/** Before every id. */
const NO_ID = '00000000-0000-0000-0000-000000000000';

/** Where what was given up is kept. */
export function deadQueueOf(queueName: string): string {
  return `${queueName}.dead`;
}
