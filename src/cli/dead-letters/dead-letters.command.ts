import { parseArgs } from 'node:util';

import type { BullmqNotificationQueue } from '../../bullmq/bullmq-notification-queue.js';
import { CliError } from '../../errors/cli.error.js';
import type { CliIo } from '../cli-io.js';
import { runCommand } from '../command-runner.js';
import { errorCode } from '../../utils/error-code.js';

const HELP = `Usage: nestjs-maestrano dead-letters <list | replay ID | replay --all | discard ID> [options]

Connec! notifications that used up their attempts in the queue of nestjs-maestrano/bullmq. Replayed ones are handled by
the application's own workers; what is stale by then is dropped.

  --redis URL     where the queue is (default REDIS_URL, else redis://127.0.0.1:6379)
  --queue NAME    name of the queue (default maestrano-notifications)
  --prefix TEXT   before every key of the queue (default bull)
  --all           replay every one
  --limit N       list this many, newest first (default 50)
`;

const OPTIONS = {
  redis: { type: 'string' },
  queue: { type: 'string' },
  prefix: { type: 'string' },
  all: { type: 'boolean', default: false },
  limit: { type: 'string', default: '50' },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

/** Lists, replays and discards dead letters. Resolves with the exit code. */
export function run(argv: string[], io: CliIo): Promise<number> {
  return runCommand(io, async () => {
    const { values, positionals } = parseArgs({ args: argv, options: OPTIONS, allowPositionals: true });
    const [task, id] = positionals;
    if (values.help || task === undefined) {
      io.out(HELP);
      return values.help ? 0 : 2;
    }
    const queue = await openQueue({
      connection: values.redis ?? io.env['REDIS_URL'] ?? 'redis://127.0.0.1:6379',
      // This process only looks: handling is the application's work.
      worker: false,
      ...(values.queue ? { queueName: values.queue } : {}),
      ...(values.prefix ? { prefix: values.prefix } : {}),
    });
    try {
      if (task === 'list') return await list(queue, Number(values.limit), io);
      if (task === 'replay' && values.all) {
        io.out(`${await queue.replayAll()} replayed\n`);
        return 0;
      }
      if ((task === 'replay' || task === 'discard') && id !== undefined)
        return await one(queue, task, id, io);
      throw new CliError('cli.usage', {
        message: `"${task}" is not understood.`,
        remedy: 'See nestjs-maestrano dead-letters --help.',
      });
    } finally {
      await queue.close();
    }
  });
}

type QueueOptions = ConstructorParameters<typeof BullmqNotificationQueue>[0];

async function openQueue(options: QueueOptions): Promise<BullmqNotificationQueue> {
  try {
    const { BullmqNotificationQueue: Queue } = await import('../../bullmq/bullmq-notification-queue.js');
    return new Queue(options);
  } catch (error) {
    if (errorCode(error) !== 'ERR_MODULE_NOT_FOUND') throw error;
    throw new CliError('cli.application', {
      message: 'BullMQ is not installed here.',
      remedy: 'Run npm install bullmq ioredis.',
    });
  }
}

async function list(queue: BullmqNotificationQueue, limit: number, io: CliIo): Promise<number> {
  const [letters, counts] = [await queue.deadLetters({ limit }), await queue.counts()];
  for (const { id, marketplace, failedAt, attempts, reason, entities } of letters) {
    const what = Object.entries(entities).map(([resource, count]) => `${count} ${resource}`);
    io.out(`${id}  ${failedAt}  ${marketplace}  ${what.join(', ')}  ${attempts} attempts: ${reason}\n`);
  }
  io.out(
    `${counts.dead} dead, ${counts.waiting} waiting, ${counts.delayed} delayed, ${counts.active} active\n`,
  );
  return 0;
}

async function one(
  queue: BullmqNotificationQueue,
  task: 'replay' | 'discard',
  id: string,
  io: CliIo,
): Promise<number> {
  const done = task === 'replay' ? await queue.replay(id) : await queue.discard(id);
  io.out(done ? `${id} ${task}ed\n` : `There is no dead letter ${id}\n`);
  return done ? 0 : 1;
}
