import type { ConnecClient } from '../../connec/client/connec-client.js';
import type { ConnecBatchResult, ConnecOperation } from '../../connec/client/connec-batch.js';
import type { ConnecRecord } from '../../connec/client/connec-resources.interface.js';
import {
  connecId,
  type ExternalId,
  type ExternalIdOwner,
  toExternalIds,
} from '../../connec/client/external-ids.js';
import { MaestranoConnecError } from '../../errors/connec.error.js';
import { MaestranoHttpError } from '../../errors/http.error.js';
import { MaestranoError } from '../../errors/maestrano.error.js';
import { MaestranoSyncError } from '../../errors/sync.error.js';
import type {
  ConnecPosition,
  ConnecRecords,
  ConnecSideRecord,
  ConnecWrite,
  ConnecWritten,
} from './connec-records.js';

/**
 * Records that a page goes back within one second: `$skip` counts through records that may leave the second meanwhile,
 * since every change gives them a later stamp.
 */
const MARGIN = 10;

/** The one record of a group that has no plural: it is read and changed without an id. */
const SINGULAR = 'company';

/** Statuses that say nothing about the record. */
const NOT_NOW = new Set([401, 403, 408, 429]);

/** How long a group is left alone that made too many requests: where Connec! does not say, and at most; milliseconds. */
const [PAUSE_MS, MAX_PAUSE_MS] = [60_000, 86_400_000];

/** Connec! through the client of one group. The client must ask for external ids. */
export class ConnecClientRecords implements ConnecRecords {
  #pausedUntil: number | null = null;

  constructor(
    private readonly client: ConnecClient,
    private readonly owner: ExternalIdOwner,
  ) {}

  get pausedUntil(): number | null {
    return this.#pausedUntil;
  }

  async page(
    resource: string,
    position: ConnecPosition,
    limit: number,
  ): Promise<{ readonly records: readonly ConnecSideRecord[]; readonly next: ConnecPosition | null }> {
    if (resource === SINGULAR) return { records: [await this.#company()], next: null };
    const { since, skip } = position;
    const from = since === null ? null : Math.floor(since / 1_000) * 1_000;
    const where = from === null ? {} : { updated_at: { gte: new Date(from) } };
    const page = await this.#reading(() =>
      this.client.list(resource, { where, orderBy: { updated_at: 'asc' }, top: limit, skip }),
    );
    const records = page.records.map((record) => this.#read(record));
    const last = records.at(-1)?.updatedAt;
    if (last === undefined || records.length < limit) return { records, next: null };
    const sameSecond = from !== null && last <= from;
    const next = sameSecond
      ? { since: from, skip: skip + Math.max(1, records.length - MARGIN) }
      : { since: last, skip: 0 };
    return { records, next };
  }

  async get(resource: string, ids: readonly string[]): Promise<readonly ConnecSideRecord[]> {
    if (resource === SINGULAR) return [await this.#company()].filter(({ id }) => ids.includes(id));
    const operations = ids.map((id): ConnecOperation => ({ method: 'get', resource, id }));
    const { results } = await this.#reading(() => this.client.batch(operations, { sequential: false }));
    const records: ConnecSideRecord[] = [];
    for (const result of results) {
      if (result.ok && result.record) records.push(this.#read(result.record));
      else if (!result.ok && result.status !== 404) throw this.#away(result.error);
    }
    return records;
  }

  async write(resource: string, writes: readonly ConnecWrite[]): Promise<readonly ConnecWritten[]> {
    if (resource === SINGULAR) {
      const written: ConnecWritten[] = [];
      for (const { changes } of writes) written.push(await this.#changeCompany(changes));
      return written;
    }
    const operations = writes.map((write) => this.#operation(resource, write));
    const { results } = await this.client.batch(operations, { sequential: false });
    return results.map((result) => this.#written(result));
  }

  #operation(resource: string, write: ConnecWrite): ConnecOperation {
    const id = write.externalId === null ? {} : { id: toExternalIds(write.externalId, this.owner) };
    const record = { ...write.changes, ...id };
    return write.kind === 'create'
      ? { method: 'post', resource, record }
      : { method: 'put', resource, id: write.id, record };
  }

  #company(): Promise<ConnecSideRecord> {
    return this.#reading(async () => this.#read(await this.client.get(SINGULAR)));
  }

  async #changeCompany(changes: Readonly<Record<string, unknown>>): Promise<ConnecWritten> {
    try {
      return { kind: 'done', record: this.#read(await this.client.put(SINGULAR, changes)) };
    } catch (error) {
      if (error instanceof MaestranoHttpError) return { kind: error.sent === 'no' ? 'notSent' : 'unknown' };
      if (!(error instanceof MaestranoConnecError)) throw error;
      this.#note(error);
      return this.#failed(error.status, error);
    }
  }

  #written(result: ConnecBatchResult): ConnecWritten {
    if (result.ok)
      return result.record ? { kind: 'done', record: this.#read(result.record) } : { kind: 'unknown' };
    const { error } = result;
    this.#note(error);
    const status = result.status ?? (error instanceof MaestranoConnecError ? error.status : null);
    if (error instanceof MaestranoHttpError) return { kind: error.sent === 'no' ? 'notSent' : 'unknown' };
    if (error instanceof MaestranoConnecError && error.code === 'connec.batchNotSent')
      return { kind: 'notSent' };
    if (status !== null && status < 500 && result.status === null) return { kind: 'notSent' };
    return this.#failed(status, error);
  }

  #failed(status: number | null, error: unknown): ConnecWritten {
    if (status === null || status >= 500) return { kind: 'unknown' };
    if (NOT_NOW.has(status)) return { kind: 'notSent' };
    if (status === 404) return { kind: 'notFound' };
    const codes = error instanceof MaestranoConnecError ? error.codes : [];
    return { kind: 'rejected', reason: [`Connec! responded with ${status}`, ...codes].join(', ') };
  }

  #read(record: ConnecRecord): ConnecSideRecord {
    const id = connecId(record.id);
    const updatedAt = Date.parse(record.updated_at ?? '');
    if (id === null || Number.isNaN(updatedAt)) {
      throw new MaestranoSyncError('sync.sideAway', {
        message: 'A record of Connec! has no id or no "updated_at".',
        marketplace: this.client.marketplace.name,
        group: this.client.group,
      });
    }
    const ids = Array.isArray(record.id) ? (record.id as readonly ExternalId[]) : [];
    const own = ids.filter(
      ({ provider, realm }) => provider === this.owner.provider && realm === this.owner.realm,
    );
    return {
      id,
      externalIds: own.map((one) => one.id),
      updatedAt,
      createdAt: record.created_at ?? null,
      record,
      owner: this.owner,
    };
  }

  async #reading<T>(read: () => Promise<T>): Promise<T> {
    try {
      return await read();
    } catch (error) {
      throw this.#away(error);
    }
  }

  /** Too many requests pause this group, not others (synchronization §5.8). */
  #note(error: unknown): void {
    if (!(error instanceof MaestranoConnecError) || error.code !== 'connec.rateLimited') return;
    const until = Date.now() + Math.min(MAX_PAUSE_MS, error.retryAfterMs ?? PAUSE_MS);
    this.#pausedUntil = Math.max(this.#pausedUntil ?? 0, until);
  }

  #away(cause: unknown): MaestranoSyncError {
    this.#note(cause);
    return new MaestranoSyncError('sync.sideAway', {
      // A wrong company or key looks like an outage unless its cause is said.
      message: `Connec! cannot be read at present${cause instanceof MaestranoError ? `: ${cause.message}` : '.'}`,
      marketplace: this.client.marketplace.name,
      group: this.client.group,
      cause,
    });
  }
}
