/**
 * Notifications queued in your PostgreSQL, without Redis. Comments cite the reference that comes with the package:
 * `protocol §6.3` is section 6.3 of docs/reference/protocol.md.
 *
 * @packageDocumentation
 */

export {
  MAESTRANO_PG_QUEUE_OPTIONS,
  PgNotificationQueue,
  type QueueAddCall,
} from './pg-notification-queue.js';
export type { MaestranoPgQueueOptions } from './pg-queue-options.interface.js';
export { MaestranoPgQueueModule } from './maestrano-pg-queue.module.js';
export { pgQueueMigrationText } from './queue-migration.js';
export type { PgBoss, PgBossClass, PgBossDatabase, PgBossJob } from './pg-boss.js';
