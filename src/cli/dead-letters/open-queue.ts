import type { NotificationQueue } from '../../connec/notifications/notification-queue.js';
import { CliError } from '../../errors/cli.error.js';
import type { PgBossClass } from '../../pg-queue/pg-boss.js';
import { PgNotificationQueue } from '../../pg-queue/pg-notification-queue.js';
import { errorCode } from '../../utils/error-code.js';
import type { CliIo } from '../cli-io.js';
import { driver, openDatabase } from '../db/open-database.js';

/** A queue that the command looks at. Handling is the application's work: none of them has a worker. */
export interface OpenQueue {
  readonly queue: NotificationQueue;
  /** For messages: what does not respond, and which option says where it is. */
  readonly server: { readonly name: string; readonly option: string };
  readonly close: () => Promise<void>;
}

/** Which queue; each option has the default of its module. */
export interface QueueOptions {
  /** A URL: the queue is in PostgreSQL. */
  readonly postgres?: string | undefined;
  readonly queue?: string | undefined;
  readonly redis?: string | undefined;
  readonly prefix?: string | undefined;
  readonly schema?: string | undefined;
}

/** The queue that the options name: one of BullMQ, unless they name a PostgreSQL. */
export function openQueue(options: QueueOptions, io: CliIo): Promise<OpenQueue> {
  return options.postgres ? openPgQueue(options.postgres, options, io) : openBullmqQueue(options, io);
}

async function openBullmqQueue(
  { redis, queue: queueName, prefix }: QueueOptions,
  io: CliIo,
): Promise<OpenQueue> {
  const { BullmqNotificationQueue } = await import('../../bullmq/bullmq-notification-queue.js').catch(
    (error: unknown) => {
      if (errorCode(error) !== 'ERR_MODULE_NOT_FOUND') throw error;
      throw new CliError('cli.application', {
        message: 'BullMQ is not installed here.',
        remedy: 'Run npm install bullmq ioredis.',
      });
    },
  );
  const connection = redisUrl(redis ?? io.env['REDIS_URL'] ?? 'redis://127.0.0.1:6379');
  const queue = new BullmqNotificationQueue({
    connection,
    // This process only looks.
    worker: false,
    ...(queueName ? { queueName } : {}),
    ...(prefix ? { prefix } : {}),
  });
  const server = { name: `Redis at ${new URL(connection).host}`, option: '--redis or REDIS_URL' };
  return { queue, server, close: () => queue.close() };
}

/** The address may hold a password: it is not repeated. */
function redisUrl(text: string): string {
  if (URL.canParse(text) && /^rediss?:$/.test(new URL(text).protocol)) return text;
  throw new CliError('cli.usage', {
    message: 'The address of Redis is none.',
    remedy: 'Give --redis or REDIS_URL as redis://127.0.0.1:6379.',
  });
}

/** Makes no tables: there are none where no application has been. */
async function openPgQueue(
  url: string,
  { queue: queueName, schema }: QueueOptions,
  io: CliIo,
): Promise<OpenQueue> {
  const module = driver<PgBossClass | { readonly PgBoss: PgBossClass }>('pg-boss', io);
  const database = await openDatabase('postgres', url, io);
  const queue = new PgNotificationQueue({
    engine: 'PgBoss' in module ? module.PgBoss : module,
    executor: database.executor,
    worker: false,
    migrate: false,
    ...(queueName ? { queueName } : {}),
    ...(schema ? { schema } : {}),
  });
  const close = async (): Promise<void> => {
    await queue.close();
    await database.close();
  };
  return { queue, server: { name: 'The PostgreSQL of the queue', option: '--postgres' }, close };
}
