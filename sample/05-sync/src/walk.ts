import { NestFactory } from '@nestjs/core';
import type { MarketplacesInput } from 'nestjs-maestrano';
import { startSandbox } from 'nestjs-maestrano/sandbox';
import { migrateSql, type SqliteDatabase, sqliteExecutor } from 'nestjs-maestrano/sql';
import { MaestranoSync, type SyncPlan } from 'nestjs-maestrano/sync';

import { AppModule } from './app.module.js';
import { createTables } from './tables.js';

const CUSTOMER = 'cld-1';

/** What the walk ended with, for whoever checks it. */
export interface Walked {
  /** Entries of the plan by entity and action. */
  readonly plan: SyncPlan['summary'];
  /** Writes to Connec! before the plan was confirmed. */
  readonly writesBefore: number;
  /** Records on each side, by entity. */
  readonly counts: Readonly<Record<string, readonly [app: number, connec: number]>>;
  /** What a second run would have had to do. */
  readonly left: number;
}

/**
 * The first synchronization of a customer, step by step: thirty contacts on each side, ten of them the same, with their
 * companies and invoices; then an edit on either side that arrives at the other one.
 *
 * @throws Error when something is not as it has to be
 */
export async function walk(database: SqliteDatabase, say: (line: string) => void): Promise<Walked> {
  const executor = sqliteExecutor(database);
  await createTables(executor);
  await migrateSql(executor);
  const sandbox = await startSandbox({ port: 0, host: '127.0.0.1', seed: 5 });
  const [marketplace] = sandbox.marketplaces.list();
  const group = { marketplace: marketplace?.name ?? '', groupUid: CUSTOMER };
  const target = { group: CUSTOMER, marketplace: group.marketplace };
  const input = sandbox.options.marketplaces as object as MarketplacesInput;
  const app = await NestFactory.create(AppModule.with(executor, input), { logger: ['error'] });
  await app.init();
  const sync = app.get(MaestranoSync);
  const rows = (name: string): Promise<readonly Readonly<Record<string, unknown>>[]> =>
    executor.query(`select * from ${name} where customer = '${CUSTOMER}' order by id`, []);
  const run = async (): Promise<void> => {
    const { status, errors } = await sync.run(group);
    expect(status === 'done', errors.map(({ message }) => message).join('; '));
  };

  try {
    for (const { id } of sandbox.connec.list('people', target)) {
      sandbox.connec.write('people', { id, status: 'ACTIVE' }, target);
    }
    await executor.execute(
      `insert into companies (customer, name) values ('${CUSTOMER}', 'Quillfeather Ltd')`,
      [],
    );
    for (let index = 0; index < 30; index += 1) {
      await executor.execute(
        `insert into contacts (customer, first_name, last_name, email)
          values ('${CUSTOMER}', 'App ${index}', 'Vantablack', 'person${index}@x.test')`,
        [],
      );
      const person = {
        first_name: `Connec ${index}`,
        last_name: 'Okonjo',
        email: { address: `person${index + 20}@x.test` },
      };
      sandbox.connec.write('people', person, target);
    }
    await executor.execute(
      `insert into invoices (customer, title, company_ref, lines)
        values ('${CUSTOMER}', 'Three chairs', 1, '[{"id":"1","text":"Chair","quantity":3}]')`,
      [],
    );
    const people = sandbox.connec.list('people', target).length;

    await run();
    const plan = await sync.plan(group);
    say('The first run only looks. What it would do:');
    for (const [entity, actions] of Object.entries(plan.summary))
      say(`  ${entity}: ${JSON.stringify(actions)}`);
    const writesBefore =
      sandbox.connec.list('people', target).length - people + (await rows('contacts')).length - 30;
    expect(writesBefore === 0, 'something was written before the plan was confirmed');

    await sync.confirm(group);
    await run();
    const counts: Record<string, readonly [number, number]> = {};
    for (const [table, resource] of Object.entries({
      companies: 'organizations',
      contacts: 'people',
      invoices: 'invoices',
    })) {
      counts[table] = [(await rows(table)).length, sandbox.connec.list(resource, target).length];
      say(
        `After it was confirmed: ${counts[table].join(' and ')} ${table} in the application and in Connec!.`,
      );
      expect(counts[table][0] === counts[table][1], `the numbers of ${table} differ`);
    }

    const [invoice] = sandbox.connec.list('invoices', target).filter(({ title }) => title === 'Three chairs');
    await executor.execute(
      `update contacts set first_name = 'Edited here', company_ref = 1 where email = 'person3@x.test'`,
      [],
    );
    sandbox.connec.write('invoices', { id: invoice?.['id'], title: 'Three edited chairs' }, target);
    await run();
    const there = sandbox.connec.list('people', target).some((one) => one['first_name'] === 'Edited here');
    const here = (await rows('invoices')).some((row) => row['title'] === 'Three edited chairs');
    expect(there && here, 'an edit did not arrive at the other side');
    say('An edit of a contact arrived in Connec!, and one of an invoice in the application.');

    const { entries } = await sync.plan(group);
    say(`Left to do: ${entries.length}.`);
    return { plan: plan.summary, writesBefore, counts, left: entries.length };
  } finally {
    await app.close();
    await sandbox.close();
  }
}

function expect(holds: boolean, otherwise: string): void {
  if (!holds) throw new Error(otherwise);
}
