import { inspect } from 'node:util';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import type { SqlExecutor } from '../../src/sql/sql-executor.js';
import { migrateSql } from '../../src/sql/migrations/sql-schema.js';
import { startSandbox, type Sandbox } from '../../src/sandbox/index.js';
import {
  MaestranoSync,
  MaestranoSyncError,
  MaestranoSyncModule,
  SqlSyncStore,
  SyncRejected,
  syncEntity,
  type SyncEntity,
  type SyncSource,
  table,
  type TableOptions,
} from '../../src/sync/index.js';
import { syncEntityContract } from '../../src/testing/index.js';
import { testApplication, type TestApplication } from '../support/application.js';
import { EngineBench } from '../support/sync/engine-bench.js';
import { errorOf } from '../support/error-of.js';
import { isThere, makeDatabase, type TestDatabase } from './support/databases.js';
import { DRIVERS, type OpenedWay } from './support/ways.js';

interface Contact {
  readonly id: number;
  readonly firstName: string;
  readonly lastName: string | null;
  readonly email: string | null;
  readonly companyId: number | null;
}

const OPTIONS = {
  id: 'id',
  group: 'company',
  version: 'rev',
  key: 'connec_key',
  updatedAt: 'updated_at',
  bornAt: 'created_at',
  naming: 'snake_case',
} as const;

/** Rows get their versions and times as an application's own triggers would give them. */
const TABLES: Readonly<Record<SqlExecutor['dialect'], readonly string[]>> = {
  postgres: [
    'create sequence contact_rev',
    `create table contacts (id serial primary key, company text not null, first_name text not null, last_name text,
      email text, company_id integer, connec_key text, rev bigint not null default nextval('contact_rev'),
      created_at timestamptz not null default now(), updated_at timestamptz not null default now(),
      unique (company, connec_key))`,
    'create index contacts_rev on contacts (company, rev)',
    `create function contacts_changed() returns trigger as $$ begin
      new.rev := nextval('contact_rev'); new.updated_at := clock_timestamp(); return new; end $$ language plpgsql`,
    'create trigger contacts_update before update on contacts for each row execute function contacts_changed()',
  ],
  mysql: [
    `create table contacts (id integer auto_increment primary key, company varchar(80) not null,
      first_name varchar(80) not null, last_name varchar(80), email varchar(80), company_id integer, connec_key varchar(80),
      rev bigint not null, created_at datetime(3) not null default now(3),
      updated_at datetime(3) not null default now(3) on update now(3),
      unique key (company, connec_key), key (company, rev)) default charset=utf8mb4`,
  ],
  sqlite: [
    `create table contacts (id integer primary key autoincrement, company text not null, first_name text not null,
      last_name text, email text, company_id integer, connec_key text, rev integer not null,
      created_at text not null default (strftime('%Y-%m-%dT%H:%M:%fZ')),
      updated_at text not null default (strftime('%Y-%m-%dT%H:%M:%fZ')), unique (company, connec_key))`,
    'create index contacts_rev on contacts (company, rev)',
  ],
};

const TENANT = 'Acme Contract';

/** A table that does not take everything. */
const STRICT: Readonly<Record<SqlExecutor['dialect'], readonly string[]>> = {
  postgres: [
    `create table strict_contacts (id serial primary key, company text not null, name varchar(5), email text,
      age integer constraint strict_age check (age >= 0), owner text not null, connec_key text, rev bigint not null,
      updated_at timestamptz not null default now(), unique (company, connec_key),
      constraint strict_email unique (company, email))`,
    `create function strict_look() returns trigger as $$ begin
      if new.name = 'Boom!' then raise exception 'no % here', new.email; end if; return new; end $$ language plpgsql`,
    'create trigger strict_insert before insert on strict_contacts for each row execute function strict_look()',
  ],
  mysql: [
    `create table strict_contacts (id integer auto_increment primary key, company varchar(80) not null, name varchar(5),
      email varchar(80), age integer, owner varchar(80) not null, connec_key varchar(80), rev bigint not null,
      updated_at datetime(3) not null default now(3), unique key (company, connec_key),
      unique key strict_email (company, email), constraint strict_age check (age >= 0)) default charset=utf8mb4`,
    `create trigger strict_insert before insert on strict_contacts for each row
      if new.name = 'Boom!' then signal sqlstate '45000' set message_text = 'no secret here'; end if`,
  ],
  sqlite: [
    `create table strict_contacts (id integer primary key, company text not null, name text, email text,
      age integer constraint strict_age check (age >= 0), owner text not null, connec_key text, rev integer not null,
      updated_at text not null default (strftime('%Y-%m-%dT%H:%M:%fZ')), unique (company, connec_key),
      unique (company, email)) strict`,
    `create trigger strict_insert before insert on strict_contacts when new.name = 'Boom!'
      begin select raise(abort, 'no secret here'); end`,
  ],
};

interface StrictContact {
  readonly name: string;
  readonly email: string;
  readonly age: number | string;
}

function contactsOf({ dialect }: Pick<SqlExecutor, 'dialect'>): SyncEntity {
  const versionBy = dialect === 'postgres' ? 'trigger' : 'source';
  return syncEntity('people', table<Contact>('contacts', { ...OPTIONS, versionBy }), {
    fields: {
      first_name: 'firstName',
      last_name: 'lastName',
      'email.address': 'email',
      organization_id: { app: 'companyId', refers: 'organizations' },
    },
    match: ['email.address'],
  });
}

const FIXTURES = [
  {
    first_name: 'Zażółć',
    last_name: 'Quokka-Ænima',
    email: { address: 'quokka@x.test' },
    organization_id: '11',
  },
  { first_name: "O'Hara; --", last_name: null, email: { address: null }, organization_id: null },
] as const;

describe.each(DRIVERS.filter(({ server }) => isThere(server)))(
  'table() with $library',
  ({ server, open }) => {
    let database: TestDatabase;
    let way: OpenedWay;
    let other: OpenedWay;

    beforeAll(async () => {
      database = await makeDatabase(server);
      way = await open(database.url);
      other = await open(database.url);
      await migrateSql(way.executor);
      for (const text of TABLES[way.executor.dialect]) await way.executor.execute(text, []);
    });
    afterAll(async () => {
      await way.close();
      await other.close();
      await database.drop();
    });

    /** A transaction of the application that has written a contact, on a connection of its own. */
    const begin = async (): Promise<{ readonly id: number; commit(): Promise<void> }> => {
      let release = (): void => undefined;
      const released = new Promise<void>((resolve) => (release = resolve));
      let wrote = (_id: number): void => undefined;
      const written = new Promise<number>((resolve) => (wrote = resolve));
      const done = other.executor.transaction(async (inside) => {
        const key = `k${Math.random()}`;
        const rev = inside.dialect === 'postgres' ? '' : ', rev';
        const next = inside.dialect === 'postgres' ? '' : `, ${drawn()}`;
        await inside.execute(
          `insert into contacts (company, first_name, connec_key${rev}) values ('${TENANT}', 'Late', '${key}'${next})`,
          [],
        );
        const [row] = await inside.query(`select id from contacts where connec_key = '${key}'`, []);
        wrote(Number(row!['id']));
        await released;
      });
      const id = await written;
      return {
        id,
        commit: async () => {
          release();
          await done;
        },
      };
    };
    let drawnLast = 1_000_000;
    const drawn = (): number => (drawnLast += 1);

    describe('keeps the contract of entities', () => {
      // The entity is made by the dialect, which is known before the database is.
      const dialect = ({ postgres: 'postgres', mariadb: 'mysql', sqlite: 'sqlite' } as const)[
        server as 'postgres' | 'mariadb' | 'sqlite'
      ];
      const entity = contactsOf({ dialect });
      const opens = server === 'sqlite' ? {} : { open: begin };
      const fixtures = { connec: FIXTURES, tenant: TENANT, ...opens };
      syncEntityContract(entity, fixtures).forEach(({ name }, index) => {
        it(`${name} (check 32)`, () =>
          syncEntityContract(entity, { ...fixtures, executor: way.executor })[index]!.run());
      });
    });

    it('shows no customer the rows of another one', async () => {
      const { source } = contactsOf(way.executor);
      const context = (tenant: string) => ({
        scope: { app: 'a', marketplace: 'm', group: tenant },
        tenant,
        executor: way.executor,
        signal: new AbortController().signal,
      });
      const made = await source.create({ firstName: 'Mine' }, { ...context('one'), key: 'shared key' });
      const id = String(source.identity(made).id);
      expect(await source.get([id], context('two'))).toEqual([]);
      expect(await source.find('shared key', context('two'))).toBeNull();
      const write = { ...context('two'), ifVersion: source.identity(made).version };
      expect(await source.update(id, { firstName: 'Theirs' }, write)).toBeNull();
      expect((await source.changes({ cursor: null, limit: 10 }, context('two'))).records).toEqual([]);
      const [read] = await source.get([id], context('one'));
      expect(read).toMatchObject({ firstName: 'Mine' });
    });

    describe('whose table is another than it says', () => {
      interface Thing {
        readonly firstName: string;
        readonly nickname: string;
      }
      const { bornAt: _born, ...rowOptions } = OPTIONS;
      const things = (options: Partial<TableOptions<Thing>> = {}, name = 'things'): SyncSource<Thing> =>
        table<Thing>(name, { ...rowOptions, ...options });
      const context = () => ({
        scope: { app: 'a', marketplace: 'm', group: 'g' },
        tenant: 'g',
        executor: way.executor,
        signal: new AbortController().signal,
      });
      const mapped = { firstName: 'first_name' };

      beforeAll(async () => {
        await way.executor.execute(
          `create table things (id integer primary key, company varchar(80), rev integer, connec_key varchar(80),
            updated_at varchar(80), first_name varchar(80))`,
          [],
        );
      });

      it.each<[string, Partial<TableOptions<Thing>>, Readonly<Record<string, string>>, RegExp]>([
        [
          'the naming is forgotten',
          { naming: 'same' },
          mapped,
          /^Table "things" has no column "firstName" \(property firstName of first_name\)\. Its columns are id, company, rev, connec_key, updated_at, first_name\. Did you mean naming: 'snake_case'\? /,
        ],
        [
          'a property has no column',
          {},
          { nickname: 'nick' },
          /no column "nickname" \(property nickname of nick\)\. Its columns are [\w, ]+\. Correct/,
        ],
        [
          'a property is none of the naming',
          {},
          { first_name: 'first_name' },
          /the column "first_name" is read as the property firstName/,
        ],
        [
          'the version has another name',
          { version: 'revision' },
          mapped,
          /no column "revision" \(`version` of table\(\)\)/,
        ],
        [
          'the group has another name',
          { group: 'customer' },
          mapped,
          /no column "customer" \(`group` of table\(\)\)/,
        ],
        [
          'a written column is not there',
          { onWrite: { changed: '1' } },
          mapped,
          /no column "changed" \(`onWrite` of/,
        ],
      ])('says so before anything is written: %s', async (_kind, options, properties, message) => {
        const error = await errorOf(things(options).check!(properties, context()), MaestranoSyncError);
        expect(error.code).toBe('sync.declaration');
        expect(error.message).toMatch(message);
        expect(error.remedy).toContain('docs/synchronization.md');
      });

      it('has the words of the database where the table is not there, and none of our own tables', async () => {
        const error = await errorOf(things({}, 'nowhere').check!(mapped, context()), MaestranoSyncError);
        expect(error.code).toBe('sync.declaration');
        expect(error.message).toMatch(/no such table|does not exist|doesn't exist/);
        expect(error.message).toContain('nowhere');
        expect(error.message).not.toContain('db print');
      });

      it('asks once for each database, and reads no row', async () => {
        const texts: string[] = [];
        const executor: SqlExecutor = {
          ...way.executor,
          query: (text, parameters) => {
            texts.push(text);
            return way.executor.query(text, parameters);
          },
        };
        const source = things();
        for (let count = 0; count < 3; count += 1) await source.check!(mapped, { ...context(), executor });
        expect(texts).toHaveLength(1);
        await expect(source.check!({ nickname: 'nick' }, { ...context(), executor })).rejects.toThrow(
          'nickname',
        );
        expect(texts).toHaveLength(1);
      });

      it('writes nothing to Connec!', async () => {
        const bench = new EngineBench();
        try {
          const { executor } = way;
          const values = "(1, 'cld-1', 1, '2026-01-01T00:00:00Z', 'Ann')";
          await executor.execute(
            `insert into things (id, company, rev, updated_at, first_name) values ${values}`,
            [],
          );
          const entity = (options: Partial<TableOptions<Thing>>): SyncEntity =>
            syncEntity('people', things({ executor, ...options }), { fields: { first_name: 'firstName' } });
          bench.entities = [entity({ naming: 'same' })];
          bench.connec.add({ first_name: 'Bob' });
          const result = await bench.run();
          expect(result).toMatchObject({
            status: 'failed',
            errors: [{ code: 'sync.declaration', entity: 'people', group: 'cld-1', fields: ['first_name'] }],
          });
          expect(bench.connec.writes).toEqual([]);
          bench.entities = [entity({ newId: () => 2 })];
          expect(await bench.run()).toMatchObject({ errors: [] });
          expect(bench.names.connec).toEqual(['Ann', 'Bob']);
        } finally {
          bench.close();
        }
      });
    });

    describe('whose table does not accept a row', () => {
      const { bornAt: _bornAt, ...options } = OPTIONS;
      const strict = (onWrite?: Readonly<Record<string, string>>): SyncSource<StrictContact> =>
        table<StrictContact>('strict_contacts', { ...options, ...(onWrite ? { onWrite } : {}) });
      const write = (key: string, executor = way.executor) => ({
        scope: { app: 'a', marketplace: 'm', group: 'g' },
        tenant: 'g',
        executor,
        signal: new AbortController().signal,
        key,
      });
      const owned = { owner: "'us'" };

      beforeAll(async () => {
        for (const text of STRICT[way.executor.dialect]) await way.executor.execute(text, []);
        await strict(owned).create({ name: 'first', email: 'secret@x.test' }, write('k0'));
      });

      it.each<[string, Partial<StrictContact>, RegExp, string | undefined]>([
        ['a unique index', { email: 'secret@x.test' }, /^Another row of "strict_contacts"/, 'email'],
        ['a check', { email: 'secret', age: -1 }, /constraint "strict_age"/, undefined],
        ['a type', { email: 'secret', age: 'secret' }, /^(A|The) value does not fit/, undefined],
        ['a trigger', { name: 'Boom!', email: 'secret' }, /^A trigger or a function/, undefined],
      ])('because of %s is rejected for that, without its values', async (_kind, data, reason, field) => {
        const source = strict(owned);
        const rejected = await errorOf(source.create(data, write('k1')));
        expect(rejected).toBeInstanceOf(SyncRejected);
        expect((rejected as SyncRejected).reason).toMatch(reason);
        if (field !== undefined) expect(rejected).toMatchObject({ field });
        expect(inspect(rejected, { depth: 9, showHidden: true })).not.toContain('secret');
        expect(await source.find('k1', write('k1'))).toBeNull();
      });

      it('because of a column that nobody maps says which, and changes nothing of another one', async () => {
        const rejected = await errorOf(strict().create({ name: 'Ann' }, write('k2')));
        expect(rejected).toMatchObject({
          name: 'SyncRejected',
          reason: expect.stringMatching(
            /^"owner" of "strict_contacts" must not be null, and no field is written to it \(/,
          ),
          field: 'owner',
        });
        const source = strict(owned);
        const made = await source.create({ name: 'Bob' }, write('k3'));
        const { id, version } = source.identity(made);
        const changes = { email: 'secret@x.test' };
        const late = await errorOf(
          source.update(String(id), changes, { ...write('k3'), ifVersion: version }),
        );
        expect(late).toMatchObject({ name: 'SyncRejected', field: 'email' });
        expect(await source.find('k3', write('k3'))).toMatchObject({ name: 'Bob', email: null });
      });

      it('because an earlier attempt under its key arrived is the row of that one', async () => {
        const source = strict(owned);
        const first = await source.create({ name: 'Cyd' }, write('k4'));
        let asked = 0;
        // The other attempt commits behind the first look.
        const late: SqlExecutor = {
          ...way.executor,
          transaction: (work) =>
            way.executor.transaction((inside) =>
              work({
                ...inside,
                query: async (text, parameters) => ((asked += 1) === 1 ? [] : inside.query(text, parameters)),
              }),
            ),
        };
        const second = await source.create({ name: 'Cyd' }, write('k4', late));
        expect(asked).toBe(1);
        expect(source.identity(second).id).toBe(source.identity(first).id);
      });
    });

    if (server !== 'sqlite') {
      it('fails a source that only looks for greater versions (check 32)', async () => {
        const { source } = contactsOf(way.executor);
        const naive = Object.create(source) as SyncSource<Contact>;
        const written: Pick<SyncSource<Contact>, 'changes' | 'identity'> = {
          changes: async ({ cursor, limit }) => {
            const rows = await way.executor.query(
              `select * from contacts where company = '${TENANT}' and rev > ${Number(cursor ?? 0)} order by rev limit ${limit}`,
              [],
            );
            const next = `${Number(rows.at(-1)?.['rev'] ?? cursor ?? 0)}`;
            return {
              records: rows as unknown as Contact[],
              cursor: next,
              safeUntil: next,
              more: rows.length === limit,
            };
          },
          identity: ({ id, ...row }) => ({
            id,
            version: Number((row as { rev?: number }).rev),
            updatedAt: new Date(),
          }),
        };
        Object.assign(naive, written);
        const entity = syncEntity('people', naive, { fields: { first_name: 'firstName' } });
        const cases = syncEntityContract(entity, { connec: FIXTURES, tenant: TENANT, open: begin });
        const outOfOrder = cases.find(({ name }) => name.includes('out of order'))!;
        await expect(outOfOrder.run()).rejects.toThrow(/loses a transaction/);
      });
    }

    it('is synchronized with Connec! over a SqlSyncStore, and goes on after a restart (checks 1, 7)', async () => {
      const sandbox: Sandbox = await startSandbox({ port: 0, seed: 11 });
      const [marketplace] = sandbox.marketplaces.list();
      const group = { marketplace: marketplace!.name, groupUid: 'cld-1' };
      const versionBy = way.executor.dialect === 'postgres' ? 'trigger' : 'source';
      const start = (): Promise<TestApplication> =>
        testApplication({
          httpAdapter: 'express',
          sandbox,
          imports: [
            MaestranoSyncModule.forRoot({
              store: new SqlSyncStore(way.executor),
              owner: { provider: 'test-app', realm: 'main' },
              restMs: 0,
              entities: [
                syncEntity('people', table<Contact>('contacts', { ...OPTIONS, versionBy }), {
                  fields: { first_name: 'firstName', last_name: 'lastName', 'email.address': 'email' },
                  match: ['email.address'],
                }),
              ],
            }),
          ],
        });
      const people = (): readonly Record<string, unknown>[] =>
        sandbox.connec.list('people', { group: 'cld-1', marketplace: group.marketplace });
      const rows = (): Promise<readonly Readonly<Record<string, unknown>>[]> =>
        way.executor.query(`select * from contacts where company = 'cld-1' order by id`, []);
      const insert = (name: string, email: string): Promise<number> =>
        way.executor.execute(
          `insert into contacts (company, first_name, last_name, email${way.executor.dialect === 'postgres' ? '' : ', rev'})
          values ('cld-1', '${name}', 'Vantablack', '${email}'${way.executor.dialect === 'postgres' ? '' : `, ${drawn()}`})`,
          [],
        );
      let app = await start();
      try {
        const before = people().length;
        await insert('Ann', 'ann@x.test');
        await insert('Bob', 'bob@x.test');
        let sync = app.app.get(MaestranoSync);
        await sync.run(group, { only: ['people'] });
        const plan = await sync.plan(group, { only: ['people'] });
        expect(plan.summary['people']).toMatchObject({ createInConnec: 2, createInApp: before });
        await sync.confirm(group);
        expect(await sync.run(group, { only: ['people'] })).toMatchObject({ status: 'done', errors: [] });
        expect(people()).toHaveLength(before + 2);
        expect(await rows()).toHaveLength(before + 2);

        // Of two callers at the same moment neither undoes the other.
        await Promise.all([sync.pause(group), sync.toggle(group), sync.toggle(group)]);
        expect(await sync.status(group)).toMatchObject({ enabled: true, entities: [{ paused: true }] });
        await Promise.all([sync.resume(group, 'people'), sync.toggle(group), sync.toggle(group)]);
        expect(await sync.status(group)).toMatchObject({ enabled: true, entities: [{ paused: false }] });

        await app.close();
        app = await start();
        sync = app.app.get(MaestranoSync);
        const ann = people().find((one) => one['first_name'] === 'Ann')!;
        sandbox.connec.write(
          'people',
          { id: ann['id'], last_name: 'Vantablack-Jones' },
          { group: 'cld-1', marketplace: group.marketplace },
        );
        const rev = way.executor.dialect === 'postgres' ? '' : `, rev = ${drawn()}`;
        await way.executor.execute(
          `update contacts set first_name = 'Anna'${rev} where email = 'ann@x.test'`,
          [],
        );
        expect(await sync.run(group, { only: ['people'] })).toMatchObject({ status: 'done', errors: [] });
        expect(people().find(({ id }) => id === ann['id'])).toMatchObject({
          first_name: 'Anna',
          last_name: 'Vantablack-Jones',
        });
        expect((await rows()).find((row) => row['email'] === 'ann@x.test')).toMatchObject({
          first_name: 'Anna',
          last_name: 'Vantablack-Jones',
        });
        expect((await sync.plan(group, { only: ['people'] })).entries).toEqual([]);
      } finally {
        await app.close();
        await sandbox.close();
      }
    });
  },
);
