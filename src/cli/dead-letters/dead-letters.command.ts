import { setTimeout as pause } from 'node:timers/promises';

import { Logger } from '@nestjs/common';

import type { NotificationQueue } from '../../connec/notifications/notification-queue.js';
import { CliError } from '../../errors/cli.error.js';
import { MaestranoError } from '../../errors/maestrano.error.js';
import { singularOf } from '../../utils/singular.js';
import { count } from '../../views/format.js';
import { CliCommand, type CommonOptions } from '../cli-command.js';
import { reasonOf } from '../cli-failure.js';
import type { CliIo } from '../cli-io.js';
import { wholeNumber } from '../cli-options.js';
import { type OpenQueue, openQueue, type QueueOptions } from './open-queue.js';

type QueueChoice = CommonOptions & QueueOptions;

/** How long the server may take to respond for the first time. */
const REACH_MS = 10_000;
/** Most that one list shows. */
const MAX_LISTED = 10_000;

/** The `dead-letters` commands. */
export function deadLettersCommand(io: CliIo): CliCommand {
  const command = new CliCommand('dead-letters', io).description(
    "Connec! notifications that used up their attempts in the queue of nestjs-maestrano/bullmq or nestjs-maestrano/pg-queue. Replayed ones are handled by the application's own workers; what is stale by then is dropped.",
  );
  withQueue(command.command('list'))
    .description('Lists them, newest first.')
    .option('--limit <n>', 'this many', wholeNumber(1, MAX_LISTED), 50)
    .does<QueueChoice & { readonly limit: number }>((at, options) =>
      onQueue(at, options, (queue) => list(queue, options.limit, at, options.json ?? false)),
    );
  withQueue(command.command('replay'))
    .description('Has one handled again, or all.')
    .argument('[id]', 'the one, as it is listed')
    .option('--all', 'every one')
    .does<QueueChoice & { readonly all?: boolean }>((at, options, [id]) => {
      if ((id === undefined) === !options.all) {
        throw new CliError('cli.usage', {
          message: id === undefined ? 'Which dead letter?' : 'Both one dead letter and all are named.',
          remedy: 'Give the id that nestjs-maestrano dead-letters list shows, or --all.',
        });
      }
      return onQueue(at, options, async (queue) => {
        if (id !== undefined) return one(queue, 'replay', id, at, options.json ?? false);
        const replayed = await queue.replayAll();
        at.out(options.json ? `${JSON.stringify({ replayed })}\n` : `${replayed} replayed\n`);
        return 0;
      });
    });
  withQueue(command.command('discard'))
    .description('Forgets one.')
    .argument('<id>', 'the one, as it is listed')
    .does<QueueChoice>((at, options, [id = '']) =>
      onQueue(at, options, (queue) => one(queue, 'discard', id, at, options.json ?? false)),
    );
  return command;
}

function withQueue(command: CliCommand): CliCommand {
  return command
    .option('--redis <url>', 'where a queue of BullMQ is (REDIS_URL, or redis://127.0.0.1:6379)')
    .option('--prefix <text>', 'before every key of that queue (bull)')
    .option(
      '--postgres <url>',
      'where a queue in PostgreSQL is, with the pg and pg-boss of the application in this folder',
    )
    .option('--schema <name>', 'schema of that queue (maestrano_queue)')
    .option('--queue <name>', 'name of the queue (maestrano-notifications)');
}

async function onQueue(
  io: CliIo,
  options: QueueChoice,
  work: (queue: NotificationQueue) => Promise<number>,
): Promise<number> {
  // What the client says of a lost connection would stand in the report.
  Logger.overrideLogger(false);
  const open = await openQueue(options, io);
  try {
    await reached(open);
    return await work(open.queue);
  } finally {
    await open.close();
  }
}

/** The client itself would wait for a connection as long as it takes. */
async function reached({ queue, server }: OpenQueue): Promise<void> {
  const ended = new AbortController();
  const responds = queue.counts().then(() => true);
  const late = pause(REACH_MS, false, { signal: ended.signal });
  // Whichever is not waited for ends later, with nobody to tell.
  for (const promise of [responds, late]) promise.catch(() => undefined);
  const isThere = await Promise.race([responds, late])
    .catch((error: unknown) => {
      throw unreachable(server, `cannot be used: ${sentenceOf(error)}`);
    })
    .finally(() => ended.abort());
  if (!isThere) throw unreachable(server, `did not respond within ${REACH_MS / 1_000} s`);
}

/** What went wrong, without advice that is for an application. */
function sentenceOf(error: unknown): string {
  const reason = reasonOf(error);
  const text =
    error instanceof MaestranoError ? reason.slice(0, reason.length - error.remedy.length) : reason;
  return text.trim().replace(/\.$/, '');
}

function unreachable({ name, option }: OpenQueue['server'], what: string): CliError {
  return new CliError('cli.server', { message: `${name} ${what}.`, remedy: `Check ${option}.` });
}

async function list(queue: NotificationQueue, limit: number, io: CliIo, asJson: boolean): Promise<number> {
  const [letters, counts] = [await queue.deadLetters({ limit }), await queue.counts()];
  if (asJson) {
    io.out(`${JSON.stringify({ letters, counts }, null, 2)}\n`);
    return 0;
  }
  for (const { id, marketplace, failedAt, attempts, reason, entities } of letters) {
    const what = Object.entries(entities).map(([resource, many]) =>
      count(many, singularOf(resource), resource),
    );
    const tried = count(attempts, 'attempt');
    io.out(`${id}  ${failedAt}  ${marketplace}  ${what.join(', ')}  ${tried}: ${reason}\n`);
  }
  io.out(
    `${counts.dead} dead, ${counts.waiting} waiting, ${counts.delayed} delayed, ${counts.active} active\n`,
  );
  return 0;
}

async function one(
  queue: NotificationQueue,
  task: 'replay' | 'discard',
  id: string,
  io: CliIo,
  asJson: boolean,
): Promise<number> {
  const done = task === 'replay' ? await queue.replay(id) : await queue.discard(id);
  if (asJson) io.out(`${JSON.stringify({ id, done })}\n`);
  else io.out(done ? `${id} ${task}ed\n` : `There is no dead letter ${id}\n`);
  return done ? 0 : 1;
}
