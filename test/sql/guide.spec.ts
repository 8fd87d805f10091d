import 'reflect-metadata';

import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { PrismaPg } from '@prisma/adapter-pg';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { drizzle } from 'drizzle-orm/node-postgres';
import pg from 'pg';
import ts from 'typescript';
import { DataSource } from 'typeorm';

import type { MaestranoGroupAdapter, MaestranoUserAdapter } from '../../src/index.js';
import type { UserProfile } from '../../src/interfaces/profiles.interface.js';
import { integrationFiles } from '../../src/cli/generate/templates.js';
import { ORM_NAMES, type OrmName, ormTemplates } from '../../src/cli/generate/orm/orm.js';
import { isThere, makeDatabase, type TestDatabase } from './support/databases.js';
import { guideBlocks } from './support/guide.js';
import { PrismaClient } from './generated/postgresql/client.js';

/** Where `generate --orm` writes for these tests: below the packages of test/sql, so that imports are found. */
const FOLDER = join(import.meta.dirname, 'generated', 'orm');

const PRISMA_SERVICE = `import { PrismaPg } from '@prisma/adapter-pg';
import { PrismaClient } from '../../postgresql/client.js';

export class PrismaService extends PrismaClient {
  constructor() {
    super({ adapter: new PrismaPg({ connectionString: process.env['DATABASE_URL'] }) });
  }
}
`;

function write(orm: OrmName): string {
  const folder = join(FOLDER, orm);
  mkdirSync(folder, { recursive: true });
  const files = integrationFiles({ suffix: '.js', session: 'passport', orm });
  for (const [name, text] of files) writeFileSync(join(folder, name), text);
  return folder;
}

beforeAll(() => {
  rmSync(FOLDER, { recursive: true, force: true });
  mkdirSync(join(FOLDER, 'prisma'), { recursive: true });
  for (const orm of ORM_NAMES) write(orm);
  writeFileSync(join(FOLDER, 'prisma', 'prisma.service.ts'), PRISMA_SERVICE);
});
afterAll(() => rmSync(FOLDER, { recursive: true, force: true }));

describe('the guide "Your database"', () => {
  it.each(ORM_NAMES)('has the user adapter that `generate --orm %s` writes', (orm) => {
    const text = ormTemplates(orm).files['user.adapter.ts']!.replaceAll('{suffix}', '');
    expect(guideBlocks('typescript')).toContain(text);
  });

  it('has code that compiles with the libraries, as `generate` writes it', () => {
    const path = join(import.meta.dirname, 'tsconfig.json');
    const { config } = ts.readConfigFile(path, (file) => ts.sys.readFile(file));
    const { options } = ts.parseJsonConfigFileContent(config, ts.sys, import.meta.dirname);
    const roots = ORM_NAMES.map((orm) => join(FOLDER, orm, 'maestrano-integration.module.ts'));
    const program = ts.createProgram(roots, options);
    const wrong = program
      .getSourceFiles()
      .filter(({ fileName }) => fileName.startsWith(FOLDER))
      .flatMap((source) => [
        ...program.getSyntacticDiagnostics(source),
        ...program.getSemanticDiagnostics(source),
      ])
      .map(
        ({ file, messageText }) => `${file?.fileName}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`,
      );
    expect(wrong).toEqual([]);
  }, 120_000);
});

interface Adapters {
  readonly users: MaestranoUserAdapter<{ readonly id: string }>;
  readonly groups: MaestranoGroupAdapter<{ readonly id: string }, { readonly id: string }>;
  close(): Promise<void>;
}

type AdapterModule = Readonly<Record<string, new (database: unknown) => never>>;

async function adaptersOf(orm: OrmName, database: unknown, close: () => Promise<void>): Promise<Adapters> {
  const folder = join(FOLDER, orm);
  const { UserAdapter } = (await import(join(folder, 'user.adapter.ts'))) as AdapterModule;
  const { GroupAdapter } = (await import(join(folder, 'group.adapter.ts'))) as AdapterModule;
  return { users: new UserAdapter!(database), groups: new GroupAdapter!(database), close };
}

const OPEN: Readonly<Record<OrmName, (url: string) => Promise<Adapters>>> = {
  typeorm: async (url) => {
    const entities = (await import(join(FOLDER, 'typeorm', 'accounts.entities.ts'))) as Record<string, never>;
    const source = new DataSource({ type: 'postgres', url, entities: Object.values(entities), poolSize: 10 });
    await source.initialize();
    return adaptersOf('typeorm', source, () => source.destroy());
  },
  prisma: (connectionString) => {
    const prisma = new PrismaClient({ adapter: new PrismaPg({ connectionString, max: 10 }) });
    return adaptersOf('prisma', prisma, () => prisma.$disconnect());
  },
  drizzle: (connectionString) => {
    const pool = new pg.Pool({ connectionString, max: 10 });
    return adaptersOf('drizzle', drizzle({ client: pool }), () => pool.end());
  },
};

const profile = (more: object = {}): UserProfile =>
  ({
    provider: 'maestrano',
    marketplace: 'acme',
    uid: 'usr-1',
    email: 'alma@example.com',
    firstName: 'Alma',
    lastName: 'Reyes',
    ...more,
  }) as UserProfile;
const context = {} as never;

const onPostgres = isThere('postgres') ? describe : describe.skip;

onPostgres('the adapters of the guide', () => {
  describe.each(ORM_NAMES)('with %s', (orm) => {
    let database: TestDatabase;
    let adapters: Adapters;
    let admin: pg.Pool;

    beforeAll(async () => {
      database = await makeDatabase('postgres');
      admin = new pg.Pool({ connectionString: database.url, max: 2 });
      const [tables] = guideBlocks('sql');
      await admin.query(tables!);
      adapters = await OPEN[orm](database.url);
    });
    afterAll(async () => {
      await adapters.close();
      await admin.end();
      await database.drop();
    });

    async function count(table: string): Promise<number> {
      const { rows } = await admin.query<{ n: string }>(`select count(*) as n from ${table}`);
      return Number(rows[0]!.n);
    }

    it('make one user and one company of eight first logins at once', async () => {
      const login = async () => {
        const user = await adapters.users.findOrCreateUser(profile(), context);
        const group = { marketplace: 'acme', uid: 'cld-1', name: 'Boatyard' } as never;
        const company = await adapters.groups.findOrCreateGroup(group, context);
        if (!(await adapters.groups.hasMember(company, user, context))) {
          await adapters.groups.addMember(company, user, { role: 'Admin' } as never, context);
        }
        return [user.id, company.id].join();
      };
      const logins = await Promise.all(Array.from({ length: 8 }, login));
      expect(new Set(logins).size).toBe(1);
      for (const table of ['users', 'user_links', 'companies', 'company_links', 'memberships']) {
        expect([table, await count(table)]).toEqual([table, 1]);
      }
    });

    it('take an address for nothing, and the same uid of another marketplace for somebody else', async () => {
      const ids = new Set<string>();
      for (const more of [{}, { uid: 'usr-2' }, { marketplace: 'other' }]) {
        ids.add((await adapters.users.findOrCreateUser(profile(more), context)).id);
      }
      expect(ids.size).toBe(3);
    });

    it('change a role, end a membership and close a company, each as often as it is asked', async () => {
      const user = await adapters.users.findOrCreateUser(profile(), context);
      const group = { marketplace: 'acme', uid: 'cld-1', name: 'Boatyard' } as never;
      const company = await adapters.groups.findOrCreateGroup(group, context);
      await adapters.groups.updateMember(company, user, { role: 'Member' } as never, context);
      const { rows } = await admin.query<{ role: string }>('select role from memberships');
      expect(rows).toEqual([{ role: 'Member' }]);
      const reference = { marketplace: 'acme', groupUid: 'cld-1', userUid: 'usr-1', realUserUid: 'usr-1' };
      for (let time = 0; time < 2; time += 1) await adapters.groups.removeMember(reference, context);
      expect(await adapters.groups.hasMember(company, user, context)).toBe(false);
      await adapters.groups.addMember(company, user, { role: 'Admin' } as never, context);
      for (let time = 0; time < 2; time += 1) await adapters.groups.deleteGroup(reference, context);
      expect(await count('memberships')).toBe(0);
      expect(await count('company_links')).toBe(0);
      expect(await count('companies')).toBe(1);
      // A company that comes back is a new customer.
      const again = await adapters.groups.findOrCreateGroup(group, context);
      expect(again.id).not.toBe(company.id);
    });
  });
});
