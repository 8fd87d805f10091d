import { afterAll, beforeAll, describe, it } from '@jest/globals';
import PgBoss from 'pg-boss';

import { PgNotificationQueue } from '../../src/pg-queue/index.js';
import { PgSyncScheduler } from '../../src/pg-queue/pg-sync-scheduler.js';
import {
  type ClosableScheduler,
  syncSchedulerContract,
  type SyncSchedulerSetup,
} from '../../src/testing/sync-scheduler-contract.js';
import { isThere, makeDatabase, type TestDatabase } from './support/databases.js';
import { type OpenedWay, WAYS } from './support/ways.js';

const LIBRARIES = WAYS.filter(({ server }) => server === 'postgres' && isThere(server));

/** What depends on how a library sends statements. */
const OF_LIBRARIES = /whatever its name|behind all that wait|was cancelled/;

describe.each(LIBRARIES)('scheduler contract with $library on $server', ({ server, library, open }) => {
  let database: TestDatabase;
  let way: OpenedWay;

  beforeAll(async () => {
    database = await makeDatabase(server);
    way = await open(database.url);
  });
  afterAll(async () => {
    await way.close();
    await database.drop();
  });

  const make = ({ name, ...options }: SyncSchedulerSetup): ClosableScheduler => {
    const all = {
      engine: PgBoss,
      executor: way.executor,
      queueName: name.slice(0, 50),
      pollMs: 50,
      addTimeoutMs: 30_000,
      ...options,
    };
    const queue = new PgNotificationQueue(all);
    return Object.assign(new PgSyncScheduler(all, queue), { close: () => queue.close() });
  };
  const contract = syncSchedulerContract(make);
  const cases = library === 'pg Pool' ? contract : contract.filter(({ name }) => OF_LIBRARIES.test(name));
  for (const { name, run } of cases) it(name, run, 30_000);
});
