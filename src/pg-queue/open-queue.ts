import type { SqlExecutor } from '../sql/sql-executor.js';
import type { PgBoss } from './pg-boss.js';

/** Where a queue is, and what it is made by. */
export interface QueueFacts {
  readonly boss: PgBoss;
  readonly executor: SqlExecutor;
  readonly schema: string;
}

/** What a queue is made with. */
export interface QueueKind {
  readonly policy?: 'standard' | 'short';
  /** Where jobs go that used up their attempts. */
  readonly deadLetter?: string;
}

/**
 * Makes a queue where it is missing. pg-boss keeps a row for each, and puts a job nowhere, without a word, where the row is missing:
 * so whoever gets no id back for a job asks here whether that is why.
 *
 * @returns whether it was missing
 */
export async function openQueue(facts: QueueFacts, name: string, kind: QueueKind = {}): Promise<boolean> {
  const { boss, executor, schema } = facts;
  const there = await executor.query(`select name from ${schema}.queue where name = $1`, [name]);
  if (there.length > 0) return false;
  if (await hasTable(facts, name)) await addRow(facts, name, kind);
  else await boss.createQueue(name, { name, ...kind });
  return true;
}

/** pg-boss 10 has a table for each queue, which stays when the rows of queues are lost, and which it does not make twice. */
const TABLE_OF = `'j' || encode(sha224($1::text::bytea), 'hex')`;

async function hasTable({ executor, schema }: QueueFacts, name: string): Promise<boolean> {
  const rows = await executor.query(
    `select tablename from pg_catalog.pg_tables where schemaname = '${schema}' and tablename = ${TABLE_OF}`,
    [name],
  );
  return rows.length > 0;
}

async function addRow(
  { executor, schema }: QueueFacts,
  name: string,
  { policy = 'standard', deadLetter }: QueueKind,
): Promise<void> {
  await executor.execute(
    `insert into ${schema}.queue (name, policy, dead_letter, partition_name)
     values ($1, $2, $3, ${TABLE_OF}) on conflict do nothing`,
    [name, policy, deadLetter ?? null],
  );
}
