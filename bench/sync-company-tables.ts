import type { SyncChanges, SyncContext, SyncIdentity, SyncSource, SyncWrite } from '../src/sync/index.js';
import { openSqlite } from './sync-bench-store.js';
import { CompanyRows, ContactRows } from './sync-contact-rows.js';
import { type BenchContact, BenchContacts, type ContactTable } from './sync-contacts.js';
import { madeAt, type Reached, realNow } from './sync-world.js';

/**
 * The contacts of many companies, which are looked up by their company: in a file of SQLite, or in memory where its driver is not
 * installed.
 */
export class CompanyTables implements SyncSource<BenchContact> {
  readonly versions = 'table';
  readonly #rows: ContactRows | null;
  readonly #tables = new Map<string, BenchContacts>();
  #reached: Reached[] = [];

  constructor(path: string) {
    const database = openSqlite(path);
    this.#rows = database && new ContactRows(database);
  }

  close(): void {
    this.#rows?.close();
  }

  of(group: string): ContactTable {
    if (this.#rows) return new CompanyRows(this.#rows, group);
    const table = this.#tables.get(group) ?? new BenchContacts();
    this.#tables.set(group, table);
    return table;
  }

  /** Gives a company so many contacts. */
  fill(group: string, count: number): void {
    const table = this.of(group);
    const add = (): void => {
      for (let n = 0; n < count; n += 1) table.add({ firstName: `Jo ${n}`, lastName: `Doe the ${n}th` });
    };
    if (this.#rows) this.#rows.together(add);
    else add();
  }

  /** Changes of Connec! that arrived since it was asked last. */
  reached(): readonly Reached[] {
    const reached = this.#reached;
    this.#reached = [];
    return reached;
  }

  changes(
    query: { readonly cursor: string | null; readonly limit: number },
    { scope }: SyncContext,
  ): Promise<SyncChanges<BenchContact>> {
    return this.of(scope.group).changes(query);
  }

  get(ids: readonly string[], { scope }: SyncContext): Promise<readonly BenchContact[]> {
    return this.of(scope.group).get(ids);
  }

  create(values: Partial<BenchContact>, write: SyncWrite): Promise<BenchContact> {
    return this.of(write.scope.group).create(values, write);
  }

  find(key: string, { scope }: SyncContext): Promise<BenchContact | null> {
    return this.of(scope.group).find(key);
  }

  async update(
    id: string,
    values: Partial<BenchContact>,
    write: SyncContext & { readonly ifVersion: SyncIdentity['version'] },
  ): Promise<BenchContact | 'stale' | null> {
    const row = await this.of(write.scope.group).update(id, values, write);
    const at = row === 'stale' ? null : madeAt(values.lastName);
    if (at !== null) this.#reached.push([at, realNow() - at]);
    return row;
  }

  identity({ id, rev, updatedAt, key }: BenchContact): SyncIdentity {
    return { id, version: rev, updatedAt, bornAt: null, key };
  }
}
