import 'reflect-metadata';

import type { AddressInfo } from 'node:net';
import { createRequire } from 'node:module';
import { setTimeout as pause } from 'node:timers/promises';

import { Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type PgBossClass from 'pg-boss';
import type pg from 'pg';

import { ConnecHandler } from '../../../src/connec/notifications/connec-handler.decorator.js';
import { ConnecTransaction } from '../../../src/connec/notifications/connec-handler.decorator.js';
import type { ConnecNotificationContext } from '../../../src/interfaces/connec-notification.interface.js';
import { MaestranoModule } from '../../../src/maestrano.module.js';
import { MaestranoPgQueueModule } from '../../../src/pg-queue/index.js';
import { type PgClient, pgExecutor } from '../../../src/sql/executors/pg-executor.js';
import { SqlStore } from '../../../src/sql/sql-store.js';

/**
 * One instance of an application that may be killed at any moment, with store and queue in PostgreSQL. Its handler
 * writes through `context.tx` and looks for nothing that is there already.
 */
const { DATABASE_URL = '', MARKETPLACE = '{}', SQL_PACKAGES = '' } = process.env;
// It runs from a folder that has none of them.
const load = createRequire(SQL_PACKAGES);
const { Pool } = load('pg') as typeof pg;
const PgBoss = load('pg-boss') as typeof PgBossClass;

const pool = new Pool({ connectionString: DATABASE_URL, max: 16, connectionTimeoutMillis: 10_000 });
pool.on('error', () => undefined);
const executor = pgExecutor(pool);

@Injectable()
class Listener {
  @ConnecHandler('people')
  @ConnecTransaction()
  async onPerson(
    entity: Readonly<Record<string, unknown>>,
    { tx }: ConnecNotificationContext,
  ): Promise<void> {
    const values = [String(entity.id), String(entity.updated_at)];
    await (tx as PgClient).query('insert into applied (record, version) values ($1, $2)', values);
    await pause(Math.random() * 3);
    if (Math.random() < 0.02) throw new Error('now and then a handler fails');
  }
}

@Module({
  imports: [
    MaestranoModule.forRoot({
      marketplaces: [JSON.parse(MARKETPLACE) as Record<string, unknown>],
      store: new SqlStore(executor),
      connec: { notifications: { leaseMs: 2_000, concurrency: 2 } },
    }),
    MaestranoPgQueueModule.forRoot({
      engine: PgBoss,
      executor,
      backoffMs: 100,
      lockMs: 1_000,
      pollMs: 100,
      concurrency: 4,
      maxCrashes: 100,
    }),
  ],
  providers: [Listener],
})
class App {}

const app = await NestFactory.create(App, { logger: false });
await app.listen(0, '127.0.0.1');
process.send?.({ port: (app.getHttpServer().address() as AddressInfo).port });
