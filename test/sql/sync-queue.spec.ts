import { randomUUID } from 'node:crypto';

import { afterAll, beforeAll, beforeEach, describe, it } from '@jest/globals';
import PgBoss from 'pg-boss';
import pg from 'pg';

import { MaestranoPgQueueModule } from '../../src/pg-queue/index.js';
import { pgExecutor } from '../../src/sql/executors/pg-executor.js';
import {
  queueMayBeLost,
  type QueueModule,
  startsAreTwoRuns,
  stopsAreNoFailures,
} from '../support/sync/queued-instances.js';
import { isThere, makeDatabase, type TestDatabase } from './support/databases.js';

const onPostgres = isThere('postgres') ? describe : describe.skip;

onPostgres('synchronization on the queue of PostgreSQL', () => {
  let database: TestDatabase;
  let pool: pg.Pool;
  let queueName: string;

  beforeAll(async () => {
    database = await makeDatabase('postgres');
    pool = new pg.Pool({ connectionString: database.url, max: 8 });
  });
  beforeEach(() => {
    queueName = `q-${randomUUID()}`;
  });
  afterAll(async () => {
    await pool.end();
    await database.drop();
  });

  const queue: QueueModule = ({ worker }) =>
    MaestranoPgQueueModule.forRoot({
      engine: PgBoss,
      executor: pgExecutor(pool),
      queueName,
      pollMs: 20,
      lockMs: 2_000,
      worker,
    });

  it(
    'check 17: makes one run and at most one more of twenty starts on two instances',
    () => startsAreTwoRuns(queue),
    60_000,
  );

  it(
    'does what was asked for although the tables of the queue lost everything',
    () =>
      queueMayBeLost(queue, async () => {
        await pool.query('truncate maestrano_queue.queue cascade');
      }),
    60_000,
  );

  it('has another instance go on with the run of one that stops', () => stopsAreNoFailures(queue), 60_000);
});
