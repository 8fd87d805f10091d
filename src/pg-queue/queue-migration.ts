import { MaestranoConfigurationError } from '../errors/configuration.error.js';
import type { MaestranoPgQueueOptions } from './pg-queue-options.interface.js';
import { resolvePgQueueSettings } from './pg-queue-settings.js';
import { deadQueueOf } from './queue-jobs.js';

/**
 * What `migrate: true` does at start, as a text for your own migrations: the tables of pg-boss, and the queue. It is a
 * transaction of its own, for an empty schema.
 *
 * @param getConstructionPlans the function of that name of pg-boss 12; pg-boss 10 has it on its class.
 * @throws MaestranoConfigurationError (`configuration.options`)
 */
export function pgQueueMigrationText(
  options: MaestranoPgQueueOptions,
  getConstructionPlans?: (schema: string) => string,
): string {
  const { engine, schema, queueName } = resolvePgQueueSettings(options);
  const plans = getConstructionPlans ?? engine.getConstructionPlans?.bind(engine);
  if (!plans) {
    const message = 'This version of pg-boss does not have its statements on the class.';
    const remedy =
      "Hand the function over: import { getConstructionPlans } from 'pg-boss', as the second argument.";
    const code = 'configuration.options';
    throw new MaestranoConfigurationError(code, {
      problems: [{ code, severity: 'error', marketplace: null, key: 'engine', found: null, message, remedy }],
    });
  }
  const dead = deadQueueOf(queueName);
  const made = [
    `select ${schema}.create_queue('${dead}', '{"policy":"standard"}');`,
    `select ${schema}.create_queue('${queueName}', '{"policy":"standard","deadLetter":"${dead}"}');`,
  ];
  return `${plans(schema).trim()}\n${made.join('\n')}\n`;
}
