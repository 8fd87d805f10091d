import { count, milliseconds } from '../settings/number-rule.js';
import { describeFound, readOptions, type Rule, type SettingOf } from '../settings/option-reader.js';
import { flag, group, type RulesFor, text } from '../settings/rules.js';
import type { SqlExecutor } from '../sql/sql-executor.js';
import type { PgBossClass } from './pg-boss.js';
import type { MaestranoPgQueueOptions } from './pg-queue-options.interface.js';

const engine: Rule<PgBossClass> = {
  takes: 'the class PgBoss of pg-boss',
  read(found, place) {
    if (typeof found === 'function') return found as PgBossClass;
    place.report(
      `It takes ${this.takes}.`,
      describeFound(found, false),
      "Write import PgBoss from 'pg-boss', and engine: PgBoss.",
    );
    return class {} as unknown as PgBossClass;
  },
};

/** Never shown: what is behind it holds the password of the database. */
const executor: Rule<SqlExecutor> = {
  takes: 'an executor of nestjs-maestrano/sql on PostgreSQL',
  read(found, place) {
    const dialect = typeof found === 'object' && found !== null && 'dialect' in found ? found.dialect : null;
    if (dialect === 'postgres') return found as SqlExecutor;
    place.report(
      `It takes ${this.takes}.`,
      typeof dialect === 'string' ? `one on ${dialect}` : describeFound(found, false),
      'Write pgExecutor(pool), or that of your library with the dialect postgres.',
    );
    return found as SqlExecutor;
  },
};

/** pg-boss writes it into its statements as it is. */
const SCHEMA = {
  takes: 'a name of lower-case letters, digits and _',
  check: (schema: string) =>
    /^[a-z_][a-z0-9_]{0,49}$/.test(schema)
      ? null
      : {
          message: 'A schema is a name of at most 50 lower-case letters, digits and _.',
          remedy: 'Leave it out for maestrano_queue.',
        },
};

const QUEUE_NAME = {
  check: (name: string) =>
    /^[\w.-]{1,60}$/.test(name)
      ? null
      : {
          message: 'A queue is named by at most 60 letters, digits, and _ . -',
          remedy: 'Leave it out for maestrano-notifications.',
        },
};

const PG_QUEUE = group({
  engine,
  executor,
  schema: text('maestrano_queue', SCHEMA),
  queueName: text('maestrano-notifications', QUEUE_NAME),
  migrate: flag(true),
  worker: flag(true),
  concurrency: count(8),
  pollMs: milliseconds(1_000, { least: 10 }),
  attempts: count(12),
  backoffMs: milliseconds(1_000),
  keepDead: count(10_000),
  addTimeoutMs: milliseconds(5_000),
  lockMs: milliseconds(30_000, { least: 1_000, most: 3_600_000 }),
  maxCrashes: count(10),
} satisfies RulesFor<MaestranoPgQueueOptions>);

/** The options of `MaestranoPgQueueModule`, checked and complete. */
export interface PgQueueSettings extends SettingOf<typeof PG_QUEUE> {}

/** @throws MaestranoConfigurationError (`configuration.options`) with everything that is wrong. */
export function resolvePgQueueSettings(options: MaestranoPgQueueOptions): PgQueueSettings {
  return readOptions(PG_QUEUE, options, 'MaestranoPgQueueModule');
}
