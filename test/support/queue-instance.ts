import 'reflect-metadata';

import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

import { Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Redis } from 'ioredis';

import { MaestranoBullmqModule } from '../../src/bullmq/index.js';
import { ConnecHandler } from '../../src/connec/notifications/connec-handler.decorator.js';
import type { ConnecNotificationContext } from '../../src/interfaces/connec-notification.interface.js';
import { MaestranoModule } from '../../src/maestrano.module.js';
import { RedisStore } from '../../src/redis/redis-store.js';

/**
 * One instance of an application that may be killed at any moment. Its handler writes what a careful one would: the
 * change and the delivery's key in one transaction. It also counts every time it came to its end.
 */
const { REDIS_URL = '', PREFIX = '', MARKETPLACE = '{}', THROWS_AFTERWARDS = '0' } = process.env;
const redis = new Redis(REDIS_URL);
// It may be away for a while; without a listener that would be said on the console each time.
redis.on('error', () => undefined);

const APPLY = `
redis.call('HINCRBY', KEYS[1], ARGV[1], 1)
if redis.call('SADD', KEYS[2], ARGV[1]) == 1 then redis.call('RPUSH', KEYS[3], ARGV[2]) end`;

@Injectable()
class Listener {
  @ConnecHandler('*')
  async onAny(entity: Readonly<Record<string, unknown>>, context: ConnecNotificationContext): Promise<void> {
    await pause(Math.random() * 3);
    if (Math.random() < 0.02) throw new Error('now and then a handler fails');
    const log = `${PREFIX}log:${context.groupUid}:${context.resource}:${String(entity.id)}`;
    const keys = [`${PREFIX}finished`, `${PREFIX}keys`, log] as const;
    await redis.eval(APPLY, 3, ...keys, context.deliveryKey, String(entity.updated_at));
    if (Math.random() < Number(THROWS_AFTERWARDS)) throw new Error('it has written, and fails');
  }
}

@Module({
  imports: [
    MaestranoModule.forRoot({
      marketplaces: [JSON.parse(MARKETPLACE) as Record<string, unknown>],
      store: new RedisStore(redis, { prefix: PREFIX }),
      connec: { notifications: { leaseMs: 3_000 } },
    }),
    MaestranoBullmqModule.forRoot({
      connection: REDIS_URL,
      prefix: `${PREFIX}bull`,
      backoffMs: 100,
      lockMs: 3_000,
      concurrency: 16,
    }),
  ],
  providers: [Listener],
})
class App {}

const app = await NestFactory.create(App, { logger: false });
await app.listen(0, '127.0.0.1');
process.send?.({ port: (app.getHttpServer().address() as AddressInfo).port });
