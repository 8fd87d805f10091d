// Run inside a consumer's folder: the published contract of queues on pg-boss 12, which has other tables than pg-boss 10
// and needs a newer Node.js. Prints what failed, and the number of cases.
import 'reflect-metadata';

import { notificationQueueContract } from 'nestjs-maestrano/testing';
import { PgNotificationQueue, pgQueueMigrationText } from 'nestjs-maestrano/pg-queue';
import { pgExecutor } from 'nestjs-maestrano/sql';
import { getConstructionPlans, PgBoss } from 'pg-boss';
import pg from 'pg';

const pool = new pg.Pool({ connectionString: process.env.TEST_POSTGRES_URL, max: 10 });
const schema = `matrix_${Date.now()}`;
const common = { engine: PgBoss, executor: pgExecutor(pool), schema, pollMs: 50 };

// Its tables by the text for a vendor's own migrations, as somebody with `migrate: false` makes them.
const byText = { ...common, migrate: false, queueName: 'by-text' };
await pool.query(pgQueueMigrationText(byText, getConstructionPlans));
const queue = new PgNotificationQueue(byText);
const counts = await queue.counts();
await queue.close();

const failed = [];
const cases = notificationQueueContract(
  ({ name, ...options }) => new PgNotificationQueue({ ...common, queueName: name, ...options }),
);
for (const { name, run } of cases) await run().catch((error) => failed.push(`${name}: ${error.message}`));
await pool.query(`drop schema ${schema} cascade`);
await pool.end();
console.log(JSON.stringify({ cases: cases.length, failed, counts }));
