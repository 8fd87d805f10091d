import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';

import { afterAll, afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Injectable, type LoggerService, Module } from '@nestjs/common';
import { Redis } from 'ioredis';

import { MaestranoGroupAdapter } from '../../src/adapters/maestrano-group.adapter.js';
import { BullmqNotificationQueue, MaestranoBullmqModule } from '../../src/bullmq/index.js';
import { ConnecHandler } from '../../src/connec/notifications/connec-handler.decorator.js';
import { ConnecNotifications } from '../../src/connec/notifications/notification-intake.service.js';
import type { ConnecNotificationContext } from '../../src/interfaces/connec-notification.interface.js';
import { MaestranoModule } from '../../src/maestrano.module.js';
import { RedisStore } from '../../src/redis/redis-store.js';
import type { MaestranoStore } from '../../src/stores/maestrano-store.js';
import { MemoryStore } from '../../src/stores/memory-store.js';
import { basicOf, marketplaceInput } from '../support/marketplaces.js';
import { type BootedApp, bootApp, HTTP_ADAPTERS, type HttpAdapterName } from '../support/http-adapters.js';

const { TEST_REDIS_URL: REDIS_URL = '' } = process.env;
if (REDIS_URL === '')
  console.warn('Skipping a shared Redis: redis-server is not installed (Debian package: redis-server).');

type Entity = Readonly<Record<string, unknown>>;

/** A call of the handler. */
interface Call {
  readonly groupUid: string;
  readonly begun: number;
  ended: number | null;
  aborted: string | null;
}

let calls: Call[] = [];
/** When the adapter deleted the group. */
let deletedAt: number | null = null;
let lines: string[] = [];
let booted: BootedApp[] = [];
let redis: Redis[] = [];
let prefix = '';

@Injectable()
class Listener {
  /** Takes some time; what is slow ends at its signal, a second later at the latest. */
  @ConnecHandler('people')
  async onPerson(entity: Entity, { groupUid, signal }: ConnecNotificationContext): Promise<void> {
    const id = String(entity.id);
    const call: Call = { groupUid, begun: performance.now(), ended: null, aborted: null };
    calls.push(call);
    try {
      if (id.startsWith('bad')) throw new Error('no room');
      if (id.startsWith('deaf')) await pause(400);
      else if (id.startsWith('slow')) await pause(4_000, null, { signal });
      else await pause(15);
    } finally {
      const reason: unknown = signal.aborted ? signal.reason : null;
      call.aborted = (reason as { code?: string } | null)?.code ?? null;
      call.ended = performance.now();
    }
  }
}

class Groups extends MaestranoGroupAdapter {
  findOrCreateGroup(): null {
    return null;
  }
  hasMember(): boolean {
    return true;
  }
  addMember(): void {}
  removeMember(): void {}
  deleteGroup(): void {
    deletedAt = performance.now();
  }
}

const logger: LoggerService = {
  log: (line: string) => lines.push(line),
  warn: (line: string) => lines.push(line),
  error: () => undefined,
};

type StoreName = 'no store' | 'memory' | 'redis';

function storeOf(name: StoreName, shared: MemoryStore): { store?: MaestranoStore } {
  if (name === 'no store') return {};
  if (name === 'memory') return { store: shared };
  const connection = new Redis(REDIS_URL);
  redis.push(connection);
  return { store: new RedisStore(connection, { prefix }) };
}

async function boot(
  store: StoreName,
  isQueued: boolean,
  instances: number,
  httpAdapter: HttpAdapterName = 'express',
): Promise<readonly BootedApp[]> {
  const shared = new MemoryStore();
  for (let instance = 0; instance < instances; instance += 1) {
    @Module({
      imports: [
        MaestranoModule.forRoot({
          marketplaces: [marketplaceInput('one')],
          groupAdapter: Groups,
          ...storeOf(store, shared),
        }),
        ...(isQueued
          ? [MaestranoBullmqModule.forRoot({ connection: REDIS_URL, prefix: `${prefix}bull`, attempts: 1 })]
          : []),
      ],
      providers: [Listener],
    })
    class App {}
    booted.push(await bootApp(httpAdapter, App, { logger }));
  }
  return booted;
}

const headers = { authorization: basicOf('one'), 'content-type': 'application/json' };

async function send({ url }: BootedApp, people: readonly unknown[]): Promise<number> {
  const response = await fetch(`${url}/maestrano/connec/notifications/one`, {
    method: 'POST',
    headers,
    body: JSON.stringify({ people }),
  });
  return response.status;
}

/** Resolves with the moment at which the webhook was answered. */
async function deleteGroup({ url }: BootedApp, groupUid: string): Promise<number> {
  const response = await fetch(`${url}/maestrano/account/groups/${groupUid}/one`, {
    method: 'DELETE',
    headers: { authorization: headers.authorization },
  });
  const answered = performance.now();
  expect(response.status).toBe(200);
  return answered;
}

let records = 0;
const people = (groupUid: string, ...kinds: string[]) =>
  kinds.map((kind) => ({
    id: `${kind}-${(records += 1)}`,
    group_id: groupUid,
    updated_at: '2016-08-01T15:30:20Z',
    email: `${groupUid}@example.com`,
  }));
const twelve = (groupUid: string) =>
  people(groupUid, 'quick', 'quick', 'deaf', ...Array.from({ length: 9 }, () => 'quick'));

const callsOf = (groupUid: string) => calls.filter((call) => call.groupUid === groupUid);

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const end = Date.now() + 20_000;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error('waited in vain');
    await pause(20);
  }
}

beforeEach(() => {
  calls = [];
  deletedAt = null;
  lines = [];
  booted = [];
  redis = [];
  prefix = `gone-${randomUUID()}:`;
});
afterEach(async () => {
  await Promise.all(booted.map((app) => app.close()));
  for (const connection of redis) connection.disconnect();
});
afterAll(async () => {
  if (REDIS_URL === '') return;
  const connection = new Redis(REDIS_URL);
  const keys = await connection.keys('gone-*');
  if (keys.length > 0) await connection.unlink(...keys);
  await connection.quit();
});

type Surroundings = readonly [store: StoreName, isQueued: boolean, instances: number];

const IN_MEMORY: readonly Surroundings[] = [
  ['no store', false, 1],
  ['memory', false, 1],
  ['memory', false, 2],
];
const IN_REDIS: readonly Surroundings[] = [
  ['redis', false, 1],
  ['redis', false, 2],
  ['no store', true, 1],
  ['redis', true, 1],
  ['redis', true, 2],
];
const SURROUNDINGS = REDIS_URL === '' ? IN_MEMORY : [...IN_MEMORY, ...IN_REDIS];

describe.each(SURROUNDINGS)(
  'a group that cancels (%s, queued: %s, instances: %d)',
  (store, isQueued, instances) => {
    it('while its notifications are under way has no handler begin or run once the webhook is answered', async () => {
      const apps = await boot(store, isQueued, instances);
      const sent = Array.from({ length: 8 }, (_, n) =>
        send(apps[n % instances]!, [...twelve('cld-gone'), ...twelve('cld-stay')]),
      );
      await until(() => callsOf('cld-gone').length >= 3 * instances);
      const answered = await deleteGroup(apps[0]!, 'cld-gone');
      const late = await send(apps[instances - 1]!, twelve('cld-gone'));
      expect([late, ...(await Promise.all(sent))]).toEqual(Array.from({ length: 9 }, () => 200));
      await until(() => callsOf('cld-stay').filter(({ ended }) => ended !== null).length === 8 * 12);
      await pause(300);
      const gone = callsOf('cld-gone');
      expect(gone.filter(({ begun }) => begun > answered)).toEqual([]);
      expect(gone.filter(({ ended }) => ended === null || ended > answered)).toEqual([]);
      expect(gone.filter(({ ended }) => ended! > deletedAt!)).toEqual([]);
      expect(gone.length).toBeLessThan(8 * 12);
    });

    it('has handlers that run asked to end through their signal, which the log names', async () => {
      const apps = await boot(store, isQueued, instances);
      const sent = apps.map((app) => send(app, people('cld-gone', 'slow', 'quick', 'quick')));
      await until(() => callsOf('cld-gone').length === instances);
      const begun = performance.now();
      const answered = await deleteGroup(apps[0]!, 'cld-gone');
      expect(answered - begun).toBeLessThan(3_800);
      expect(await Promise.all(sent)).toEqual(apps.map(() => 200));
      const stopped = callsOf('cld-gone');
      expect(stopped.map(({ aborted }) => aborted)).toEqual(stopped.map(() => 'connec.groupDeleted'));
      expect(stopped.every(({ ended }) => ended! <= answered)).toBe(true);
      expect(
        lines.flatMap((line) => line.match(/Listener\.onPerson for people of group "cld-gone"/g) ?? []),
      ).toHaveLength(stopped.length);
      const failed = booted.map(({ app }) => app.get(ConnecNotifications).stats.failed);
      expect(failed).toEqual(booted.map(() => 0));
    });
  },
);

const onRedis = REDIS_URL === '' ? describe.skip : describe;

onRedis.each(HTTP_ADAPTERS)('the queue after a group cancelled (%s)', (httpAdapter) => {
  /** Everything that Redis holds under our prefix, as one text. */
  async function everything(): Promise<string> {
    const connection = new Redis(REDIS_URL);
    redis.push(connection);
    const keys = await connection.keys(`${prefix}bull*`);
    const values = await Promise.all(
      keys.map(async (key) => {
        if ((await connection.type(key)) === 'hash') return JSON.stringify(await connection.hgetall(key));
        if ((await connection.type(key)) === 'stream')
          return JSON.stringify(await connection.xrange(key, '-', '+'));
        return key;
      }),
    );
    return values.join('\n');
  }

  it('holds nothing of it: neither what waited, nor dead letters, nor its part of others', async () => {
    const [app] = await boot('redis', true, 1, httpAdapter);
    const queue = app!.app.get(BullmqNotificationQueue);
    await send(app!, people('cld-gone', 'bad'));
    await send(app!, [...people('cld-gone', 'bad'), ...people('cld-stay', 'bad', 'quick')]);
    await until(async () => (await queue.counts()).dead === 2);
    const receiver = new BullmqNotificationQueue({
      connection: REDIS_URL,
      prefix: `${prefix}bull`,
      worker: false,
    });
    try {
      // Nobody handles any more, so that these wait.
      await booted.pop()!.close();
      const resources = { people: [...people('cld-gone', 'quick'), ...people('cld-stay', 'quick')] };
      const one = { marketplace: 'one', receivedAt: new Date().toISOString(), resources };
      await receiver.add(one);
      await receiver.add({ ...one, resources: { people: people('cld-gone', 'quick') } });
      await receiver.add({ ...one, marketplace: 'two', resources: { people: people('cld-gone', 'quick') } });
      expect(await everything()).toContain('cld-gone@example.com');
      expect(await receiver.removeGroup('one', 'cld-gone', 1_000)).toBe(4);
      expect(await receiver.counts()).toMatchObject({ waiting: 2, delayed: 0, dead: 1 });
      expect((await receiver.deadLetters()).map(({ entities }) => entities)).toEqual([{ people: 1 }]);
      expect(await receiver.removeGroup('two', 'cld-gone', 1_000)).toBe(1);
      expect(await everything()).not.toContain('cld-gone@example.com');
      expect(await everything()).toContain('cld-stay@example.com');
      expect(await receiver.removeGroup('two', 'cld-gone', 1_000)).toBe(0);
    } finally {
      await receiver.close();
    }
  });

  it('is cleaned before the webhook is answered', async () => {
    const [app] = await boot('redis', true, 1, httpAdapter);
    const queue = app!.app.get(BullmqNotificationQueue);
    await send(app!, people('cld-gone', 'bad'));
    await until(async () => (await queue.counts()).dead === 1);
    await send(app!, people('cld-gone', 'deaf', 'bad', 'quick'));
    await deleteGroup(app!, 'cld-gone');
    expect(await queue.counts()).toEqual({ waiting: 0, active: 0, delayed: 0, dead: 0, lagMs: null });
    expect(await everything()).not.toContain('cld-gone@example.com');
  });
});
