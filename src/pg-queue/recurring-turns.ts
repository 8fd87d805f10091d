import type { SqlExecutor } from '../sql/sql-executor.js';
import { bossDatabase } from './boss-database.js';
import { openQueue } from './open-queue.js';
import type { PgBoss } from './pg-boss.js';
import type { PgQueueSettings } from './pg-queue-settings.js';

/** pg-boss wants an end, in seconds: ten years. */
const FOR_EVER = 315_360_000;

/**
 * The turns of one kind of recurring work: a queue of pg-boss that takes one job for each stretch of time, whoever adds it.
 * The last one stays, so that its stretch of time has no second.
 */
export class RecurringTurns {
  readonly #table: string;
  readonly #queue: string;

  constructor(
    private readonly boss: PgBoss,
    private readonly executor: SqlExecutor,
    private readonly settings: PgQueueSettings,
    private readonly name: string,
  ) {
    this.#table = `${settings.schema}.job`;
    this.#queue = `${settings.queueName}.${name}`;
  }

  get #lockSeconds(): number {
    return Math.ceil(this.settings.lockMs / 1_000);
  }

  /** Makes the queue where it is missing. */
  async open(): Promise<void> {
    const { boss, executor, settings } = this;
    await openQueue({ boss, executor, schema: settings.schema }, this.#queue);
  }

  /** Adds the turn of the present stretch of time, unless somebody did. */
  async add(everyMs: number): Promise<void> {
    await this.boss.send(
      this.#queue,
      { name: this.name },
      {
        db: bossDatabase(this.executor),
        singletonKey: this.name,
        singletonSeconds: Math.max(1, Math.round(everyMs / 1_000)),
        retryLimit: this.settings.maxCrashes,
        expireInSeconds: this.#lockSeconds,
        retentionSeconds: FOR_EVER,
      },
    );
  }

  /** The id of a turn that nobody does; null when there is none. */
  async take(): Promise<string | null> {
    // Of processes that died.
    await this.executor.execute(
      `update ${this.#table} set state = 'retry', started_on = null
       where name = $1 and state = 'active' and started_on < now() - $2::int * interval '1 second'`,
      [this.#queue, this.#lockSeconds],
    );
    const options = { batchSize: 1, includeMetadata: true } as const;
    const [job] = await this.boss.fetch(this.#queue, options);
    return job?.id ?? null;
  }

  /** Keeps a turn that is being done from being taken up elsewhere. */
  async renew(id: string): Promise<void> {
    await this.executor.execute(
      `update ${this.#table} set started_on = now() where name = $1 and id = $2::uuid and state = 'active'`,
      [this.#queue, id],
    );
  }

  /** Ends a turn; those before it are forgotten. */
  async end(id: string): Promise<void> {
    await this.executor.execute(
      `update ${this.#table} set state = 'completed', completed_on = now()
       where name = $1 and id = $2::uuid and state = 'active'`,
      [this.#queue, id],
    );
    await this.executor.execute(
      `delete from ${this.#table} where name = $1 and state >= 'completed' and id <> $2::uuid`,
      [this.#queue, id],
    );
  }
}
