import type { ConnectionOptions } from 'bullmq';
import type { Cluster, Redis } from 'ioredis';

/** How notifications are stored and handled by BullMQ. */
export interface MaestranoBullmqOptions {
  /**
   * A URL, ioredis options, or an ioredis connection of yours (with `maxRetriesPerRequest: null`): to one server, by
   * Sentinel, or a `Cluster`. Connections that are opened by a URL or options are made anew when Redis is silent for 15
   * seconds (`socketTimeout` of ioredis); give one of yours such a limit as well. Let that Redis write to disk (`appendonly yes`): an acknowledged notification is as safe
   * as it is.
   */
  readonly connection: string | ConnectionOptions | Redis | Cluster;
  /** `maestrano-notifications` by default. One for each registration of the module. */
  readonly queueName?: string;
  /** Before every key of the queue; `bull` by default. On a `Cluster` it becomes a hash tag: `{bull}`. */
  readonly prefix?: string;
  /** Whether this process also handles; false for one that only receives. True by default. */
  readonly worker?: boolean;
  /** Notifications that this process handles at once; 8 by default. */
  readonly concurrency?: number;
  /** Attempts in all before a notification is a dead letter; 12 by default, which takes over an hour. */
  readonly attempts?: number;
  /** First pause before another attempt in milliseconds, doubled each time and jittered; 1,000 by default. */
  readonly backoffMs?: number;
  /** Dead letters kept; the oldest beyond it are forgotten. 10,000 by default. */
  readonly keepDead?: number;
  /**
   * Milliseconds to wait for Redis before the delivery is rejected so that the platform repeats it, and before a write of
   * a worker makes its attempt a failed one; 5,000 by default.
   */
  readonly addTimeoutMs?: number;
  /** Milliseconds after which the work of a dead process is taken up; 30,000 by default. */
  readonly lockMs?: number;
  /** Processes that may die over one notification before it is a dead letter; 10 by default. */
  readonly maxCrashes?: number;
}
