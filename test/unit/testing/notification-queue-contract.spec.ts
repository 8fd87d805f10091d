import { afterAll, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';

import { BullmqNotificationQueue } from '../../../src/bullmq/bullmq-notification-queue.js';
import type {
  QueuedNotification,
  QueuedOutcome,
} from '../../../src/connec/notifications/notification-queue.js';
import { MemoryNotificationQueue, MemoryQueueJobs } from '../../../src/testing/memory-notification-queue.js';
import type { NotificationQueueSetup } from '../../../src/testing/notification-queue-case.js';
import { notificationQueueContract } from '../../../src/testing/notification-queue-contract.js';

const { TEST_REDIS_URL: redisUrl = '' } = process.env;
if (redisUrl === '')
  console.warn(
    'Skipping the queue contract on Redis: redis-server is missing (Debian package: redis-server).',
  );
const onRedis = redisUrl === '' ? describe.skip : describe;

/** Queues of one name share their jobs. */
function sharing(Queue: typeof MemoryNotificationQueue) {
  const jobs = new Map<string, MemoryQueueJobs>();
  return ({ name, lockMs, ...options }: NotificationQueueSetup): MemoryNotificationQueue => {
    const shared = jobs.get(name) ?? new MemoryQueueJobs();
    jobs.set(name, shared);
    return new Queue({ ...options, busyDelayMs: Math.min(10, lockMs), jobs: shared });
  };
}

describe('queue contract in memory', () => {
  const contract = notificationQueueContract(sharing(MemoryNotificationQueue), { survives: false });
  for (const { name, run } of contract) it(name, run);
});

onRedis('queue contract on BullMQ', () => {
  const prefix = `contract-${process.pid}`;
  const make = ({ name, ...options }: NotificationQueueSetup): BullmqNotificationQueue =>
    new BullmqNotificationQueue({ connection: redisUrl, prefix, queueName: name, ...options });
  // A worker of BullMQ keeps its jobs as long as its process lives; test/e2e/queue-crash.spec.ts kills it.
  for (const { name, run } of notificationQueueContract(make, { survives: false })) it(name, run);

  afterAll(async () => {
    const redis = new Redis(redisUrl);
    const keys = await redis.keys(`${prefix}:*`);
    if (keys.length > 0) await redis.unlink(...keys);
    await redis.quit();
  });
});

type Process = (notification: QueuedNotification, attempt: number) => Promise<QueuedOutcome>;

/** Hands out the whole notification again where some of it was handled. */
class Forgetful extends MemoryNotificationQueue {
  override start(process: Process): void {
    super.start(async (notification, attempt) => {
      const outcome = await process(notification, attempt);
      return outcome.remaining ? { ...outcome, remaining: notification.resources } : outcome;
    });
  }
}

/** Counts a wait for another process as a failure. */
class Impatient extends MemoryNotificationQueue {
  override start(process: Process): void {
    super.start(async (notification, attempt) => {
      const { remaining, error } = await process(notification, attempt);
      return { remaining, error: error ?? (remaining ? new Error('busy') : null) };
    });
  }
}

/** Forgets the dead letters that it replays. */
class Careless extends MemoryNotificationQueue {
  override async replay(id: string): Promise<boolean> {
    return this.discard(id);
  }
}

/** Removes a group at whatever marketplace it is. */
class Sweeping extends MemoryNotificationQueue {
  override async removeGroup(marketplace: string, groupUid: string, withinMs: number): Promise<number> {
    await super.removeGroup('other', groupUid, withinMs);
    return super.removeGroup(marketplace, groupUid, withinMs);
  }
}

describe('queue contract', () => {
  it.each([
    ['hands out again what was handled', Forgetful, 'hands out what is left of a failure'],
    ['counts waiting as failing', Impatient, 'counts no attempt'],
    ['forgets what it replays', Careless, 'replays and discards'],
    ['removes too much', Sweeping, 'removes the entities of a group, and leaves all others'],
  ])('fails a queue that %s', async (_, Queue, name) => {
    const options = { survives: false, patienceMs: 1_000 };
    const broken = notificationQueueContract(sharing(Queue), options).find((one) => one.name.includes(name));
    await expect(broken!.run()).rejects.toThrow();
  });
});
