import { afterAll, beforeAll, describe, it } from '@jest/globals';
import PgBoss from 'pg-boss';

import { PgNotificationQueue } from '../../src/pg-queue/pg-notification-queue.js';
import type { NotificationQueueSetup } from '../../src/testing/notification-queue-case.js';
import { notificationQueueContract } from '../../src/testing/notification-queue-contract.js';
import { isThere, makeDatabase, type TestDatabase } from './support/databases.js';
import { type OpenedWay, WAYS } from './support/ways.js';

// Statements of pg-boss go through the library, also behind a pooler in transaction mode.
const LIBRARIES = WAYS.filter(({ server }) => ['postgres', 'pgbouncer'].includes(server) && isThere(server));

/** What depends on how a library sends statements; the rest waits for time to pass. */
const OF_LIBRARIES =
  /as it was|what is left of a failure|newest first|replays and discards|leaves all others/;

describe.each(LIBRARIES)('queue contract with $library on $server', ({ server, library, open }) => {
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

  const make = ({ name, ...options }: NotificationQueueSetup): PgNotificationQueue =>
    new PgNotificationQueue({
      engine: PgBoss,
      executor: way.executor,
      queueName: name,
      pollMs: 50,
      ...options,
    });
  const contract = notificationQueueContract(make);
  const cases = library === 'pg Pool' ? contract : contract.filter(({ name }) => OF_LIBRARIES.test(name));
  for (const { name, run } of cases) it(name, run);
});
