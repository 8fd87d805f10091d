import { Injectable } from '@nestjs/common';

import type { Company } from './company.js';
import type { User } from './user.js';

/** The application's own tables, in memory: yours are in a database. */
@Injectable()
export class AccountsService {
  private readonly users = new Map<string, User>();
  private readonly companies = new Map<string, Company>();
  private nextId = 1;

  findUser(marketplace: string, uid: string): User | undefined {
    return this.users.get(key(marketplace, uid));
  }

  createUser(user: Omit<User, 'id'>): User {
    const created = { ...user, id: this.nextId++ };
    this.users.set(key(user.marketplace, user.uid), created);
    return created;
  }

  findCompany(marketplace: string, uid: string): Company | undefined {
    return this.companies.get(key(marketplace, uid));
  }

  createCompany(company: Omit<Company, 'id' | 'members'>): Company {
    const created = { ...company, id: this.nextId++, members: new Map<number, string>() };
    this.companies.set(key(company.marketplace, company.uid), created);
    return created;
  }

  deleteCompany(marketplace: string, uid: string): void {
    this.companies.delete(key(marketplace, uid));
  }

  members(company: Company): { user: User; role: string }[] {
    return [...this.users.values()].flatMap((user) => {
      const role = company.members.get(user.id);
      return role === undefined ? [] : [{ user, role }];
    });
  }
}

function key(marketplace: string, uid: string): string {
  return `${marketplace}/${uid}`;
}
