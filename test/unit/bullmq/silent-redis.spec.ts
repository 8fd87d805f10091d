import { createServer, type Server } from 'node:net';

import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';

import { BullmqNotificationQueue } from '../../../src/bullmq/bullmq-notification-queue.js';

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
