import { Injectable } from '@nestjs/common';
import type { GroupProfile, UserProfile } from 'nestjs-maestrano';
import { DataSource } from 'typeorm';

import { Company, CompanyLink, Hours, Membership, User, UserLink } from '../database/entities.js';
import { hashPassword, isPassword } from './passwords.js';

/** A member of a company. */
export interface Member {
  readonly user: User;
  readonly role: string;
}

/** What somebody types who comes without a marketplace. */
export interface SignUp {
  readonly company: string;
  readonly name: string;
  readonly email: string;
  readonly password: string;
}

/** Users and companies, those of marketplaces and our own. */
@Injectable()
export class AccountsService {
  constructor(private readonly source: DataSource) {}

  async userOf(marketplace: string, uid: string): Promise<User | null> {
    const link = await this.source.manager.findOneBy(UserLink, { marketplace, uid });
    return link && this.source.manager.findOneBy(User, { id: link.userId });
  }

  userById(id: string): Promise<User | null> {
    return this.source.manager.findOneBy(User, { id });
  }

  async companyOf(marketplace: string, uid: string): Promise<Company | null> {
    const link = await this.source.manager.findOneBy(CompanyLink, { marketplace, uid });
    return link && this.source.manager.findOneBy(Company, { id: link.companyId });
  }

  /** E-mail addresses say nothing: somebody else may have typed this one. A new person is a new user. */
  async findOrCreateUser({ marketplace, uid, email, firstName, lastName }: UserProfile): Promise<User> {
    const name = [firstName, lastName].filter(Boolean).join(' ') || uid;
    return this.#foundOr(
      () => this.userOf(marketplace, uid),
      () =>
        this.source.transaction(async (manager) => {
          const user = await manager.save(User, { name, email, loginEmail: null, passwordHash: null });
          await manager.insert(UserLink, { marketplace, uid, userId: user.id });
          return user as User;
        }),
    );
  }

  async findOrCreateCompany({ marketplace, uid, name }: GroupProfile): Promise<Company> {
    return this.#foundOr(
      () => this.companyOf(marketplace, uid),
      () =>
        this.source.transaction(async (manager) => {
          const company = await manager.save(Company, { name: name ?? uid, closedAt: null });
          await manager.insert(CompanyLink, { marketplace, uid, companyId: company.id });
          return company as Company;
        }),
    );
  }

  /** The company that somebody works for: the one of the login, or the first one of their own. */
  async companyFor(
    user: User,
    group: { marketplace: string; groupUid: string } | null,
  ): Promise<Company | null> {
    if (group) return this.companyOf(group.marketplace, group.groupUid);
    const membership = await this.source.manager.findOneBy(Membership, { userId: user.id });
    return membership && this.source.manager.findOneBy(Company, { id: membership.companyId });
  }

  isMember(companyId: string, userId: string): Promise<boolean> {
    return this.source.manager.existsBy(Membership, { companyId, userId });
  }

  /** Also for somebody who is a member already: the role may have changed. */
  async setMember(companyId: string, userId: string, role: string): Promise<void> {
    await this.source.manager.upsert(Membership, { companyId, userId, role }, ['companyId', 'userId']);
  }

  async removeMember(companyId: string, userId: string): Promise<void> {
    await this.source.manager.delete(Membership, { companyId, userId });
  }

  async members(companyId: string): Promise<Member[]> {
    const memberships = await this.source.manager.findBy(Membership, { companyId });
    const users = await Promise.all(memberships.map(({ userId }) => this.userById(userId)));
    return memberships
      .flatMap(({ role }, at) => (users[at] ? [{ user: users[at], role }] : []))
      .sort((one, other) => one.user.name.localeCompare(other.user.name));
  }

  /** The company cancelled: what was worked stays for the books, and nobody is let in any more. */
  async close(marketplace: string, uid: string): Promise<void> {
    const company = await this.companyOf(marketplace, uid);
    if (!company) return;
    await this.source.transaction(async (manager) => {
      await manager.update(Company, { id: company.id }, { closedAt: new Date() });
      await manager.delete(Membership, { companyId: company.id });
      await manager.delete(CompanyLink, { companyId: company.id });
    });
  }

  /** Null where the address is taken. */
  async signUp({ company, name, email, password }: SignUp): Promise<User | null> {
    const loginEmail = email.toLowerCase();
    const passwordHash = await hashPassword(password);
    try {
      return await this.source.transaction(async (manager) => {
        const user = await manager.save(User, { name, email, loginEmail, passwordHash });
        const made = await manager.save(Company, { name: company, closedAt: null });
        await manager.insert(Membership, { companyId: made.id, userId: user.id, role: 'Admin' });
        return user as User;
      });
    } catch (error) {
      if (await this.source.manager.existsBy(User, { loginEmail })) return null;
      throw error;
    }
  }

  async byPassword(email: string, password: string): Promise<User | null> {
    const user = await this.source.manager.findOneBy(User, { loginEmail: email.toLowerCase() });
    return (await isPassword(password, user?.passwordHash ?? null)) ? user : null;
  }

  /**
   * Makes one of two users: the one with a password stays, and is from now on the person of the marketplace, too. Who
   * asks has shown that both are theirs: by a login through the marketplace, and by the password.
   */
  async link(newcomer: User, account: User): Promise<void> {
    if (newcomer.id === account.id) return;
    await this.source.transaction(async (manager) => {
      const [from, to] = [{ userId: newcomer.id }, { userId: account.id }];
      await manager.update(UserLink, from, to);
      const memberships = await manager.findBy(Membership, from);
      for (const { companyId, role } of memberships) {
        await manager.upsert(Membership, { companyId, userId: account.id, role }, ['companyId', 'userId']);
      }
      await manager.delete(Membership, from);
      // Both may have written the same line: its minutes add up, and what is charged once is not charged again.
      await manager.query(
        `update hours kept set minutes = kept.minutes + gone.minutes, billed_at = coalesce(kept.billed_at, gone.billed_at)
         from hours gone where gone.user_id = $1 and kept.user_id = $2
         and (kept.company_id, kept.day, kept.customer) = (gone.company_id, gone.day, gone.customer)`,
        [newcomer.id, account.id],
      );
      await manager.query(
        `delete from hours gone using hours kept where gone.user_id = $1 and kept.user_id = $2
         and (kept.company_id, kept.day, kept.customer) = (gone.company_id, gone.day, gone.customer)`,
        [newcomer.id, account.id],
      );
      await manager.update(Hours, from, to);
      await manager.delete(User, { id: newcomer.id });
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
