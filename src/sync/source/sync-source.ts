import type { SqlExecutor } from '../../sql/sql-executor.js';
import type { SyncScope } from '../store/sync-store.js';

/** What every call of a source gets. */
export interface SyncContext {
  /** Whose records. */
  readonly scope: SyncScope;
  /** The application's own name of the customer: `tenant` of the module's options, the group's id by default. */
  readonly tenant: unknown;
  /** The application's database, where the module knows it; null elsewhere. */
  readonly executor: SqlExecutor | null;
  /** Ends at the deadline of the call. */
  readonly signal: AbortSignal;
  /**
   * The time in milliseconds of the epoch by the clock that all instances share, for what a cursor says of time; that of
   * this process where it is left out.
   */
  readonly now?: () => number;
}

/** What identifies a record of the application. */
export interface SyncIdentity {
  readonly id: string | number | bigint;
  /**
   * Changes with every write. Numbers (and dates) must rise: a smaller one means that the database was restored from a
   * backup. With a text the engine only sees that something changed.
   */
  readonly version: number | bigint | Date | string;
  /** When it was last changed: the rule `newest` compares it with Connec!'s. */
  readonly updatedAt: Date;
  /**
   * When single properties were last changed, by their names: `newest` compares these where they are known, so that an
   * edit of another property does not make an older value win. None by default.
   */
  readonly fieldChangedAt?: Readonly<Record<string, Date>>;
  /** When it came into being. Needed where ids can be used again after a delete. */
  readonly bornAt?: Date | string | null;
  /** The `key` that it was created with; null for a record that the application made itself. */
  readonly key?: string | null;
}

/** A page of the application's changes. */
export interface SyncChanges<Local> {
  readonly records: readonly Local[];
  /** Ids of records that are certainly gone. */
  readonly deleted?: readonly string[];
  /** Where the next page begins. */
  readonly cursor: string;
  /** Whether a next page is there now. */
  readonly more: boolean;
  /**
   * From where the next run may begin without missing a transaction that is still open: numbers and stamps are drawn
   * before a commit, and rows with smaller ones can appear later. `cursor` only where the source lists in the order of
   * commits.
   */
  readonly safeUntil: string;
}

/** How to write. */
export interface SyncWrite extends SyncContext {
  /** Store it with the record under a unique index, and return the record that has it already instead of another. */
  readonly key: string;
}

/**
 * The application's side of an entity that goes to Connec! only (`direction: 'toConnec'`): it is read, and never written. What
 * its methods may throw stands at {@link SyncSource}.
 */
export interface SyncReadSource<Local> {
  /**
   * Whether versions rise over all records of the customer, as a sequence or a time does, or only within each record
   * (the default). With `table` the engine sees a restored backup also by records that are missing.
   */
  readonly versions?: 'table' | 'record';
  /** Properties that several records have in common: their fields must be `shared` in the entity. None by default. */
  readonly sharedProperties?: readonly string[];
  /** Whether it works on `context.executor`; false by default. */
  readonly needsExecutor?: boolean;
  /**
   * Called before the first read of a run with the properties that the entity maps, each with its field of Connec!. Rejects
   * with `sync.declaration` where records have no such property, as `table()` does; nothing is checked where it is left out.
   */
  check?(properties: Readonly<Record<string, string>>, context: SyncContext): Promise<void>;
  /** What changed behind the cursor, oldest first; everything without one. */
  changes(
    query: { readonly cursor: string | null; readonly limit: number },
    context: SyncContext,
  ): Promise<SyncChanges<Local>>;
  /** Up to 100 records, in any order; those that are not there are left out. */
  get(ids: readonly string[], context: SyncContext): Promise<readonly Local[]>;
  identity(record: Local): SyncIdentity;
}

/**
 * The application's side of an entity. A class for services; `table()` for a table.
 *
 * What a write may throw: `SyncRejected` for a record that will never be accepted as it is, `SyncRetry` where nothing was
 * written and nothing can be for a while, `SyncStale` and `SyncNotFound` where `update` would return `'stale'` and null.
 * `changes` may throw `SyncCursorExpired`, and every read `SyncRetry`, where the customer is left alone for a while.
 * Anything else is a failure: after a write the engine then takes its outcome for
 * unknown, waits, and reads what became of it.
 */
export interface SyncSource<Local> extends SyncReadSource<Local> {
  /**
   * Says aloud that `create` cannot keep its key: `find` is never asked then, and a create of unknown outcome is left to a
   * person (`sync.undecidedCreate`). False by default.
   */
  readonly withoutKey?: boolean;
  /** Creates a record of the mapped properties. */
  create(data: Partial<Local>, write: SyncWrite): Promise<Local>;
  /** The record that was created with the key; null when none was. */
  find(key: string, context: SyncContext): Promise<Local | null>;
  /** Changes the given properties if the record still has the version; `stale` when it has another, null when it is gone. */
  update(
    id: string,
    changes: Partial<Local>,
    write: SyncContext & { readonly ifVersion: SyncIdentity['version'] },
  ): Promise<Local | 'stale' | null>;
}
