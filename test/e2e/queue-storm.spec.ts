import { type ChildProcess, fork, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';

import { BullmqNotificationQueue } from '../../src/bullmq/index.js';
import { type CompiledSources, compileSources } from '../support/compiled-sources.js';
import { freePort } from '../support/free-port.mjs';
import { basicOf, marketplaceInput } from '../support/marketplaces.js';
import { stormSize } from '../support/sizes.js';

const { TEST_REDIS_URL = '' } = process.env;
const withRedis = TEST_REDIS_URL === '' ? describe.skip : describe;
if (TEST_REDIS_URL === '')
  console.warn('Skipping the storm: redis-server is not installed (Debian package: redis-server).');

const DELIVERIES = stormSize(5_000, 40_000);
/** Instances killed, and faults of Redis: of each kind as many. */
const FAULTS = stormSize(3, 60);
const PER_REQUEST = 5;
const VERSIONS = 4;

interface Sent {
  readonly group_id: string;
  readonly id: string;
  readonly updated_at: string;
}

/** Every record in some versions, half of them twice, shuffled. */
function deliveries(): Sent[] {
  const all = Array.from({ length: DELIVERIES }, (_, n): Sent => {
    const record = Math.floor(n / (VERSIONS + 2));
    const updated_at = new Date(Date.UTC(2016, 0, 1, 0, 0, n % VERSIONS)).toISOString();
    return { group_id: `cld-${record % 7}`, id: `r-${record}`, updated_at };
  });
  for (let i = all.length - 1; i > 0; i -= 1) {
    const j = Math.floor(Math.random() * (i + 1));
    [all[i], all[j]] = [all[j]!, all[i]!];
  }
  return all;
}

const logKey = ({ group_id, id }: Sent): string => `log:${group_id}:people:${id}`;

withRedis(`${DELIVERIES} deliveries while instances are killed, and Redis stalls and refuses`, () => {
  const prefix = `storm-${randomUUID()}:`;
  const name = 'one';
  const children: ChildProcess[] = [];
  const ports: (number | null)[] = [null, null];
  let compiled: CompiledSources;
  let folder: string;
  let port: number;
  let server: ChildProcess;
  let queue: BullmqNotificationQueue;
  let redis: Redis;

  /** What it acknowledged is on disk, so that a restart loses nothing. */
  function startRedis(): void {
    const options = ['--port', String(port), '--dir', folder, '--save', ''];
    server = spawn('redis-server', [...options, '--appendonly', 'yes', '--appendfsync', 'always'], {
      stdio: 'ignore',
    });
  }

  async function boot(instance: number): Promise<void> {
    const env = {
      ...process.env,
      REDIS_URL: `redis://127.0.0.1:${port}`,
      PREFIX: prefix,
      MARKETPLACE: JSON.stringify(marketplaceInput(name)),
      THROWS_AFTERWARDS: '0.02',
    };
    const child = fork(compiled.path('test/support/queue-instance.ts'), {
      env,
      execArgv: [],
      stdio: 'ignore',
    });
    children[instance] = child;
    const [message] = (await once(child, 'message')) as [{ port: number }];
    ports[instance] = message.port;
  }

  const FAULT: readonly ((turn: number) => Promise<void>)[] = [
    async (turn) => {
      const instance = turn % 2;
      ports[instance] = null;
      const gone = once(children[instance]!, 'exit');
      children[instance]!.kill('SIGKILL');
      await gone;
      await boot(instance);
    },
    async () => {
      server.kill('SIGSTOP');
      await pause(1_500);
      server.kill('SIGCONT');
    },
    async () => {
      const gone = once(server, 'exit');
      server.kill('SIGKILL');
      await gone;
      await pause(800);
      startRedis();
    },
  ];

  /** As the platform would: to whoever listens, again until it is acknowledged. */
  async function deliver(people: readonly Sent[]): Promise<void> {
    for (let instance = Math.round(Math.random()); ; instance = 1 - instance) {
      const at = ports[instance];
      if (at) {
        const response = await fetch(`http://127.0.0.1:${at}/maestrano/connec/notifications/${name}`, {
          method: 'POST',
          headers: { authorization: basicOf(name), 'content-type': 'application/json' },
          body: JSON.stringify({ people }),
        }).catch(() => null);
        if (response?.status === 200) return;
      }
      await pause(20);
    }
  }

  beforeAll(async () => {
    compiled = compileSources('queue-storm', 'test/support/queue-instance.ts');
    folder = mkdtempSync(join(tmpdir(), 'nestjs-maestrano-storm-'));
    port = await freePort();
    startRedis();
    redis = new Redis(port, '127.0.0.1', { maxRetriesPerRequest: null });
    redis.on('error', () => undefined);
    await redis.ping();
    const connection = `redis://127.0.0.1:${port}`;
    queue = new BullmqNotificationQueue({ connection, prefix: `${prefix}bull`, worker: false });
    await Promise.all([boot(0), boot(1)]);
  }, 60_000);

  afterAll(async () => {
    for (const child of children) child.kill('SIGKILL');
    await queue.close();
    redis.disconnect();
    server.kill('SIGKILL');
    compiled.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  it(
    'loses none and never goes backwards, whatever handlers wrote before they threw',
    async () => {
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
      for (let turn = 0; turn < FAULTS; turn += 1) {
        await pause(300 + Math.random() * 500);
        await FAULT[turn % FAULT.length]!(turn);
      }
      await sending;
      expect(acknowledged).toBe(DELIVERIES);
      for (let calm = 0; calm < 3; await pause(200)) {
        const { waiting, active, delayed } = await queue.counts();
        calm = waiting + active + delayed === 0 ? calm + 1 : 0;
      }

      const newest = new Map<string, string>();
      for (const one of sent) {
        const known = newest.get(logKey(one)) ?? '';
        if (known < one.updated_at) newest.set(logKey(one), one.updated_at);
      }
      const wrong: string[] = [];
      for (const [key, version] of newest) {
        const log = await redis.lrange(prefix + key, 0, -1);
        const isIncreasing = log.every((entry, i) => i === 0 || log[i - 1]! < entry);
        if (!isIncreasing || log.at(-1) !== version)
          wrong.push(`${key}: ${log.join(' ')} (newest ${version})`);
      }
      expect(wrong).toEqual([]);
      expect((await queue.counts()).dead).toBe(0);
    },
    stormSize(180_000, 1_200_000),
  );
});
