import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import PgBoss from 'pg-boss';
import pg from 'pg';

import { PgNotificationQueue } from '../../src/pg-queue/pg-notification-queue.js';
import { pgExecutor } from '../../src/sql/executors/pg-executor.js';
import { migrateSql } from '../../src/sql/migrations/sql-schema.js';
import { type CompiledSources, compileSources } from '../support/compiled-sources.js';
import { basicOf, marketplaceInput } from '../support/marketplaces.js';
import { stormSize } from '../support/sizes.js';
import { isThere, makeDatabase, type TestDatabase } from './support/databases.js';

const DELIVERIES = stormSize(800, 10_000);
const KILLS = stormSize(2, 12);
const PER_REQUEST = 5;
const VERSIONS = 3;
const INSTANCE = 'test/sql/support/pg-queue-instance.ts';

interface Sent {
  readonly group_id: string;
  readonly id: string;
  readonly updated_at: string;
}

/** Every record in some versions, some of them repeated, shuffled. */
function deliveries(): Sent[] {
  const all = Array.from({ length: DELIVERIES }, (_, n): Sent => {
    const record = Math.floor(n / (VERSIONS + 1));
    const updated_at = new Date(Date.UTC(2016, 0, 1, 0, 0, n % VERSIONS)).toISOString();
    return { group_id: `cld-${record % 7}`, id: `r-${record}`, updated_at };
  });
  for (let i = all.length - 1; i > 0; i -= 1) {
    const j = Math.floor(Math.random() * (i + 1));
    [all[i], all[j]] = [all[j]!, all[i]!];
  }
  return all;
}

const onPostgres = isThere('postgres') ? describe : describe.skip;

onPostgres(`${DELIVERIES} notified records, queued in PostgreSQL by two instances that are killed`, () => {
  const name = 'one';
  const children: ChildProcess[] = [];
  const ports: (number | null)[] = [null, null];
  let compiled: CompiledSources;
  let database: TestDatabase;
  let pool: pg.Pool;
  let queue: PgNotificationQueue;

  async function boot(instance: number): Promise<void> {
    const env = {
      ...process.env,
      DATABASE_URL: database.url,
      MARKETPLACE: JSON.stringify(marketplaceInput(name)),
      SQL_PACKAGES: join(import.meta.dirname, 'package.json'),
    };
    const child = fork(compiled.path(INSTANCE), { env, execArgv: [], stdio: 'inherit' });
    children[instance] = child;
    const [message] = (await once(child, 'message')) as [{ port: number }];
    ports[instance] = message.port;
  }

  async function kill(instance: number): Promise<void> {
    ports[instance] = null;
    const gone = once(children[instance]!, 'exit');
    children[instance]!.kill('SIGKILL');
    await gone;
    await boot(instance);
  }

  /** As the platform would: to whoever listens, again until it is acknowledged. */
  async function deliver(people: readonly Sent[]): Promise<void> {
    for (let instance = Math.round(Math.random()); ; instance = 1 - instance) {
      const port = ports[instance];
      if (port) {
        const response = await fetch(`http://127.0.0.1:${port}/maestrano/connec/notifications/${name}`, {
          method: 'POST',
          headers: { authorization: basicOf(name), 'content-type': 'application/json' },
          body: JSON.stringify({ people }),
        }).catch(() => null);
        if (response?.status === 200) return;
      }
      await pause(20);
    }
  }

  beforeAll(async () => {
    compiled = compileSources('pg-queue-crash', INSTANCE);
    database = await makeDatabase('postgres');
    pool = new pg.Pool({ connectionString: database.url, max: 3 });
    const executor = pgExecutor(pool);
    await migrateSql(executor);
    await pool.query('create table applied (n bigserial primary key, record text, version text)');
    queue = new PgNotificationQueue({ engine: PgBoss, executor, worker: false });
    await Promise.all([boot(0), boot(1)]);
  }, 60_000);

  afterAll(async () => {
    for (const child of children) child.kill('SIGKILL');
    await queue.close();
    await pool.end();
    await database.drop();
    compiled.remove();
  });

  it(
    'loses none, and none is there twice',
    async () => {
      const sent = deliveries();
      const requests = Array.from({ length: DELIVERIES / PER_REQUEST }, (_, i) =>
        sent.slice(i * PER_REQUEST, (i + 1) * PER_REQUEST),
      );
      const pending = requests.values();
      let acknowledged = 0;
      const sending = Promise.all(
        Array.from({ length: 8 }, async () => {
          for (const people of pending) {
            await deliver(people);
            acknowledged += people.length;
          }
        }),
      );
      for (let turn = 0; turn < KILLS; turn += 1) {
        await pause(300 + Math.random() * 700);
        await kill(turn % 2);
      }
      await sending;
      expect(acknowledged).toBe(DELIVERIES);
      for (let calm = 0; calm < 3; await pause(200)) {
        const { waiting, active, delayed } = await queue.counts();
        calm = waiting + active + delayed === 0 ? calm + 1 : 0;
      }

      const newest = new Map<string, string>();
      for (const { id, updated_at } of sent) {
        if ((newest.get(id) ?? '') < updated_at) newest.set(id, updated_at);
      }
      const { rows } = await pool.query<{ record: string; versions: string[] }>(
        'select record, array_agg(version order by n) as versions from applied group by record',
      );
      const wrong = rows.filter(
        ({ record, versions }) =>
          // Each later than the one before: none twice, none backwards.
          versions.some((version, i) => i > 0 && versions[i - 1]! >= version) ||
          versions.at(-1) !== newest.get(record),
      );
      expect(wrong).toEqual([]);
      expect(rows).toHaveLength(newest.size);
      expect((await queue.counts()).dead).toBe(0);
    },
    stormSize(180_000, 1_200_000),
  );
});
