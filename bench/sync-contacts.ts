import type { SyncChanges, SyncIdentity, SyncSource, SyncWrite } from '../src/sync/source/sync-source.js';

export interface BenchContact {
  readonly id: number;
  readonly firstName: string;
  readonly lastName: string;
  readonly key: string | null;
  readonly rev: number;
  readonly updatedAt: Date;
}

export type ContactValues = Partial<Pick<BenchContact, 'firstName' | 'lastName'>>;

/** What an application does with its rows, wherever it keeps them. */
export abstract class ContactTable {
  abstract add(values: ContactValues, key?: string | null): BenchContact;
  abstract edit(id: number, values: ContactValues): BenchContact;
  abstract changes(from: {
    readonly cursor: string | null;
    readonly limit: number;
  }): Promise<SyncChanges<BenchContact>>;
  abstract get(ids: readonly string[]): Promise<readonly BenchContact[]>;
  abstract find(key: string): Promise<BenchContact | null>;

  async create(values: ContactValues, { key }: SyncWrite): Promise<BenchContact> {
    return (await this.find(key)) ?? this.add(values, key);
  }

  async update(
    id: string,
    values: ContactValues,
    { ifVersion }: { readonly ifVersion: SyncIdentity['version'] },
  ): Promise<BenchContact | 'stale' | null> {
    const [row] = await this.get([id]);
    if (!row) return null;
    return row.rev === ifVersion ? this.edit(row.id, values) : 'stale';
  }
}

/** An application's table in memory, with an index of its versions: what it costs is next to nothing. */
export class BenchContacts extends ContactTable implements SyncSource<BenchContact> {
  readonly versions = 'table';
  readonly #rows = new Map<number, BenchContact>();
  readonly #byKey = new Map<string, BenchContact>();
  /** Ids by version; a later version of the same row leaves the earlier entry behind. */
  readonly #log: number[] = [];

  override add(values: ContactValues, key: string | null = null): BenchContact {
    return this.#put({ firstName: '', lastName: '', ...values, id: this.#rows.size + 1, key });
  }

  override edit(id: number, values: ContactValues): BenchContact {
    return this.#put({ ...this.#rows.get(id)!, ...values });
  }

  list(): readonly BenchContact[] {
    return [...this.#rows.values()];
  }

  override async changes({
    cursor,
    limit,
  }: {
    readonly cursor: string | null;
    readonly limit: number;
  }): Promise<SyncChanges<BenchContact>> {
    const records: BenchContact[] = [];
    let rev = Number(cursor ?? 0);
    for (; rev < this.#log.length && records.length < limit; rev += 1) {
      const row = this.#rows.get(this.#log[rev]!)!;
      if (row.rev === rev + 1) records.push(row);
    }
    return { records, cursor: String(rev), more: rev < this.#log.length, safeUntil: String(rev) };
  }

  override async get(ids: readonly string[]): Promise<readonly BenchContact[]> {
    return ids.flatMap((id) => this.#rows.get(Number(id)) ?? []);
  }

  override async find(key: string): Promise<BenchContact | null> {
    return this.#byKey.get(key) ?? null;
  }

  identity({ id, rev, updatedAt, key }: BenchContact): SyncIdentity {
    return { id, version: rev, updatedAt, bornAt: null, key };
  }

  #put(row: Omit<BenchContact, 'rev' | 'updatedAt'>): BenchContact {
    this.#log.push(row.id);
    const put = { ...row, rev: this.#log.length, updatedAt: new Date() };
    this.#rows.set(put.id, put);
    if (put.key !== null) this.#byKey.set(put.key, put);
    return put;
  }
}
