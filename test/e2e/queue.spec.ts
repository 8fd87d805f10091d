import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';

import { afterAll, afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Injectable, Module } from '@nestjs/common';
import { Redis } from 'ioredis';

import {
  BullmqNotificationQueue,
  MaestranoBullmqModule,
  type MaestranoBullmqOptions,
} from '../../src/bullmq/index.js';
import { ConnecHandler } from '../../src/connec/notifications/connec-handler.decorator.js';
import { ConnecNotifications } from '../../src/connec/notifications/notification-intake.service.js';
import type { ConnecNotificationContext } from '../../src/interfaces/connec-notification.interface.js';
import { MaestranoModule } from '../../src/maestrano.module.js';
import { testApplication } from '../support/application.js';
import { freePort } from '../support/free-port.mjs';
import { basicOf, marketplaceInput } from '../support/marketplaces.js';
import { type BootedApp, bootApp, HTTP_ADAPTERS } from '../support/http-adapters.js';

type Entity = Readonly<Record<string, unknown>>;

const { TEST_REDIS_URL: REDIS_URL = '' } = process.env;
const withRedis = REDIS_URL === '' ? describe.skip : describe;
if (REDIS_URL === '')
  console.warn('Skipping the queue: redis-server is not installed (Debian package: redis-server).');

/** Ids whose handler was called. */
let begun: string[] = [];
let handled: string[] = [];
let broken = new Set<string>();
let hold: Promise<void> | null = null;
let booted: { close(): Promise<void> }[] = [];
let prefix = '';

@Injectable()
class Listener {
  @ConnecHandler('people')
  async onPerson(entity: Entity, { attempt }: ConnecNotificationContext): Promise<void> {
    begun.push(String(entity.id));
    await hold;
    if (broken.has(String(entity.id))) throw new Error(`no room for ${String(entity.email)}`);
    handled.push(`${String(entity.id)} at ${attempt}`);
  }
}

const queueOptions = (more: Partial<MaestranoBullmqOptions> = {}): MaestranoBullmqOptions => ({
  connection: REDIS_URL,
  prefix,
  backoffMs: 10,
  attempts: 3,
  ...more,
});

async function boot(
  more: Partial<MaestranoBullmqOptions> = {},
  httpAdapter: (typeof HTTP_ADAPTERS)[number] = 'express',
  shutdownTimeoutMs?: number,
): Promise<BootedApp> {
  const marketplaces = [marketplaceInput('one')];
  const app = await testApplication({
    httpAdapter,
    options: shutdownTimeoutMs ? { marketplaces, shutdownTimeoutMs } : { marketplaces },
    imports: [MaestranoBullmqModule.forRoot(queueOptions(more))],
    providers: [Listener],
  });
  booted.push(app);
  return app;
}

async function send(app: BootedApp, body: unknown): Promise<Response> {
  const headers = { authorization: basicOf('one'), 'content-type': 'application/json' };
  const url = `${app.url}/maestrano/connec/notifications/one`;
  return fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const end = Date.now() + 20_000;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`waited in vain: ${handled.join(', ')}`);
    await pause(20);
  }
}

const person = (id: string) => ({
  id,
  group_id: 'cld-1',
  updated_at: '2016-08-01T15:30:20Z',
  email: 'jo@example.com',
});
const queueOf = (app: BootedApp) => app.app.get(BullmqNotificationQueue);

beforeEach(() => {
  begun = [];
  handled = [];
  broken = new Set();
  hold = null;
  booted = [];
  prefix = `q-${randomUUID()}`;
});
afterEach(async () => {
  for (const app of booted) await app.close();
});
afterAll(async () => {
  if (REDIS_URL === '') return;
  const redis = new Redis(REDIS_URL);
  const keys = await redis.keys('q-*');
  if (keys.length > 0) await redis.unlink(...keys);
  await redis.quit();
});

withRedis('queued notifications', () => {
  // First, because timers of BullMQ's own run for two more seconds.
  it('are rejected with 503 while Redis is away, and the application still starts and stops', async () => {
    const app = await boot({ connection: `redis://127.0.0.1:${await freePort()}`, addTimeoutMs: 100 });
    const response = await send(app, { people: [person('a')] });
    expect(response.status).toBe(503);
    expect(response.headers.get('retry-after')).toBe('5');
    await booted.pop()!.close();
  });

  it.each(HTTP_ADAPTERS)('are stored, then acknowledged, then handled (%s)', async (httpAdapter) => {
    const app = await boot({}, httpAdapter);
    let release: () => void = () => undefined;
    hold = new Promise((resolve) => {
      release = resolve;
    });
    const response = await send(app, { people: [person('a'), person('b')], spaceships: [person('c')] });
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ success: true });
    expect(handled).toEqual([]);
    await until(async () => (await queueOf(app).counts()).active === 1);
    release();
    await until(() => handled.length === 2);
    expect(handled).toEqual(['a at 1', 'b at 1']);
    await send(app, { people: [person('a')] });
    const notifications = app.app.get(ConnecNotifications);
    await until(() => notifications.stats.duplicates === 1);
    expect(notifications.stats).toMatchObject({ received: 2, queued: 2, handled: 2, unknownResource: 1 });
    await until(async () => (await queueOf(app).counts()).active === 0);
    expect(await queueOf(app).counts()).toEqual({ waiting: 0, active: 0, delayed: 0, dead: 0, lagMs: null });
  });

  it('that are malformed are still rejected', async () => {
    expect((await send(await boot(), [])).status).toBe(400);
  });

  it('are tried again, without what was handled before', async () => {
    const app = await boot({ attempts: 10 });
    broken.add('b');
    await send(app, { people: [person('a'), person('b'), person('c')] });
    await until(() => handled.length === 2);
    broken.clear();
    await until(() => handled.length === 3);
    expect(handled.slice(0, 2)).toEqual(['a at 1', 'c at 1']);
    expect(Number(/at (\d+)/.exec(handled[2]!)?.[1])).toBeGreaterThan(1);
  });

  it('that keep failing are listed as dead letters, and replayed or discarded by hand', async () => {
    const app = await boot();
    const queue = queueOf(app);
    broken = new Set(['b', 'd']);
    await send(app, { people: [person('a'), person('b')] });
    await until(async () => (await queue.counts()).dead === 1);
    await send(app, { people: [person('d')] });
    await until(async () => (await queue.counts()).dead === 2);
    const [second, first] = await queue.deadLetters();
    expect(first).toMatchObject({ marketplace: 'one', attempts: 3, entities: { people: 1 } });
    expect(first!.reason).toContain('people');
    expect(JSON.stringify([first, second])).not.toContain('jo@example.com');
    expect(await queue.deadLetters({ offset: 1, limit: 1 })).toEqual([first]);
    expect(await queue.deadLetters({ limit: 0 })).toEqual([]);

    expect(await queue.discard(second!.id)).toBe(true);
    expect(await queue.discard(second!.id)).toBe(false);
    expect(await queue.replay('no-such-id')).toBe(false);
    handled = [];
    expect(await queue.replay(first!.id)).toBe(true);
    await until(async () => (await queue.counts()).dead === 1);
    broken.clear();
    expect(await queue.replayAll()).toBe(1);
    await until(() => handled.length === 1);
    expect(handled[0]).toMatch(/^b at/);
  });

  it('may be received by one process and handled by another', async () => {
    const receiver = await boot({ worker: false });
    await send(receiver, { people: [person('a')] });
    await pause(100);
    const counts = await queueOf(receiver).counts();
    expect(handled).toEqual([]);
    expect(counts.waiting).toBe(1);
    expect(counts.lagMs).toBeGreaterThanOrEqual(0);
    await boot();
    await until(() => handled.length === 1);
  });

  it('under way are finished at shutdown', async () => {
    const app = await boot();
    let release: () => void = () => undefined;
    hold = new Promise((resolve) => {
      release = resolve;
    });
    await send(app, { people: [person('a')] });
    // What a process has taken and not begun it gives back.
    await until(() => begun.length === 1);
    const closing = booted.pop()!.close();
    setTimeout(release, 100);
    await closing;
    expect(handled).toEqual(['a at 1']);
  });

  it('are left to another process when they take too long at shutdown', async () => {
    const app = await boot({ lockMs: 500 }, 'express', 500);
    let release: () => void = () => undefined;
    hold = new Promise((resolve) => {
      release = resolve;
    });
    await send(app, { people: [person('a')] });
    await until(async () => (await queueOf(app).counts()).active === 1);
    const started = Date.now();
    await booted.pop()!.close();
    expect(Date.now() - started).toBeLessThan(15_000);
    hold = null;
    await boot({ lockMs: 500 });
    await until(() => handled.length === 1);
    release();
  });

  it('of a marketplace that is gone end as dead letters', async () => {
    const app = await boot();
    await queueOf(app).add({
      marketplace: 'gone',
      receivedAt: new Date().toISOString(),
      resources: { people: [person('a')] },
    });
    await until(async () => (await queueOf(app).counts()).dead === 1);
    const [dead] = await queueOf(app).deadLetters();
    expect(dead!.reason).toContain('gone');
  });

  it('come from options of a factory too, and from an import of the registration', async () => {
    const queue = MaestranoBullmqModule.forRootAsync({ isGlobal: false, useFactory: () => queueOptions() });
    const app = await testApplication({
      httpAdapter: 'fastify',
      options: { marketplaces: [marketplaceInput('one')] },
      extras: { imports: [queue] },
      providers: [Listener],
    });
    booted.push(app);
    expect((await send(app, { people: [person('a')] })).status).toBe(200);
    await until(() => handled.length === 1);
  });

  it('reject an option that is no number', () => {
    const options = { connection: REDIS_URL, attempts: Number.NaN };
    expect(() => new BullmqNotificationQueue(options)).toThrow('attempts');
  });

  it('cannot serve two registrations from one queue', async () => {
    const register = (prefixOfRoutes: string) =>
      MaestranoModule.forRoot({
        marketplaces: [{ ...marketplaceInput('one'), webhooks: {}, sso: { enabled: false } }],
        routes: { prefix: prefixOfRoutes },
      });
    @Module({ imports: [register('a'), register('b'), MaestranoBullmqModule.forRoot(queueOptions())] })
    class App {}
    await expect(bootApp('express', App)).rejects.toMatchObject({ code: 'connec.queue' });
  });
});
