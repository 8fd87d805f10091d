import { afterAll, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';

import { BullmqSyncScheduler } from '../../../src/bullmq/bullmq-sync-scheduler.js';
import type { GroupReference } from '../../../src/adapters/maestrano-group.adapter.js';
import type { SyncSlice } from '../../../src/stores/sync-scheduler.js';
import { MemorySyncScheduler } from '../../../src/sync/schedule/memory-sync-scheduler.js';
import {
  syncSchedulerContract,
  type SyncSchedulerSetup,
} from '../../../src/testing/sync-scheduler-contract.js';

const { TEST_REDIS_URL: redisUrl = '' } = process.env;
if (redisUrl === '')
  console.warn(
    'Skipping the scheduler contract on Redis: redis-server is missing (Debian package: redis-server).',
  );
const onRedis = redisUrl === '' ? describe.skip : describe;

describe('scheduler contract in memory', () => {
  const contract = syncSchedulerContract(() => new MemorySyncScheduler(), { shared: false });
  for (const { name, run } of contract) it(name, run);
});

onRedis('scheduler contract on BullMQ', () => {
  const prefix = `slices-${process.pid}`;
  const make = ({ name, ...options }: SyncSchedulerSetup): BullmqSyncScheduler =>
    new BullmqSyncScheduler({ connection: redisUrl, prefix, queueName: name, ...options });
  for (const { name, run } of syncSchedulerContract(make)) it(name, run, 30_000);

  afterAll(async () => {
    const redis = new Redis(redisUrl);
    const keys = await redis.keys(`${prefix}:*`);
    if (keys.length > 0) await redis.unlink(...keys);
    await redis.quit();
  });
});

/** Loses what is asked for while a slice of the group is under way. */
class Forgetful extends MemorySyncScheduler {
  readonly #running = new Set<string>();

  override async enqueue(group: GroupReference): Promise<void> {
    if (!this.#running.has(group.groupUid)) await super.enqueue(group);
  }

  override work(slice: SyncSlice, concurrency: number): void {
    super.work(async (group, signal) => {
      this.#running.add(group.groupUid);
      return slice(group, signal).finally(() => this.#running.delete(group.groupUid));
    }, concurrency);
  }
}

/** Does the slices of a group to the end before those of others. */
class Unfair extends MemorySyncScheduler {
  override work(slice: SyncSlice, concurrency: number): void {
    super.work(async (group, signal) => {
      while (await slice(group, signal));
      return false;
    }, concurrency);
  }
}

/** Does what was cancelled. */
class Stubborn extends MemorySyncScheduler {
  override async cancel(): Promise<void> {
    return undefined;
  }
}

describe('scheduler contract', () => {
  it.each([
    ['loses what is asked for meanwhile', Forgetful, 'while one is under way'],
    ['lets a large group go first', Unfair, 'behind all that wait'],
    ['does what was cancelled', Stubborn, 'that was cancelled'],
  ])('fails a scheduler that %s', async (_, Scheduler, name) => {
    const contract = syncSchedulerContract(() => new Scheduler(), { shared: false, patienceMs: 1_000 });
    await expect(contract.find((one) => one.name.includes(name))!.run()).rejects.toThrow();
  });
});
