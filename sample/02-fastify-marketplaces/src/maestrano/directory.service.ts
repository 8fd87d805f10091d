import { Injectable } from '@nestjs/common';

/** A person of this application. */
export interface Person {
  readonly marketplace: string;
  readonly uid: string;
  readonly name: string;
  readonly email: string | null;
}

/** A company that uses this application through one of the marketplaces. */
export interface Company {
  readonly marketplace: string;
  readonly uid: string;
  readonly name: string;
  readonly members: Map<string, string>;
}

/** People and companies, in memory: yours are in a database, with the marketplace as part of the key. */
@Injectable()
export class DirectoryService {
  private readonly people = new Map<string, Person>();
  private readonly companies = new Map<string, Company>();

  ensurePerson(person: Person): Person {
    return ensure(this.people, `${person.marketplace}/${person.uid}`, person);
  }

  findPerson(marketplace: string, uid: string): Person | undefined {
    return this.people.get(`${marketplace}/${uid}`);
  }

  ensureCompany(company: Omit<Company, 'members'>): Company {
    return ensure(this.companies, `${company.marketplace}/${company.uid}`, {
      ...company,
      members: new Map(),
    });
  }

  findCompany(marketplace: string, uid: string): Company | undefined {
    return this.companies.get(`${marketplace}/${uid}`);
  }

  deleteCompany(marketplace: string, uid: string): void {
    this.companies.delete(`${marketplace}/${uid}`);
  }
}

function ensure<T>(all: Map<string, T>, key: string, fresh: T): T {
  const known = all.get(key);
  if (known) return known;
  all.set(key, fresh);
  return fresh;
}
