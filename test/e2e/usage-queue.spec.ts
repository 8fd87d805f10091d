import { randomUUID } from 'node:crypto';

import { describe, it } from '@jest/globals';

import { BullmqRecurringWork } from '../../src/bullmq/bullmq-recurring-work.js';
import { MaestranoBullmqModule } from '../../src/bullmq/index.js';
import { recurringWorkIsShared, usageCatchesUp } from '../support/usage/recurring-work.js';

const { TEST_REDIS_URL: REDIS_URL = '' } = process.env;
const withRedis = REDIS_URL === '' ? describe.skip : describe;
if (REDIS_URL === '')
  console.warn('Skipping usage on BullMQ: redis-server is not installed (Debian package: redis-server).');

withRedis('usage on the queue of BullMQ', () => {
  it('does a turn once, and again where a process died of it', async () => {
    const options = { connection: REDIS_URL, prefix: `usage-${randomUUID()}`, lockMs: 1_000 };
    await recurringWorkIsShared(async () => {
      const work = new BullmqRecurringWork(options);
      return { work, close: () => work.onApplicationShutdown() };
    });
  }, 60_000);

  it('catches up after weeks in which nothing ran', async () => {
    const options = { connection: REDIS_URL, prefix: `usage-${randomUUID()}` };
    await usageCatchesUp(() => MaestranoBullmqModule.forRoot(options));
  }, 60_000);
});
