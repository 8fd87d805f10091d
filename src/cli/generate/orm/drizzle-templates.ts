import { findOrCreateGroup, findOrCreateUser } from './find-or-create.js';
import type { OrmTemplates } from './orm-templates.interface.js';

const SCHEMA = `import type { NodePgDatabase } from 'drizzle-orm/node-postgres';
import { pgTable, primaryKey, text, timestamp, uuid } from 'drizzle-orm/pg-core';

/** What the database is provided as: \`{ provide: DATABASE, useValue: drizzle({ client: pool }) }\`. */
export const DATABASE = Symbol('DATABASE');
export type Database = NodePgDatabase;

export const users = pgTable('users', {
  id: uuid('id').primaryKey().defaultRandom(),
  name: text('name').notNull(),
  /** Where mail goes. Not unique, and no proof of anything: see the guide. */
  email: text('email'),
});

/** Which person of which marketplace somebody is. The key decides between two first logins at once. */
export const userLinks = pgTable(
  'user_links',
  {
    marketplace: text('marketplace').notNull(),
    uid: text('uid').notNull(),
    userId: uuid('user_id').notNull(),
  },
  (table) => [primaryKey({ columns: [table.marketplace, table.uid] })],
);

export const companies = pgTable('companies', {
  id: uuid('id').primaryKey().defaultRandom(),
  name: text('name').notNull(),
  closedAt: timestamp('closed_at', { withTimezone: true }),
});

export const companyLinks = pgTable(
  'company_links',
  {
    marketplace: text('marketplace').notNull(),
    uid: text('uid').notNull(),
    companyId: uuid('company_id').notNull(),
  },
  (table) => [primaryKey({ columns: [table.marketplace, table.uid] })],
);

export const memberships = pgTable(
  'memberships',
  {
    companyId: uuid('company_id').notNull(),
    userId: uuid('user_id').notNull(),
    role: text('role').notNull(),
  },
  (table) => [primaryKey({ columns: [table.companyId, table.userId] })],
);

export type User = typeof users.$inferSelect;
export type Company = typeof companies.$inferSelect;
`;

const USER_ADAPTER = `import { Inject, Injectable } from '@nestjs/common';
import { and, eq } from 'drizzle-orm';
import { MaestranoUserAdapter, type UserProfile } from 'nestjs-maestrano';
import { DATABASE, type Database, type User, userLinks, users } from './accounts.schema{suffix}';

export type AppUser = User;

@Injectable()
export class UserAdapter extends MaestranoUserAdapter<User> {
  constructor(@Inject(DATABASE) private readonly db: Database) {
    super();
  }

${findOrCreateUser('User')}

  private async find({ marketplace, uid }: UserProfile): Promise<User | null> {
    const [row] = await this.db
      .select({ user: users })
      .from(userLinks)
      .innerJoin(users, eq(users.id, userLinks.userId))
      .where(and(eq(userLinks.marketplace, marketplace), eq(userLinks.uid, uid)));
    return row?.user ?? null;
  }

  private create({ marketplace, uid, email, firstName, lastName }: UserProfile): Promise<User> {
    const name = [firstName, lastName].filter(Boolean).join(' ') || uid;
    return this.db.transaction(async (tx) => {
      const [user] = await tx.insert(users).values({ name, email }).returning();
      await tx.insert(userLinks).values({ marketplace, uid, userId: user!.id });
      return user!;
    });
  }
}
`;

const GROUP_ADAPTER = `import { Inject, Injectable } from '@nestjs/common';
import { and, eq } from 'drizzle-orm';
import {
  type GroupProfile,
  type GroupReference,
  MaestranoGroupAdapter,
  type MembershipProfile,
  type MembershipReference,
} from 'nestjs-maestrano';
import {
  companies,
  type Company,
  companyLinks,
  DATABASE,
  type Database,
  memberships,
  type User,
  userLinks,
} from './accounts.schema{suffix}';

export type AppGroup = Company;

@Injectable()
export class GroupAdapter extends MaestranoGroupAdapter<Company, User> {
  constructor(@Inject(DATABASE) private readonly db: Database) {
    super();
  }

${findOrCreateGroup('Company')}

  override async hasMember(company: Company, user: User): Promise<boolean> {
    const found = await this.db.select().from(memberships).where(membershipOf(company.id, user.id));
    return found.length > 0;
  }

  override async addMember(company: Company, user: User, { role }: MembershipProfile): Promise<void> {
    await this.db
      .insert(memberships)
      .values({ companyId: company.id, userId: user.id, role })
      .onConflictDoUpdate({ target: [memberships.companyId, memberships.userId], set: { role } });
  }

  override updateMember(company: Company, user: User, membership: MembershipProfile): Promise<void> {
    return this.addMember(company, user, membership);
  }

  /** Also for somebody who is no member any more: the platform may repeat itself. */
  override async removeMember({ marketplace, groupUid, userUid }: MembershipReference): Promise<void> {
    const company = await this.find(marketplace, groupUid);
    const [link] = await this.db
      .select()
      .from(userLinks)
      .where(and(eq(userLinks.marketplace, marketplace), eq(userLinks.uid, userUid)));
    if (company && link) await this.db.delete(memberships).where(membershipOf(company.id, link.userId));
  }

  /** The company cancelled: nobody is let in any more, and what the law wants kept stays. */
  override async deleteGroup({ marketplace, groupUid }: GroupReference): Promise<void> {
    const company = await this.find(marketplace, groupUid);
    if (!company) return;
    await this.db.transaction(async (tx) => {
      await tx.update(companies).set({ closedAt: new Date() }).where(eq(companies.id, company.id));
      await tx.delete(memberships).where(eq(memberships.companyId, company.id));
      await tx.delete(companyLinks).where(eq(companyLinks.companyId, company.id));
    });
  }

  private async find(marketplace: string, uid: string): Promise<Company | null> {
    const [row] = await this.db
      .select({ company: companies })
      .from(companyLinks)
      .innerJoin(companies, eq(companies.id, companyLinks.companyId))
      .where(and(eq(companyLinks.marketplace, marketplace), eq(companyLinks.uid, uid)));
    return row?.company ?? null;
  }

  private create({ marketplace, uid, name }: GroupProfile): Promise<Company> {
    return this.db.transaction(async (tx) => {
      const [company] = await tx
        .insert(companies)
        .values({ name: name ?? uid })
        .returning();
      await tx.insert(companyLinks).values({ marketplace, uid, companyId: company!.id });
      return company!;
    });
  }
}

function membershipOf(companyId: string, userId: string) {
  return and(eq(memberships.companyId, companyId), eq(memberships.userId, userId));
}
`;

/** `drizzle-orm` 0.45 on PostgreSQL. */
export const DRIZZLE: OrmTemplates = {
  files: {
    'accounts.schema.ts': SCHEMA,
    'user.adapter.ts': USER_ADAPTER,
    'group.adapter.ts': GROUP_ADAPTER,
  },
  imports:
    "import { sql } from 'drizzle-orm';\nimport { DATABASE, type Database } from './accounts.schema{suffix}';\n",
  inject: 'DATABASE',
  parameter: 'db: Database',
  executor: "drizzleExecutor(db, sql, 'postgres')",
  advice: {
    reason: 'The adapters ask for your database as DATABASE of ./maestrano/accounts.schema.',
    lines: [
      "{ provide: DATABASE, useFactory: () => drizzle({ client: new Pool({ connectionString: process.env['DATABASE_URL'] }) }) } // in a @Global() module",
      '// npx nestjs-maestrano db print --dialect postgres has the tables of the store',
    ],
  },
};
