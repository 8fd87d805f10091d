import { randomUUID } from 'node:crypto';

import { Injectable } from '@nestjs/common';
import { and, asc, eq } from 'drizzle-orm';
import type { GroupProfile, UserProfile } from 'nestjs-maestrano';

import { type Company, Database, type User } from '../database/database.js';

/** A member of a company. */
export interface Member {
  readonly user: User;
  readonly role: string;
}

/** Users and companies, and which of a marketplace they are. */
@Injectable()
export class AccountsService {
  constructor(private readonly database: Database) {}

  async findUser(marketplace: string, uid: string): Promise<User | null> {
    const { db, schema } = this.database;
    const { users, userLinks } = schema;
    const [row] = await db
      .select({ user: users })
      .from(userLinks)
      .innerJoin(users, eq(users.id, userLinks.userId))
      .where(and(eq(userLinks.marketplace, marketplace), eq(userLinks.uid, uid)));
    return row?.user ?? null;
  }

  async findCompany(marketplace: string, uid: string): Promise<Company | null> {
    const { db, schema } = this.database;
    const { companies, companyLinks } = schema;
    const [row] = await db
      .select({ company: companies })
      .from(companyLinks)
      .innerJoin(companies, eq(companies.id, companyLinks.companyId))
      .where(and(eq(companyLinks.marketplace, marketplace), eq(companyLinks.uid, uid)));
    return row?.company ?? null;
  }

  async findOrCreateUser({ marketplace, uid, email, firstName, lastName }: UserProfile): Promise<User> {
    const { users, userLinks } = this.database.schema;
    const name = [firstName, lastName].filter(Boolean).join(' ') || uid;
    const user: User = { id: randomUUID(), name, email, createdAt: Date.now() };
    return this.#foundOr(
      () => this.findUser(marketplace, uid),
      () =>
        this.database.transaction(async (tx) => {
          await tx.insert(users).values(user);
          await tx.insert(userLinks).values({ marketplace, uid, userId: user.id });
          return user;
        }),
    );
  }

  async findOrCreateCompany({ marketplace, uid, name }: GroupProfile): Promise<Company> {
    const { companies, companyLinks } = this.database.schema;
    const company: Company = { id: randomUUID(), name: name ?? uid, createdAt: Date.now(), closedAt: null };
    return this.#foundOr(
      () => this.findCompany(marketplace, uid),
      () =>
        this.database.transaction(async (tx) => {
          await tx.insert(companies).values(company);
          await tx.insert(companyLinks).values({ marketplace, uid, companyId: company.id });
          return company;
        }),
    );
  }

  async roleOf(companyId: string, userId: string): Promise<string | null> {
    const { db, schema } = this.database;
    const { memberships } = schema;
    const [row] = await db
      .select()
      .from(memberships)
      .where(and(eq(memberships.companyId, companyId), eq(memberships.userId, userId)));
    return row?.role ?? null;
  }

  /** Also for somebody who is a member already: the role may have changed. */
  async setMember(companyId: string, userId: string, role: string): Promise<void> {
    const { memberships } = this.database.schema;
    await this.database.transaction((tx) =>
      tx
        .insert(memberships)
        .values({ companyId, userId, role })
        .onConflictDoUpdate({ target: [memberships.companyId, memberships.userId], set: { role } }),
    );
  }

  async removeMember(companyId: string, userId: string): Promise<void> {
    const { memberships } = this.database.schema;
    const one = and(eq(memberships.companyId, companyId), eq(memberships.userId, userId));
    await this.database.transaction((tx) => tx.delete(memberships).where(one));
  }

  async members(companyId: string): Promise<Member[]> {
    const { db, schema } = this.database;
    const { memberships, users } = schema;
    return db
      .select({ user: users, role: memberships.role })
      .from(memberships)
      .innerJoin(users, eq(users.id, memberships.userId))
      .where(eq(memberships.companyId, companyId))
      .orderBy(asc(users.name));
  }

  /** What was booked stays for the books; nobody is let in any more, and a company that comes back is a new one. */
  async close(marketplace: string, uid: string): Promise<void> {
    const { companies, companyLinks, memberships } = this.database.schema;
    const company = await this.findCompany(marketplace, uid);
    if (!company) return;
    await this.database.transaction(async (tx) => {
      await tx.update(companies).set({ closedAt: Date.now() }).where(eq(companies.id, company.id));
      await tx.delete(memberships).where(eq(memberships.companyId, company.id));
      await tx.delete(companyLinks).where(eq(companyLinks.companyId, company.id));
    });
  }

  /** Of two who create at once the unique key lets one through; the other reads what the first one wrote. */
  async #foundOr<T>(find: () => Promise<T | null>, create: () => Promise<T>): Promise<T> {
    const present = await find();
    if (present) return present;
    try {
      return await create();
    } catch (error) {
      const made = await find();
      if (!made) throw error;
      return made;
    }
  }
}
