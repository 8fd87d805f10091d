import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { syncEntity, table } from '../../src/sync/index.js';
import { syncEntityContract, type SyncEntityFixtures } from '../../src/testing/index.js';
import { isThere, makeDatabase, type Server, type TestDatabase } from './support/databases.js';
import { guideBlocks } from './support/guide.js';
import { DRIVERS, type OpenedWay } from './support/ways.js';

interface Contact {
  readonly firstName: string;
  readonly lastName: string | null;
  readonly email: string | null;
}

/** The table of an application that knows nothing of a synchronization. */
const TABLES = {
  postgres: `create table contacts (id serial primary key, customer text not null, first_name text not null,
    last_name text, email text, updated_at timestamptz not null default now())`,
  mariadb: `create table contacts (id integer auto_increment primary key, customer varchar(80) not null,
    first_name varchar(80) not null, last_name varchar(80), email varchar(80),
    updated_at datetime(3) not null default utc_timestamp(3)) default charset=utf8mb4`,
  sqlite: `create table contacts (id integer primary key autoincrement, customer text not null, first_name text not null,
    last_name text, email text, updated_at text not null default (strftime('%Y-%m-%dT%H:%M:%fZ')))`,
} as const;
const SERVERS = ['postgres', 'mariadb', 'sqlite'] as const satisfies readonly Server[];
const LIBRARIES = { postgres: 'pg Pool', mariadb: 'mysql2', sqlite: 'better-sqlite3' } as const;

/** The text of the guide "A table", as statements: one begins at the beginning of a line. */
function guideOf(server: keyof typeof TABLES): string[] {
  const block = guideBlocks('sql', 'synchronization.md')[SERVERS.indexOf(server)] ?? '';
  return block.trim().split(/;\n(?=\S)/);
}

const contacts = syncEntity(
  'people',
  table<Contact>('contacts', {
    id: 'id',
    group: 'customer',
    version: 'rev',
    versionBy: 'trigger',
    key: 'connec_key',
    updatedAt: 'updated_at',
    naming: 'snake_case',
  }),
  { fields: { first_name: 'firstName', last_name: 'lastName', 'email.address': 'email' } },
);
const FIXTURES: SyncEntityFixtures = {
  connec: [
    { first_name: 'Zażółć', last_name: 'Quokka', email: { address: 'quokka@x.test' } },
    { first_name: "O'Hara; --", last_name: null, email: { address: null } },
  ],
  tenant: 'cld-contract',
};

describe.each(SERVERS.filter((server) => isThere(server)))('the triggers of the guide on %s', (server) => {
  let database: TestDatabase;
  let way: OpenedWay;
  const run = (text: string): Promise<number> => way.executor.execute(text, []);
  const rows = async (): Promise<{ name: string; rev: number; at: string }[]> => {
    const read = await way.executor.query(
      `select first_name, rev, updated_at from contacts where customer = 'cld-1' order by rev`,
      [],
    );
    return read.map((row) => ({
      name: String(row['first_name']),
      rev: Number(row['rev']),
      at: JSON.stringify(row['updated_at']),
    }));
  };

  beforeAll(async () => {
    database = await makeDatabase(server);
    way = await DRIVERS.find(({ library }) => library === LIBRARIES[server])!.open(database.url);
    await run(TABLES[server]);
    for (const name of ['Ann', 'Bob'])
      await run(
        `insert into contacts (customer, first_name, updated_at) values ('cld-1', '${name}', '2026-01-02 03:04:05')`,
      );
    for (const text of guideOf(server)) await run(text);
  });
  afterAll(async () => {
    await way.close();
    await database.drop();
  });

  it('number the rows that are there, and leave them unchanged', async () => {
    const [ann, bob] = await rows();
    expect(ann!.rev).toBeLessThan(bob!.rev);
    for (const { at } of [ann!, bob!]) expect(at).toMatch(/^"2026-01-0[12]/);
  });

  it('give every insert and every update a greater number, and none a second time', async () => {
    await run(`insert into contacts (customer, first_name) values ('cld-1', 'Cy')`);
    await run(`update contacts set first_name = 'Anna' where first_name = 'Ann'`);
    const changed = await rows();
    expect(changed.map(({ name }) => name)).toEqual(['Bob', 'Cy', 'Anna']);
    expect(new Set(changed.map(({ rev }) => rev)).size).toBe(3);
    expect(changed.at(-1)!.at).not.toMatch(/^"2026-01-0[12]/);
    await run(`delete from contacts where first_name = 'Anna'`);
    await run(`insert into contacts (customer, first_name) values ('cld-1', 'Dee')`);
    expect((await rows()).at(-1)!.rev).toBeGreaterThan(changed.at(-1)!.rev);
  });

  syncEntityContract(contacts, FIXTURES).forEach(({ name }, index) => {
    it(`keep the contract of entities: ${name} (check 32)`, () =>
      syncEntityContract(contacts, { ...FIXTURES, executor: way.executor })[index]!.run());
  });
});
