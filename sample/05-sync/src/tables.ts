import type { SqlExecutor } from 'nestjs-maestrano/sql';

/** Columns of ours, and those that the synchronization needs in every table. */
const OWN: Readonly<Record<string, string>> = {
  companies: 'name text not null, is_customer integer not null default 1',
  contacts: `first_name text not null, last_name text, email text, company_ref integer references companies (id)`,
  invoices: `title text not null, company_ref integer references companies (id), lines text not null default '[]'`,
};

/**
 * Makes the tables of the application. Triggers give every change of a row the next revision and the time, whoever
 * writes it: that is how the synchronization finds what changed.
 */
export async function createTables(executor: SqlExecutor): Promise<void> {
  const run = (text: string): Promise<number> => executor.execute(text, []);
  await run('create table revision (last integer not null)');
  await run('insert into revision values (0)');
  const now = "strftime('%Y-%m-%dT%H:%M:%fZ')";
  for (const [name, columns] of Object.entries(OWN)) {
    await run(`create table ${name} (id integer primary key autoincrement, customer text not null, ${columns},
      connec_key text, rev integer not null default 0, created_at text not null default (${now}),
      updated_at text not null default (${now}), unique (customer, connec_key))`);
    await run(`create index ${name}_rev on ${name} (customer, rev)`);
    const stamp = `update revision set last = last + 1;
      update ${name} set rev = (select last from revision), updated_at = ${now} where id = new.id;`;
    await run(`create trigger ${name}_inserted after insert on ${name} begin ${stamp} end`);
    await run(
      `create trigger ${name}_updated after update on ${name} when new.rev = old.rev begin ${stamp} end`,
    );
  }
}
