import type { SyncChanges } from '../src/sync/source/sync-source.js';
import type { Database } from './sync-bench-store.js';
import { type BenchContact, ContactTable, type ContactValues } from './sync-contacts.js';

/** A row as it is kept. */
interface Row extends Omit<BenchContact, 'updatedAt'> {
  readonly updatedAt: number;
}

/** Memory that the rows may take in this process, in KiB: a vendor has them in that of a database. */
const CACHE_KIB = 4_096;

const COLUMNS = 'id, firstName, lastName, key, rev, updatedAt';
const SCHEMA = [
  `create table contacts (company text not null, id integer not null, firstName text not null, lastName text not null,
    key text, rev integer not null, updatedAt integer not null, primary key (company, id)) without rowid`,
  'create index contacts_rev on contacts (company, rev)',
  'create unique index contacts_key on contacts (company, key) where key is not null',
];

/** An application's rows of all companies, in a file of SQLite beside the process's memory. */
export class ContactRows {
  readonly select;
  readonly changed;
  readonly byKey;
  readonly last;
  readonly put;
  /** It rises with every write, over all companies. */
  rev = 0;

  constructor(private readonly database: Database) {
    database.pragma('synchronous = normal');
    database.pragma(`cache_size = -${CACHE_KIB}`);
    for (const text of SCHEMA) database.prepare(text).run();
    const where = `select ${COLUMNS} from contacts where company = ?`;
    this.select = database.prepare(`${where} and id = ?`);
    this.changed = database.prepare(`${where} and rev > ? order by rev limit ?`);
    this.byKey = database.prepare(`${where} and key = ?`);
    this.last = database.prepare('select max(id) as id from contacts where company = ?');
    this.put = database.prepare(
      `insert or replace into contacts (company, ${COLUMNS}) values (?, ?, ?, ?, ?, ?, ?)`,
    );
  }

  /** Some work in one transaction. */
  together(work: () => void): void {
    this.database.prepare('begin').run();
    work();
    this.database.prepare('commit').run();
  }

  close(): void {
    this.database.close();
  }
}

/** The rows of one company. */
export class CompanyRows extends ContactTable {
  constructor(
    private readonly rows: ContactRows,
    private readonly company: string,
  ) {
    super();
  }

  override add(values: ContactValues, key: string | null = null): BenchContact {
    const [last] = this.rows.last.all(this.company) as { id: number | null }[];
    return this.#put({ firstName: '', lastName: '', ...values, id: (last?.id ?? 0) + 1, key });
  }

  override edit(id: number, values: ContactValues): BenchContact {
    return this.#put({ ...this.#read(this.rows.select.all(this.company, id))[0]!, ...values });
  }

  override async changes({
    cursor,
    limit,
  }: {
    readonly cursor: string | null;
    readonly limit: number;
  }): Promise<SyncChanges<BenchContact>> {
    const records = this.#read(this.rows.changed.all(this.company, Number(cursor ?? 0), limit));
    const next = String(records.at(-1)?.rev ?? cursor ?? 0);
    return { records, cursor: next, more: records.length === limit, safeUntil: next };
  }

  override async get(ids: readonly string[]): Promise<readonly BenchContact[]> {
    return ids.flatMap((id) => this.#read(this.rows.select.all(this.company, Number(id))));
  }

  override async find(key: string): Promise<BenchContact | null> {
    return this.#read(this.rows.byKey.all(this.company, key))[0] ?? null;
  }

  #read(found: readonly unknown[]): BenchContact[] {
    return (found as readonly Row[]).map((row) => ({ ...row, updatedAt: new Date(row.updatedAt) }));
  }

  #put(row: Omit<BenchContact, 'rev' | 'updatedAt'>): BenchContact {
    const put = { ...row, rev: (this.rows.rev += 1), updatedAt: new Date() };
    const { id, firstName, lastName, key, rev, updatedAt } = put;
    this.rows.put.run(this.company, id, firstName, lastName, key, rev, updatedAt.getTime());
    return put;
  }
}
