import { MaestranoSyncError } from '../../errors/sync.error.js';
import type { AppRecord, SyncEntity } from '../fields/entity-definition.js';
import {
  SyncCursorExpired,
  SyncNotFound,
  SyncRejected,
  SyncRetry,
  SyncStale,
} from '../source/sync-source.error.js';
import type { SyncChanges, SyncContext } from '../source/sync-source.js';
import type { SyncFailedCall } from '../store/sync-link.js';
import type { SyncScope } from '../store/sync-store.js';
import { errorName } from './call-failure.js';
import { type AppSideRecord, readApp } from './records.js';

/** Most records of one `get`. */
const MAX_IDS = 100;

/** Longest that a source may have the engine wait: a day, in milliseconds. */
const LONGEST_WAIT = 86_400_000;

/** What became of a write to the application. */
export type AppWritten =
  | { readonly kind: 'done'; readonly record: AppSideRecord }
  | { readonly kind: 'stale' }
  | { readonly kind: 'notFound' }
  | { readonly kind: 'rejected'; readonly reason: string; readonly field: string | null }
  /** Nothing was written, and nothing can be for so many milliseconds. */
  | { readonly kind: 'later'; readonly afterMs: number }
  /** It may have happened. */
  | ({ readonly kind: 'unknown' } & SyncFailedCall);

/** The calls of an entity's source, each with a deadline, and with records read as the engine sees them. */
export class SourceCalls {
  #pausedUntil: number | null = null;
  #checked = false;

  constructor(
    private readonly entity: SyncEntity,
    private readonly scope: SyncScope,
    private readonly application: Pick<SyncContext, 'tenant' | 'executor' | 'now'>,
    private readonly timeoutMs: number,
  ) {}

  /** Until when the source asked not to be read, in milliseconds of the epoch; null where it never did. */
  get pausedUntil(): number | null {
    return this.#pausedUntil;
  }

  /** A page of changes; from the beginning where the cursor has expired. @throws MaestranoSyncError `sync.sideAway`, `sync.declaration` */
  async changes(
    cursor: string | null,
    limit: number,
  ): Promise<Omit<SyncChanges<AppRecord>, 'records'> & { readonly records: readonly AppSideRecord[] }> {
    const { source } = this.entity;
    return this.#read(async (context) => {
      const page = await source.changes({ cursor, limit }, context).catch((error: unknown) => {
        if (!(error instanceof SyncCursorExpired) || cursor === null) throw error;
        return source.changes({ cursor: null, limit }, context);
      });
      return { ...page, records: page.records.map((record) => readApp(this.entity, record)) };
    });
  }

  /** Records by id. @throws MaestranoSyncError `sync.sideAway`, `sync.declaration` */
  async get(ids: readonly string[]): Promise<ReadonlyMap<string, AppSideRecord>> {
    const found = new Map<string, AppSideRecord>();
    for (let start = 0; start < ids.length; start += MAX_IDS) {
      const wanted = ids.slice(start, start + MAX_IDS);
      const records = await this.#read(async (context) =>
        (await this.entity.source.get(wanted, context)).map((record) => readApp(this.entity, record)),
      );
      for (const read of records) if (wanted.includes(read.id)) found.set(read.id, read);
    }
    return found;
  }

  /** @throws MaestranoSyncError `sync.sideAway`, `sync.declaration` */
  async find(key: string): Promise<AppSideRecord | null> {
    return this.#read(async (context) => {
      const record = await this.entity.source.find(key, context);
      return record === null ? null : readApp(this.entity, record);
    });
  }

  async create(data: AppRecord, key: string): Promise<AppWritten> {
    return this.#write('create', (context) => this.entity.source.create(data, { ...context, key }));
  }

  async update(record: AppSideRecord, changes: AppRecord): Promise<AppWritten> {
    const { id, ifVersion } = record;
    return this.#write('update', (context) =>
      this.entity.source.update(id, changes, { ...context, ifVersion }),
    );
  }

  async #read<T>(call: (context: SyncContext) => Promise<T>): Promise<T> {
    try {
      await this.#check();
      return await this.#withDeadline(call);
    } catch (cause) {
      if (cause instanceof MaestranoSyncError && cause.code === 'sync.declaration')
        throw this.#declared(cause);
      const isPaused = cause instanceof SyncRetry;
      if (isPaused) this.#pausedUntil = Math.max(this.#pausedUntil ?? 0, Date.now() + waitOf(cause));
      throw new MaestranoSyncError('sync.sideAway', {
        message: `The source of "${this.entity.name}" ${isPaused ? 'asks to be left alone for a while' : 'failed'}.`,
        marketplace: this.scope.marketplace,
        group: this.scope.group,
        entity: this.entity.name,
        cause,
      });
    }
  }

  /** Whether the source has the properties that the entity maps: before anything is read of it. */
  async #check(): Promise<void> {
    const { source, rules, lists } = this.entity;
    if (this.#checked || source.check === undefined) return;
    const properties = Object.fromEntries([...rules, ...lists].map(({ app, name }) => [app, name]));
    await this.#withDeadline(async (context) => source.check?.(properties, context));
    this.#checked = true;
  }

  /** What is wrong with the declaration is no reason to try again: a person has to correct it. */
  #declared({ message, remedy, fields, cause }: MaestranoSyncError): MaestranoSyncError {
    return new MaestranoSyncError('sync.declaration', {
      message: remedy === '' ? message : message.slice(0, -remedy.length).trimEnd(),
      remedy,
      marketplace: this.scope.marketplace,
      group: this.scope.group,
      entity: this.entity.name,
      fields,
      cause,
    });
  }

  async #write(
    call: SyncFailedCall['call'],
    work: (context: SyncContext) => Promise<AppRecord | 'stale' | null>,
  ): Promise<AppWritten> {
    try {
      const written = await this.#withDeadline(work);
      if (written === null) return { kind: 'notFound' };
      if (written === 'stale') return { kind: 'stale' };
      return { kind: 'done', record: readApp(this.entity, written) };
    } catch (error) {
      if (error instanceof SyncRejected) {
        return { kind: 'rejected', reason: error.reason, field: error.field ?? null };
      }
      if (error instanceof SyncStale) return { kind: 'stale' };
      if (error instanceof SyncNotFound) return { kind: 'notFound' };
      if (error instanceof SyncRetry) return { kind: 'later', afterMs: waitOf(error) };
      return { kind: 'unknown', call, error: errorName(error) };
    }
  }

  async #withDeadline<T>(call: (context: SyncContext) => Promise<T>): Promise<T> {
    const controller = new AbortController();
    let timer: NodeJS.Timeout | undefined;
    const deadline = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => {
        controller.abort();
        const late = new Error('The source did not respond within its deadline.');
        reject(Object.assign(late, { name: 'TimeoutError' }));
      }, this.timeoutMs);
      timer.unref();
    });
    try {
      const { tenant, executor, now } = this.application;
      const context = { scope: this.scope, tenant, executor, signal: controller.signal, ...(now && { now }) };
      return await Promise.race([call(context), deadline]);
    } finally {
      clearTimeout(timer);
    }
  }
}

/** What is no number is no time to wait for. */
function waitOf({ afterMs }: SyncRetry): number {
  return Math.min(LONGEST_WAIT, Math.max(0, afterMs || 0));
}
