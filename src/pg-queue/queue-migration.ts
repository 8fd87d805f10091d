import type { MaestranoPgQueueOptions } from './pg-queue-options.interface.js';
import { resolvePgQueueSettings } from './pg-queue-settings.js';
import { deadQueueOf } from './queue-jobs.js';

/**
 * What `migrate: true` does at start, as a text for your own migrations: the tables of pg-boss, and the queue. It is a
 * transaction of its own, for an empty schema.
 *
 * @throws MaestranoConfigurationError (`configuration.options`)
 */
export function pgQueueMigrationText(options: MaestranoPgQueueOptions): string {
  const { engine, schema, queueName } = resolvePgQueueSettings(options);
  const dead = deadQueueOf(queueName);
  const made = [
    `select ${schema}.create_queue('${dead}', '{"policy":"standard"}');`,
    `select ${schema}.create_queue('${queueName}', '{"policy":"standard","deadLetter":"${dead}"}');`,
  ];
  return `${engine.getConstructionPlans(schema).trim()}\n${made.join('\n')}\n`;
}
