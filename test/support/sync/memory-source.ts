import type {
  SyncChanges,
  SyncContext,
  SyncIdentity,
  SyncSource,
  SyncWrite,
} from '../../../src/sync/source/sync-source.js';

/** A row of a table in memory. */
export interface Row {
  readonly id: number;
  readonly key: string | null;
  readonly rev: number;
  readonly updatedAt: Date;
  readonly bornAt: string;
}

/** A table in memory as an application would have it: an application's own edits, and the engine's. */
export class MemorySource<T extends object> implements SyncSource<T & Row> {
  readonly versions = 'table';
  readonly rows = new Map<number, T & Row>();
  /** Writes of the engine. */
  readonly writes: string[] = [];
  /** Called before a write of the engine; throws to fail it. */
  before: ((what: string, data: Partial<T>) => void) | null = null;
  /** Called behind a write of the engine; throws for a response that gets lost. */
  after: ((what: string, row: T & Row) => void) | null = null;
  #rev = 0;
  #ids = 0;

  constructor(private readonly empty: T) {}

  /** What a user of the application does. */
  add(data: Partial<T>): T & Row {
    return this.#put({ ...this.empty, ...data, ...this.#born(null) });
  }

  edit(id: number, changes: Partial<T>): T & Row {
    return this.#put({ ...this.rows.get(id)!, ...changes });
  }

  /** A backup is put back: its rows, and its counter of versions. */
  restore(backup: ReadonlyMap<number, T & Row>): void {
    this.rows.clear();
    for (const [id, row] of backup) this.rows.set(id, row);
    this.#rev = Math.max(0, ...this.list.map(({ rev }) => rev));
  }

  get list(): readonly (T & Row)[] {
    return [...this.rows.values()];
  }

  async changes({
    cursor,
    limit,
  }: {
    readonly cursor: string | null;
    readonly limit: number;
  }): Promise<SyncChanges<T & Row>> {
    const after = this.list
      .filter(({ rev }) => rev > Number(cursor ?? 0))
      .toSorted((one, other) => one.rev - other.rev);
    const records = after.slice(0, limit);
    const next = String(records.at(-1)?.rev ?? cursor ?? 0);
    return { records, cursor: next, more: after.length > limit, safeUntil: next };
  }

  async get(ids: readonly string[]): Promise<readonly (T & Row)[]> {
    return ids.flatMap((id) => this.rows.get(Number(id)) ?? []);
  }

  async create(data: Partial<T & Row>, { key }: SyncWrite): Promise<T & Row> {
    this.before?.('create', data);
    const there = this.list.find((row) => row.key === key);
    if (there) return there;
    this.writes.push(`create ${JSON.stringify(data)}`);
    const made = this.#put({ ...this.empty, ...data, ...this.#born(key) });
    this.after?.('create', made);
    return made;
  }

  async find(key: string): Promise<(T & Row) | null> {
    return this.list.find((row) => row.key === key) ?? null;
  }

  async update(
    id: string,
    changes: Partial<T & Row>,
    { ifVersion }: SyncContext & { readonly ifVersion: SyncIdentity['version'] },
  ): Promise<(T & Row) | 'stale' | null> {
    this.before?.('update', changes);
    const row = this.rows.get(Number(id));
    if (!row) return null;
    if (row.rev !== ifVersion) return 'stale';
    this.writes.push(`update ${id} ${JSON.stringify(changes)}`);
    const written = this.#put({ ...row, ...changes });
    this.after?.('update', written);
    return written;
  }

  identity({ id, rev, updatedAt, bornAt, key }: T & Row): SyncIdentity {
    return { id, version: rev, updatedAt, bornAt, key };
  }

  #born(key: string | null): Row {
    return {
      id: (this.#ids += 1),
      key,
      rev: 0,
      updatedAt: new Date(Date.now()),
      bornAt: new Date(Date.now()).toISOString(),
    };
  }

  #put(row: T & Row): T & Row {
    const put = { ...row, rev: (this.#rev += 1), updatedAt: new Date(Date.now()) };
    this.rows.set(row.id, put);
    return put;
  }
}
