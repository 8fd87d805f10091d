import type { GroupReference } from '../adapters/maestrano-group.adapter.js';
import type { SqlExecutor } from '../sql/sql-executor.js';
import { numberOf, textOf } from '../sql/sql-values.js';
import { bossDatabase } from './boss-database.js';
import { openQueue } from './open-queue.js';
import type { PgBoss } from './pg-boss.js';
import type { PgQueueSettings } from './pg-queue-settings.js';

/** pg-boss wants an end, in seconds: ten years. */
const FOR_EVER = 315_360_000;

/** A slice that this process took up. */
export interface TakenSlice {
  readonly id: string;
  /** How often others took it up and died; also says whether it still is the same turn. */
  readonly turn: number;
  readonly group: GroupReference;
}

/**
 * Slices of the synchronization in a queue of pg-boss whose policy lets one job of a group wait. One is taken up only while none
 * of its group is under way.
 */
export class SliceJobs {
  readonly #table: string;
  readonly #queue: string;

  constructor(
    private readonly boss: PgBoss,
    private readonly executor: SqlExecutor,
    private readonly settings: PgQueueSettings,
  ) {
    this.#table = `${settings.schema}.job`;
    this.#queue = `${settings.queueName}.sync`;
  }

  get #lockSeconds(): number {
    return Math.ceil(this.settings.lockMs / 1_000);
  }

  /** Makes the queue where it is missing, and says whether it was. */
  open(): Promise<boolean> {
    const { boss, executor, settings } = this;
    return openQueue({ boss, executor, schema: settings.schema }, this.#queue, { policy: 'short' });
  }

  /** Adds one for the group, unless one waits. */
  async add(group: GroupReference): Promise<void> {
    // None is added where one waits, and where the queue was lost.
    if ((await this.#send(group)) === null && (await this.open())) await this.#send(group);
  }

  #send({ marketplace, groupUid }: GroupReference): Promise<string | null> {
    return this.boss.send(
      this.#queue,
      { marketplace, groupUid },
      {
        db: bossDatabase(this.executor),
        singletonKey: JSON.stringify([marketplace, groupUid]),
        retryLimit: this.settings.maxCrashes,
        expireInSeconds: this.#lockSeconds,
        retentionSeconds: FOR_EVER,
      },
    );
  }

  /**
   * Takes up those that wait longest, of groups of which none is under way. One process at a time does so: each has to see what
   * the one before took.
   */
  async take(limit: number): Promise<TakenSlice[]> {
    const rows = await this.executor.transaction(async (transaction) => {
      // Jobs may be added meanwhile: they only refer to the row.
      const lock = `select name from ${this.settings.schema}.queue where name = $1 for no key update`;
      await transaction.query(lock, [this.#queue]);
      // Two of a group wait where one of them was that of a dead process.
      return transaction.query(
        `with next as materialized (
           select j.id from ${this.#table} j
           where j.name = $1 and j.state < 'active' and j.start_after <= now()
             and not exists (select 1 from ${this.#table} a
               where a.name = $1 and a.state = 'active' and a.singleton_key = j.singleton_key)
             and not exists (select 1 from ${this.#table} b
               where b.name = $1 and b.state < 'active' and b.singleton_key = j.singleton_key
                 and (b.created_on, b.id) < (j.created_on, j.id))
           order by j.created_on, j.id limit $2::int for update of j skip locked)
         update ${this.#table} t set state = 'active', started_on = now()
         from next where t.name = $1 and t.id = next.id
         returning t.id::text as id, t.retry_count as turn, t.singleton_key as singleton_key`,
        [this.#queue, limit],
      );
    });
    return rows.map((row) => {
      const [marketplace, groupUid] = JSON.parse(textOf(row, 'singleton_key')) as [string, string];
      return { id: textOf(row, 'id'), turn: numberOf(row, 'turn'), group: { marketplace, groupUid } };
    });
  }

  /**
   * Forgets one that ended; where it has more to do and none of its group waits, it waits again, behind all others. Nothing happens
   * where another process has taken it up meanwhile.
   */
  async end({ id, turn }: TakenSlice, more: boolean): Promise<void> {
    const own = `t.name = $1 and t.id = $2::uuid and t.state = 'active' and t.retry_count = $3::int`;
    if (more) {
      await this.executor.execute(
        `update ${this.#table} t set state = 'retry', retry_count = 0, started_on = null, created_on = now()
         where ${own} and not exists (select 1 from ${this.#table} j
           where j.name = $1 and j.state < 'active' and j.singleton_key = t.singleton_key)`,
        [this.#queue, id, turn],
      );
    }
    await this.executor.execute(`delete from ${this.#table} t where ${own}`, [this.#queue, id, turn]);
  }

  /** Removes the one of the group that waits. */
  async cancel({ marketplace, groupUid }: GroupReference): Promise<void> {
    await this.executor.execute(
      `delete from ${this.#table} where name = $1 and state < 'active' and singleton_key = $2`,
      [this.#queue, JSON.stringify([marketplace, groupUid])],
    );
  }

  /** Keeps what this process does from being taken up elsewhere. */
  async renew(ids: readonly string[]): Promise<void> {
    if (ids.length === 0) return;
    await this.executor.execute(
      `update ${this.#table} set started_on = now()
       where name = $1 and state = 'active' and id in (select value::uuid from json_array_elements_text($2::json))`,
      [this.#queue, JSON.stringify(ids)],
    );
  }

  /** Has slices of dead processes done again, each as often as processes may die of it: then the schedule finds the group. */
  async recover(): Promise<void> {
    const dead = `name = $1 and state = 'active' and started_on < now() - $2::int * interval '1 second'`;
    await this.executor.execute(`delete from ${this.#table} where ${dead} and retry_count >= retry_limit`, [
      this.#queue,
      this.#lockSeconds,
    ]);
    await this.executor.execute(`delete from ${this.#table} where name = $1 and state >= 'completed'`, [
      this.#queue,
    ]);
    await this.executor.execute(
      `update ${this.#table} set state = 'retry', retry_count = retry_count + 1, started_on = null where ${dead}`,
      [this.#queue, this.#lockSeconds],
    );
  }
}
