import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';

import { beforeEach, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';

import { BullmqRecurringWork } from '../../src/bullmq/bullmq-recurring-work.js';
import { MaestranoBullmqModule } from '../../src/bullmq/index.js';
import {
  queueMayBeLost,
  type QueueModule,
  startsAreTwoRuns,
  stopsAreNoFailures,
} from '../support/sync/queued-instances.js';

const { TEST_REDIS_URL: REDIS_URL = '' } = process.env;
const withRedis = REDIS_URL === '' ? describe.skip : describe;
if (REDIS_URL === '')
  console.warn(
    'Skipping synchronization on BullMQ: redis-server is not installed (Debian package: redis-server).',
  );

withRedis('synchronization on the queue of BullMQ', () => {
  let prefix: string;
  beforeEach(() => {
    prefix = `sync-${randomUUID()}`;
  });
  const queue: QueueModule = ({ worker }) =>
    MaestranoBullmqModule.forRoot({ connection: REDIS_URL, prefix, worker, lockMs: 2_000 });

  it(
    'check 17: makes one run and at most one more of twenty starts on two instances',
    () => startsAreTwoRuns(queue),
    60_000,
  );

  it('does what was asked for although Redis lost everything', async () => {
    await queueMayBeLost(queue, async () => {
      const redis = new Redis(REDIS_URL);
      const keys = await redis.keys(`${prefix}:*`);
      if (keys.length > 0) await redis.unlink(...keys);
      await redis.quit();
    });
  }, 60_000);

  it('looks for companies that are due although Redis lost everything while it ran', async () => {
    const work = new BullmqRecurringWork({ connection: REDIS_URL, prefix });
    const redis = new Redis(REDIS_URL);
    const turns: number[] = [];
    const more = async (): Promise<void> => {
      const { length } = turns;
      const end = performance.now() + 5_000;
      while (turns.length === length && performance.now() < end) await pause(10);
      expect(turns.length).toBeGreaterThan(length);
    };
    try {
      work.repeat('synchronization', 100, async () => void turns.push(Date.now()));
      await more();
      await redis.unlink(...(await redis.keys(`${prefix}:*`)));
      await more();
      await more();
    } finally {
      await work.onApplicationShutdown();
      await redis.quit();
    }
  }, 20_000);

  it('has another instance go on with the run of one that stops', () => stopsAreNoFailures(queue), 60_000);
});
