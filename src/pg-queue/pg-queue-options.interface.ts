import type { SqlExecutor } from '../sql/sql-executor.js';
import type { PgBossClass } from './pg-boss.js';

/** How notifications are stored in PostgreSQL and handled by pg-boss. */
export interface MaestranoPgQueueOptions {
  /** The class of pg-boss 10: `import PgBoss from 'pg-boss'`. */
  readonly engine: PgBossClass;
  /** The way to your PostgreSQL; every library of `nestjs-maestrano/sql` will do. */
  readonly executor: SqlExecutor;
  /** PostgreSQL schema of the tables of pg-boss, apart from those of a pg-boss of yours; `maestrano_queue` by default. */
  readonly schema?: string;
  /** `maestrano-notifications` by default. One for each registration of the module. */
  readonly queueName?: string;
  /** Whether missing tables of pg-boss are made at start; true by default. False where your migrations make them. */
  readonly migrate?: boolean;
  /** Whether this process also handles; false for one that only receives. True by default. */
  readonly worker?: boolean;
  /** Notifications that this process handles at once; 8 by default. */
  readonly concurrency?: number;
  /** Milliseconds between two looks of a worker for what others stored; 1,000 by default. */
  readonly pollMs?: number;
  /** Attempts in all before a notification is a dead letter; 12 by default, which takes over an hour. */
  readonly attempts?: number;
  /** First pause before another attempt in milliseconds, doubled each time and jittered; 1,000 by default. */
  readonly backoffMs?: number;
  /** Dead letters kept; the oldest beyond it are forgotten. 10,000 by default. */
  readonly keepDead?: number;
  /** Milliseconds to wait for PostgreSQL before the delivery is rejected so that the platform repeats it; 5,000 by default. */
  readonly addTimeoutMs?: number;
  /** Milliseconds after which the work of a dead process is taken up, in whole seconds; 30,000 by default. */
  readonly lockMs?: number;
  /** Processes that may die over one notification before it is a dead letter; 10 by default. */
  readonly maxCrashes?: number;
}
