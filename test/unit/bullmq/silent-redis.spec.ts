import { randomUUID } from 'node:crypto';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';

import { BullmqNotificationQueue } from '../../../src/bullmq/bullmq-notification-queue.js';
import { resolveBullmqSettings, SILENCE_MS } from '../../../src/bullmq/bullmq-settings.js';

const TIMEOUT_MS = 100;
/** Some steps one after the other, each with its own limit. */
const PATIENCE_MS = 5_000;

describe('a Redis that accepts connections and says nothing', () => {
  let silent: Server;
  const sockets = new Set<{ destroy(): void }>();
  let queue: BullmqNotificationQueue;

  beforeAll(async () => {
    jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
    silent = createServer((socket) => sockets.add(socket));
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const { port } = silent.address() as { port: number };
    queue = new BullmqNotificationQueue({
      connection: { host: '127.0.0.1', port },
      worker: false,
      addTimeoutMs: TIMEOUT_MS,
    });
  });
  afterAll(async () => {
    for (const socket of sockets) socket.destroy();
    silent.close();
    await queue.close();
    jest.restoreAllMocks();
  });

  const notification = { marketplace: 'uat', receivedAt: '2016-08-01T15:30:20Z', resources: {} };
  it.each<[string, () => Promise<unknown>]>([
    ['add', () => queue.add(notification)],
    ['counts', () => queue.counts()],
    ['warnings', () => queue.warnings()],
    ['deadLetters', () => queue.deadLetters()],
    ['replay', () => queue.replay('1')],
    ['replayAll', () => queue.replayAll()],
    ['discard', () => queue.discard('1')],
    ['removeGroup', () => queue.removeGroup('uat', 'cld-1', 60_000)],
  ])('keeps nobody waiting: %s', async (_name, call) => {
    const started = performance.now();
    await expect(call()).rejects.toMatchObject({ code: 'connec.queue' });
    expect(performance.now() - started).toBeLessThan(PATIENCE_MS);
  });
});

const { TEST_REDIS_URL = '' } = process.env;
const withRedis = TEST_REDIS_URL === '' ? describe.skip : describe;
if (TEST_REDIS_URL === '')
  console.warn('Skipping silent connections: redis-server is not installed (Debian package: redis-server).');

withRedis('a worker whose connections fall silent while a handler runs', () => {
  const notification = { marketplace: 'uat', receivedAt: '2016-08-01T15:30:20Z' };
  const person = { id: 'p1', group_id: 'cld-1' };
  const between = new Set<readonly [Socket, Socket]>();
  let proxy: Server;
  let queue: BullmqNotificationQueue;

  /** What is open stays open and says nothing any more, as when a machine or a firewall in between is gone. */
  function fallSilent(): void {
    for (const [near, far] of between) {
      for (const socket of [near, far]) socket.unpipe().on('data', () => undefined);
    }
  }

  beforeAll(async () => {
    jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
    const { hostname, port } = new URL(TEST_REDIS_URL);
    proxy = createServer((near) => {
      const far = connect(Number(port), hostname);
      const pair = [near, far] as const;
      between.add(pair);
      for (const socket of pair) {
        socket.on('error', () => undefined);
        socket.on('close', () => {
          between.delete(pair);
          near.destroy();
          far.destroy();
        });
      }
      near.pipe(far);
      far.pipe(near);
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    const { port: proxyPort } = proxy.address() as { port: number };
    queue = new BullmqNotificationQueue({
      connection: { host: '127.0.0.1', port: proxyPort, maxRetriesPerRequest: null, socketTimeout: 600 },
      prefix: `silent-${randomUUID()}`,
      addTimeoutMs: 300,
      backoffMs: 100,
    });
  });
  afterAll(async () => {
    await queue.close();
    for (const [near] of between) near.destroy();
    proxy.close();
    jest.restoreAllMocks();
  });

  /** As the platform does with what was not acknowledged in time; it may have been stored all the same. */
  async function repeated(what: Parameters<typeof queue.add>[0]): Promise<void> {
    for (;;) {
      try {
        return await queue.add(what);
      } catch {
        await pause(50);
      }
    }
  }

  it('goes on with it, and with what comes after, on new ones', async () => {
    const attempts: string[] = [];
    queue.start(async ({ receivedAt, resources }, attempt) => {
      attempts.push(`${receivedAt} ${attempt}`);
      if (attempts.length > 1) return { remaining: null, error: null };
      fallSilent();
      return { remaining: resources, error: new Error('failed') };
    });
    await queue.add({ ...notification, resources: { people: [person] } });
    while (attempts.length < 2) await pause(20);
    await repeated({ ...notification, receivedAt: 'later', resources: { people: [person] } });
    for (let left = 1; left > 0; await pause(20)) {
      const { waiting, active, delayed } = await queue.counts();
      left = waiting + active + delayed;
    }
    expect(new Set(attempts)).toEqual(
      new Set(['2016-08-01T15:30:20Z 1', '2016-08-01T15:30:20Z 2', 'later 1']),
    );
    expect((await queue.counts()).dead).toBe(0);
  }, 60_000);

  it('is the rule for connections that the queue opens, and not for those that it is given', () => {
    const opened = ['redis://127.0.0.1', { host: '127.0.0.1' }] as const;
    for (const connection of opened) {
      expect(resolveBullmqSettings({ connection }).connection).toMatchObject({ socketTimeout: SILENCE_MS });
    }
    expect(
      resolveBullmqSettings({ connection: { host: '127.0.0.1', socketTimeout: 7 } }).connection,
    ).toMatchObject({
      socketTimeout: 7,
    });
    class Given {
      readonly options = {};
    }
    const given = new Given();
    expect(resolveBullmqSettings({ connection: given as never }).connection).toBe(given);
  });
});
