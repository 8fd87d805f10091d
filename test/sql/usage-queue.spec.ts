import { afterAll, beforeAll, describe, it } from '@jest/globals';
import PgBoss from 'pg-boss';
import pg from 'pg';

import { MaestranoPgQueueModule, PgNotificationQueue } from '../../src/pg-queue/index.js';
import { PgRecurringWork } from '../../src/pg-queue/pg-recurring-work.js';
import { pgExecutor } from '../../src/sql/executors/pg-executor.js';
import { recurringWorkIsShared, usageCatchesUp } from '../support/usage/recurring-work.js';
import { isThere, makeDatabase, type TestDatabase } from './support/databases.js';

const onPostgres = isThere('postgres') ? describe : describe.skip;

onPostgres('usage on the queue of PostgreSQL', () => {
  let database: TestDatabase;
  let pool: pg.Pool;

  beforeAll(async () => {
    database = await makeDatabase('postgres');
    pool = new pg.Pool({ connectionString: database.url, max: 8 });
  });
  afterAll(async () => {
    await pool.end();
    await database.drop();
  });

  const options = (queueName: string) => ({
    engine: PgBoss,
    executor: pgExecutor(pool),
    queueName,
    pollMs: 20,
    lockMs: 1_000,
  });

  it('does a turn once, and again where a process died of it', async () => {
    await recurringWorkIsShared(async () => {
      const queue = new PgNotificationQueue(options('shared'));
      const work = new PgRecurringWork(options('shared'), queue);
      return {
        work,
        close: async () => {
          await work.onApplicationShutdown();
          await queue.close();
        },
      };
    });
  }, 60_000);

  it('catches up after weeks in which nothing ran', async () => {
    await usageCatchesUp(() => MaestranoPgQueueModule.forRoot(options('catching-up')));
  }, 60_000);
});
