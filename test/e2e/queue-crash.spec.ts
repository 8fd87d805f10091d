import { type ChildProcess, fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';

import { BullmqNotificationQueue } from '../../src/bullmq/index.js';
import { type CompiledSources, compileSources } from '../support/compiled-sources.js';
import { basicOf, marketplaceInput } from '../support/marketplaces.js';
import { stormSize } from '../support/sizes.js';

const { TEST_REDIS_URL: REDIS_URL = '' } = process.env;
const withRedis = REDIS_URL === '' ? describe.skip : describe;
if (REDIS_URL === '')
  console.warn('Skipping the crash test: redis-server is not installed (Debian package: redis-server).');

const DELIVERIES = stormSize(4_000, 10_000);
const RECORDS = stormSize(480, 1_200);
const PER_REQUEST = 5;
const KILLS = stormSize(3, 6);
const CONCURRENCY = 16;

interface Sent {
  readonly group_id: string;
  readonly id: string;
  readonly updated_at: string;
}

/** Every record in up to five versions, each delivered at least once, the rest repetitions; shuffled. */
function deliveries(): Sent[] {
  const versions: Sent[] = [];
  for (let record = 0; record < RECORDS; record += 1) {
    for (let version = 0; version <= record % 5; version += 1) {
      const updated_at = new Date(Date.UTC(2016, 0, 1, 0, 0, version)).toISOString();
      versions.push({ group_id: `cld-${record % 7}`, id: `r-${record}`, updated_at });
    }
  }
  const all = [...versions];
  while (all.length < DELIVERIES) all.push(versions[Math.floor(Math.random() * versions.length)]!);
  for (let i = all.length - 1; i > 0; i -= 1) {
    const j = Math.floor(Math.random() * (i + 1));
    [all[i], all[j]] = [all[j]!, all[i]!];
  }
  return all;
}

const logKey = ({ group_id, id }: Sent) => `log:${group_id}:people:${id}`;

/** What must be true in the end, from the deliveries alone: the newest version of each record. */
function newestOf(sent: readonly Sent[]): Map<string, string> {
  const newest = new Map<string, string>();
  for (const one of sent) {
    const known = newest.get(logKey(one));
    if (known === undefined || known < one.updated_at) newest.set(logKey(one), one.updated_at);
  }
  return newest;
}

withRedis('shuffled and repeated deliveries to two instances that are killed now and then', () => {
  const prefix = `crash-${randomUUID()}:`;
  const name = 'one';
  const ports: (number | null)[] = [null, null];
  const children: ChildProcess[] = [];
  let compiled: CompiledSources;
  let redis: Redis;
  let queue: BullmqNotificationQueue;

  async function boot(instance: number): Promise<void> {
    const env = {
      ...process.env,
      REDIS_URL,
      PREFIX: prefix,
      MARKETPLACE: JSON.stringify(marketplaceInput(name)),
    };
    const child = fork(compiled.path('test/support/queue-instance.ts'), {
      env,
      execArgv: [],
      stdio: 'inherit',
    });
    children[instance] = child;
    const [message] = (await once(child, 'message')) as [{ port: number }];
    ports[instance] = message.port;
  }

  async function kill(instance: number): Promise<void> {
    const child = children[instance]!;
    ports[instance] = null;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
    await boot(instance);
  }

  /** As the platform would: to whoever listens, again until it is acknowledged. */
  async function deliver(people: readonly Sent[]): Promise<void> {
    for (let instance = Math.round(Math.random()); ; instance = 1 - instance) {
      const port = ports[instance];
      if (port) {
        const url = `http://127.0.0.1:${port}/maestrano/connec/notifications/${name}`;
        const headers = { authorization: basicOf(name), 'content-type': 'application/json' };
        const response = await fetch(url, {
          method: 'POST',
          headers,
          body: JSON.stringify({ people }),
        }).catch(() => null);
        if (response?.status === 200) return;
      }
      await pause(20);
    }
  }

  async function drained(): Promise<void> {
    for (let calm = 0; calm < 3; await pause(200)) {
      const { waiting, active, delayed } = await queue.counts();
      calm = waiting + active + delayed === 0 ? calm + 1 : 0;
    }
  }

  beforeAll(async () => {
    compiled = compileSources('queue-crash', 'test/support/queue-instance.ts');
    redis = new Redis(REDIS_URL);
    queue = new BullmqNotificationQueue({ connection: REDIS_URL, prefix: `${prefix}bull`, worker: false });
    await Promise.all([boot(0), boot(1)]);
  }, 60_000);

  afterAll(async () => {
    for (const child of children) child.kill('SIGKILL');
    await queue.close();
    const keys = await redis.keys(`${prefix}*`);
    if (keys.length > 0) await redis.unlink(...keys);
    await redis.quit();
    compiled.remove();
  });

  it('loses none, handles none twice to the end, and applies none that is stale', async () => {
    const sent = deliveries();
    const requests = Array.from({ length: DELIVERIES / PER_REQUEST }, (_, i) =>
      sent.slice(i * PER_REQUEST, (i + 1) * PER_REQUEST),
    );
    const pending = requests.values();
    let acknowledged = 0;
    const sending = Promise.all(
      Array.from({ length: 12 }, async () => {
        for (const people of pending) {
          await deliver(people);
          acknowledged += people.length;
        }
      }),
    );
    let kills = 0;
    for (; kills < KILLS; kills += 1) {
      await pause(400 + Math.random() * 800);
      await kill(kills % 2);
    }
    await sending;
    expect(acknowledged).toBe(DELIVERIES);
    await drained();

    const newest = newestOf(sent);
    const wrong: string[] = [];
    let applied = 0;
    for (const [key, version] of newest) {
      const log = await redis.lrange(prefix + key, 0, -1);
      applied += log.length;
      const increasing = log.every((entry, i) => i === 0 || log[i - 1]! < entry);
      if (!increasing || log.at(-1) !== version) wrong.push(`${key}: ${log.join(' ')} (newest ${version})`);
    }
    expect(wrong).toEqual([]);
    expect((await queue.counts()).dead).toBe(0);
    // What was handled within the last second before its process was killed is handled again; nothing else may be.
    const finished = Object.values(await redis.hgetall(`${prefix}finished`)).map(Number);
    const again = finished.reduce((sum, times) => sum + times - 1, 0);
    expect(again).toBeLessThanOrEqual(kills * CONCURRENCY * PER_REQUEST);
    expect(await redis.scard(`${prefix}keys`)).toBe(applied);
    console.info(
      `${DELIVERIES} deliveries, ${kills} kills: ${applied} applied, ${again} finished again after a kill.`,
    );
  }, 120_000);
});
