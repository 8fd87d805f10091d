import { setImmediate as nextTurn } from 'node:timers/promises';

import { Logger } from '@nestjs/common';

import { MaestranoSqlError } from '../errors/sql.error.js';
import { MaestranoStoreError } from '../errors/store.error.js';
import {
  MaestranoStore,
  type StoreCall,
  type StorePage,
  type StoreWrite,
} from '../stores/maestrano-store.js';
import { placeOf, readPlace } from '../stores/index-place.js';
import { decodeText, encodeText } from '../stores/stored-text.js';
import type { TransactionalStore } from '../stores/transactional-store.js';
import type { EntryTable, EntryWrite } from './entries/entry-table.js';
import { MysqlEntryTable } from './entries/mysql-entry-table.js';
import { PostgresEntryTable } from './entries/postgres-entry-table.js';
import { SqliteEntryTable } from './entries/sqlite-entry-table.js';
import { checkSqlSchema } from './migrations/sql-schema.js';
import { SqlCalls } from './sql-calls.js';
import { sqlWarnings } from './sql-durability.js';
import type { SqlExecutor } from './sql-executor.js';
import { tableName, type SqlTableOptions } from './sql-tables.js';

/** Bounds of a {@link SqlStore}, and where its table is. */
export interface SqlStoreOptions extends SqlTableOptions {
  /** Milliseconds after which a call is given up with `sql.timeout` or `sql.contention`; 5,000 by default. */
  readonly timeoutMs?: number;
  /**
   * Milliseconds between two looks for entries whose time is over, 60,000 by default. They go along with writes, so that
   * an application at rest sends nothing; 0 for none, where you call {@link SqlStore.sweep} yourself.
   */
  readonly sweepEveryMs?: number;
}

/** Without a time to live: longer than anybody's time. */
const FOR_EVER = Number.MAX_SAFE_INTEGER;

/** What passes by itself: health checks tell it, and calls do. */
const UNREACHABLE: ReadonlySet<string> = new Set(['sql.failed', 'sql.timeout', 'sql.contention']);

/** Entries of one step of a sweep, small so that nobody waits for it, and steps of one look. */
const [SWEEP_STEP, SWEEP_STEPS] = [100, 20];

/** Bytes of one list of writes: databases bound a packet. */
const MAX_LIST_BYTES = 1_000_000;

/**
 * Keeps everything in a table of your own PostgreSQL, MySQL, MariaDB or SQLite (docs/sql.md). Acknowledged writes stay,
 * entries may have no time to live, and {@link SqlStore.within} writes in your own transaction. Times count by the
 * clock of the database.
 */
export class SqlStore extends MaestranoStore implements TransactionalStore {
  override readonly durable = true;
  readonly #logger = new Logger('MaestranoSqlStore');
  readonly #executor: SqlExecutor;
  readonly #options: SqlStoreOptions;
  readonly #entries: EntryTable;
  readonly #calls: SqlCalls;
  #nextSweep = 0;
  #closed = false;
  #sweeping: Promise<unknown> = Promise.resolve();

  constructor(executor: SqlExecutor, options: SqlStoreOptions = {}) {
    super();
    this.#executor = executor;
    this.#options = options;
    this.#calls = new SqlCalls(options.timeoutMs ?? 5_000);
    this.#entries = entryTable(executor, tableName(executor.dialect, options, 'entry'));
  }

  override async get(key: string, call?: StoreCall): Promise<string | null> {
    this.checkKeys([key]);
    return decoded(await this.#work(call, () => this.#entries.read(key)));
  }

  override async getMany(keys: readonly string[], call?: StoreCall): Promise<(string | null)[]> {
    this.checkKeys(keys);
    if (keys.length === 0) return [];
    return this.#work(call, async () => {
      const found = await this.#entries.readMany([...new Set(keys)]);
      return keys.map((key) => decoded(found.get(key) ?? null));
    });
  }

  override async writeMany(writes: readonly StoreWrite[], call?: StoreCall): Promise<boolean[]> {
    this.checkWrites(writes);
    const wrote = await this.waitFor(call, async () => {
      const keys = new Set<string>();
      for (const list of listsOf(writes.map(entryWrite))) {
        for (const key of await this.#retried(() => this.#entries.write(list))) keys.add(key);
      }
      return keys;
    });
    this.#sweepInPassing();
    return writes.map(({ key }) => wrote.has(key));
  }

  override async take(key: string, call?: StoreCall): Promise<string | null> {
    this.checkKeys([key]);
    return this.#work(call, async () => decoded(await this.#entries.take(key)));
  }

  override async page(
    index: string,
    { before, limit }: { readonly before?: string; readonly limit: number },
    call?: StoreCall,
  ): Promise<StorePage> {
    this.checkPage(index, limit);
    const below = before === undefined ? null : readPlace(before);
    if (below && !Number.isSafeInteger(below.at)) {
      throw new MaestranoStoreError('store.argument', {
        message: 'A page begins at a place that no page gave.',
      });
    }
    return this.#work(call, async () => {
      // One more than wanted says whether anything follows.
      const found = await this.#entries.page(index, below, limit + 1);
      const entries = found
        .slice(0, limit)
        .map(({ key, value, at }) => ({ key, value: decodeText(value), at }));
      const last = entries.at(-1);
      return { entries, next: last && found.length > limit ? placeOf(last.at, last.key) : null };
    });
  }

  override ping(call?: StoreCall): Promise<void> {
    return this.#work(call, async () => {
      await this.#entries.read('ping');
    });
  }

  /** Settings of the database by which it may forget what it acknowledged, or stand in the way. */
  override warnings(call?: StoreCall): Promise<readonly string[]> {
    return this.#work(call, () => sqlWarnings(this.#executor));
  }

  /** Compares version and shape of the tables with what is needed. A database that is not reachable is no reason. */
  override async check(): Promise<void> {
    try {
      await checkSqlSchema(this.#executor, this.#options);
    } catch (error) {
      if (!(error instanceof MaestranoSqlError) || !UNREACHABLE.has(error.code)) throw error;
      this.#logger.warn(`The database did not respond at start-up: ${error.message}`);
    }
  }

  /**
   * Waits for its statements, for `timeoutMs` at most; the connections are yours. Those whose caller went away still use
   * them, and some libraries connect again for one that comes after they were closed.
   */
  override async close(): Promise<void> {
    this.#closed = true;
    await this.#sweeping;
    await this.#calls.settled();
  }

  /** @inheritdoc */
  within(transaction: unknown): SqlStore {
    return new SqlStore(this.#executor.within(transaction), this.#options);
  }

  /** @inheritdoc */
  transaction<T>(work: (store: SqlStore, transaction: unknown) => Promise<T>): Promise<T> {
    return this.#executor.transaction((executor) =>
      work(new SqlStore(executor, this.#options), executor.native),
    );
  }

  /** Removes entries whose time is over, in small steps; says how many. Any number of instances may do so at once. */
  async sweep(): Promise<number> {
    let removed = 0;
    for (let step = 0; step < SWEEP_STEPS; step += 1) {
      const some = await this.#retried(() => this.#entries.sweep(SWEEP_STEP));
      removed += some;
      if (some < SWEEP_STEP) break;
      // A driver that never waits would not let anybody else have a turn.
      await nextTurn();
    }
    return removed;
  }

  #sweepInPassing(): void {
    const { sweepEveryMs = 60_000 } = this.#options;
    const now = performance.now();
    if (this.#closed || sweepEveryMs <= 0 || this.#executor.inTransaction || now < this.#nextSweep) return;
    // Instances that were started together do not look together for ever.
    this.#nextSweep = now + sweepEveryMs * (0.5 + Math.random());
    this.#sweeping = this.sweep().then(
      (removed) => {
        if (removed === SWEEP_STEP * SWEEP_STEPS) this.#nextSweep = 0;
      },
      // What could not be removed now is removed later, and never seen meanwhile.
      () => undefined,
    );
  }

  #work<T>(call: StoreCall | undefined, work: () => Promise<T>): Promise<T> {
    return this.waitFor(call, () => this.#retried(work));
  }

  #retried<T>(work: () => Promise<T>): Promise<T> {
    return this.#calls.run(this.#executor, work);
  }
}

function entryTable(executor: SqlExecutor, table: string): EntryTable {
  if (executor.dialect === 'postgres') return new PostgresEntryTable(executor, table);
  if (executor.dialect === 'mysql') return new MysqlEntryTable(executor, table);
  return new SqliteEntryTable(executor, table);
}

function entryWrite({ key, expected, value, ttlMs, index }: StoreWrite): EntryWrite {
  const indexed = value === null ? undefined : index;
  return {
    key,
    expects: expected === undefined ? 'any' : expected === null ? 'none' : 'same',
    expected: typeof expected === 'string' ? encodeText(expected) : null,
    value: value === null ? null : encodeText(value),
    ttl: ttlMs === null ? FOR_EVER : Math.max(1, Math.round(ttlMs)),
    index: indexed?.name ?? null,
    at: indexed?.at ?? null,
  };
}

function decoded(stored: string | null): string | null {
  return stored === null ? null : decodeText(stored);
}

/** The writes in lists that a database takes at once, each with at least one. */
function listsOf(writes: readonly EntryWrite[]): EntryWrite[][] {
  const lists: EntryWrite[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const write of writes) {
    const size = (write.value?.length ?? 0) + (write.expected?.length ?? 0) + write.key.length + 100;
    if (bytes + size > MAX_LIST_BYTES) {
      lists.push([]);
      bytes = 0;
    }
    lists.at(-1)?.push(write);
    bytes += size;
  }
  return lists;
}
