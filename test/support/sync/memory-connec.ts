import type { ExternalId, ExternalIdOwner } from '../../../src/connec/client/external-ids.js';
import type {
  ConnecPosition,
  ConnecRecords,
  ConnecSideRecord,
  ConnecWrite,
  ConnecWritten,
} from '../../../src/sync/connec/connec-records.js';

type Values = Readonly<Record<string, unknown>>;

/** Whose external ids the engine's are. */
export const OWNER = { provider: 'app', realm: 'r' };

/** What the references of the tests refer to. */
const REFERRED: Readonly<Record<string, string>> = { organization_id: 'organizations', contact_id: 'people' };

/** A record of Connec! in memory. */
export interface MemoryRecord {
  readonly id: string;
  readonly resource: string;
  readonly externalIds: readonly string[];
  readonly updatedAt: number;
  readonly createdAt: string;
  readonly owner: ExternalIdOwner;
  readonly record: Values;
  /** When it becomes visible in lists. */
  readonly listedAt: number;
}

/** One group's Connec! in memory: users that edit, and a platform that answers in the ways that are known of it. */
export class MemoryConnec implements ConnecRecords {
  readonly records = new Map<string, MemoryRecord>();
  /** Writes of the engine, as they were sent. */
  readonly writes: ConnecWrite[] = [];
  /** Requests for pages and records. */
  reads = 0;
  /** Those for pages alone. */
  pages = 0;
  /** What becomes of the next write; throws for a platform that is away. */
  fault: ((write: ConnecWrite) => ConnecWritten | 'applied, and nobody knows' | null) | null = null;
  /** The platform's form of what is written. */
  form: (values: Values) => Values = (values) => values;
  /** Called before anything is read. */
  beforeRead: (() => void) | null = null;
  #ids = 0;

  /** What a user at the platform makes. */
  add(record: Values, { hideFor = 0, resource = 'people' } = {}): MemoryRecord {
    return this.#put({ id: `c${(this.#ids += 1)}`, resource, externalIds: [], record, hideFor });
  }

  edit(id: string, changes: Values): MemoryRecord {
    const there = this.records.get(id)!;
    return this.#put({ ...there, record: { ...there.record, ...changes }, hideFor: 0 });
  }

  /** Merges a record into another one, with its ids. */
  mergeInto(winner: string, loser: string): void {
    const [into, gone] = [this.records.get(winner)!, this.records.get(loser)!];
    this.records.delete(loser);
    this.#put({ ...into, externalIds: [...into.externalIds, ...gone.externalIds], hideFor: 0 });
  }

  by(name: string, value: unknown): MemoryRecord | undefined {
    return [...this.records.values()].find(({ record }) => record[name] === value);
  }

  async page(
    resource: string,
    { since, skip }: ConnecPosition,
    limit: number,
  ): Promise<{ readonly records: readonly ConnecSideRecord[]; readonly next: ConnecPosition | null }> {
    this.reads += 1;
    this.pages += 1;
    this.beforeRead?.();
    const from = since === null ? null : Math.floor(since / 1_000) * 1_000;
    const all = [...this.records.values()]
      .filter(
        (one) => one.resource === resource && one.updatedAt >= (from ?? 0) && one.listedAt <= Date.now(),
      )
      .toSorted((one, other) => one.updatedAt - other.updatedAt);
    const records = all.slice(skip, skip + limit);
    const last = records.at(-1)?.updatedAt;
    if (last === undefined || records.length < limit) return { records, next: null };
    const sameSecond = from !== null && last <= from;
    return { records, next: sameSecond ? { since: from, skip: skip + limit } : { since: last, skip: 0 } };
  }

  async get(_resource: string, ids: readonly string[]): Promise<readonly ConnecSideRecord[]> {
    this.reads += 1;
    this.beforeRead?.();
    return ids.flatMap((id) => this.records.get(id) ?? []);
  }

  async write(resource: string, writes: readonly ConnecWrite[]): Promise<readonly ConnecWritten[]> {
    return writes.map((write) => {
      this.writes.push(write);
      const fault = this.fault?.(write) ?? null;
      if (fault !== null && typeof fault === 'object') return fault;
      const record = this.#apply(resource, write);
      if (fault !== null) return { kind: 'unknown' };
      return record ? { kind: 'done', record } : { kind: 'notFound' };
    });
  }

  #apply(resource: string, write: ConnecWrite): MemoryRecord | null {
    const values = this.form(write.changes);
    if (write.kind === 'update') {
      const there = this.records.get(write.id);
      if (!there) return null;
      const added = write.externalId === null ? [] : [write.externalId];
      return this.#put({
        ...there,
        externalIds: [...new Set([...there.externalIds, ...added])],
        record: { ...there.record, ...values },
        hideFor: 0,
      });
    }
    const there = [...this.records.values()].find(
      (one) => one.resource === resource && one.externalIds.includes(write.externalId),
    );
    if (there) return this.#put({ ...there, record: { ...there.record, ...values }, hideFor: 0 });
    const id = `c${(this.#ids += 1)}`;
    return this.#put({ id, resource, externalIds: [write.externalId], record: values, hideFor: 0 });
  }

  /** As the platform shows references and lines: with ids of its own, beside ours. */
  #withReferences(record: Values): Values {
    const named = Object.entries(record).map(([name, value]): [string, unknown] => {
      if (name === 'lines' && Array.isArray(value))
        return [name, value.map((line: Values) => this.#line(line))];
      if (!name.endsWith('_id') || !Array.isArray(value)) return [name, value];
      const own = (value as readonly ExternalId[]).find(({ provider }) => provider !== 'connec')?.id;
      const resource = REFERRED[name];
      const referred = [...this.records.values()].find(
        (one) => one.resource === resource && one.externalIds.includes(own ?? ''),
      );
      return [name, referred?.id ?? null];
    });
    return Object.fromEntries(named);
  }

  #line(line: Values): Values {
    const ids = Array.isArray(line['id']) ? (line['id'] as readonly ExternalId[]) : [];
    if (ids.some(({ provider }) => provider === 'connec')) return line;
    return { ...line, id: [...ids, { id: `line${(this.#ids += 1)}`, provider: 'connec', realm: 'org' }] };
  }

  #put({
    id,
    resource,
    externalIds,
    record,
    hideFor,
  }: Pick<MemoryRecord, 'id' | 'resource' | 'externalIds' | 'record'> & {
    readonly hideFor: number;
  }): MemoryRecord {
    const now = Date.now();
    const before = this.records.get(id);
    const put = {
      id,
      resource,
      externalIds,
      record: this.#withReferences(record),
      updatedAt: Math.floor(now / 1_000) * 1_000,
      owner: OWNER,
      createdAt: before?.createdAt ?? new Date(now).toISOString(),
      listedAt: before?.listedAt ?? now + hideFor,
    };
    this.records.set(id, put);
    return put;
  }
}
