import { MaestranoSyncError } from '../../errors/sync.error.js';
import { checkSqlSchema } from '../../sql/migrations/sql-schema.js';
import { SqlCalls } from '../../sql/sql-calls.js';
import { SQL_NOW } from '../../sql/sql-dialect.js';
import { sqlLosses } from '../../sql/sql-durability.js';
import type { SqlExecutor, SqlRow } from '../../sql/sql-executor.js';
import type { SqlTableOptions } from '../../sql/sql-tables.js';
import { numberOf, rowsOf, textOf } from '../../sql/sql-values.js';
import type { SyncHoldKind, SyncLink } from '../store/sync-link.js';
import {
  NEW_GROUP,
  NEW_STREAM,
  type SyncCommit,
  type SyncCounts,
  type SyncGroupChanges,
  type SyncGroupPage,
  type SyncGroupState,
  type SyncHint,
  type SyncHistoryEntry,
  type SyncLease,
  type SyncLinkPage,
  type SyncRef,
  type SyncScope,
  SyncStore,
  type SyncStream,
} from '../store/sync-store.js';
import { groupOf, readGroups, writeGroup } from './group-rows.js';
import { hintId } from './hint-id.js';
import { ID_KINDS, ID_OF, idOf, LINK_COLUMNS } from './link-ids.js';
import { keyText, linkOf, scopeKey } from './link-rows.js';
import { acquireLease, addRow, leaseRow, renewLease } from './sync-leases.js';
import { Statement } from './statement.js';
import {
  hasDuplicates,
  isHeldElsewhere,
  overwriting,
  syncTables,
  type SyncTables,
  writeCommit,
} from './link-tables.js';

/** Where the tables of a {@link SqlSyncStore} are, and how long a call may take. */
export interface SqlSyncStoreOptions extends SqlTableOptions {
  /** Milliseconds after which a call is given up with `sql.timeout` or `sql.contention`; 10,000 by default. */
  readonly timeoutMs?: number;
}

/**
 * Keeps the links in your own PostgreSQL, MySQL, MariaDB or SQLite (docs/synchronization.md): what it acknowledged
 * stays. The tables are those of `migrateSql()` and of `nestjs-maestrano db print`. Leases count by the clock of the
 * database; every commit is one transaction under the lock of its lease.
 *
 * ```ts
 * new SqlSyncStore(pgExecutor(pool))
 * ```
 *
 * All methods reject with a `MaestranoSqlError` when the database cannot do its part.
 */
export class SqlSyncStore extends SyncStore {
  readonly durability = 'durable';
  /** The database that it was given. */
  readonly executor: SqlExecutor;
  readonly #options: SqlSyncStoreOptions;
  readonly #tables: SyncTables;
  readonly #calls: SqlCalls;

  /** @throws MaestranoSqlError `sql.tables` for a prefix or schema that is no name */
  constructor(executor: SqlExecutor, options: SqlSyncStoreOptions = {}) {
    super();
    this.executor = executor;
    this.#options = options;
    this.#tables = syncTables(executor.dialect, options);
    this.#calls = new SqlCalls(options.timeoutMs ?? 10_000);
  }

  /**
   * The same rows inside an open transaction of yours: `hint` then is kept if and only if the transaction commits.
   *
   * @throws MaestranoSqlError `sql.transaction`
   */
  override within(transaction: unknown): SqlSyncStore {
    return new SqlSyncStore(this.executor.within(transaction), this.#options);
  }

  /** Compares version and shape of the tables with what is needed. @throws MaestranoSqlError `sql.tables` */
  override async check(): Promise<void> {
    await checkSqlSchema(this.executor, this.#options);
  }

  /** Settings of the database by which it may forget what it acknowledged. */
  override losses(): Promise<readonly string[]> {
    return this.#retried(() => sqlLosses(this.executor));
  }

  async acquire(scope: SyncScope, ttlMs: number): Promise<SyncLease | null> {
    const until = Date.now() + ttlMs;
    const token = await this.#retried(() =>
      acquireLease(this.executor, this.#tables.lease, scopeKey(scope), Math.ceil(ttlMs)),
    );
    return token === null ? null : { scope, token, until };
  }

  async renew(lease: SyncLease, ttlMs: number): Promise<SyncLease | null> {
    const { scope, token } = lease;
    const until = Date.now() + ttlMs;
    const renewed = await this.#retried(() =>
      renewLease(this.executor, this.#tables.lease, { key: scopeKey(scope), token }, Math.ceil(ttlMs)),
    );
    return renewed ? { ...lease, until } : null;
  }

  async release(lease: SyncLease): Promise<void> {
    await this.#retried(async () => {
      const set = new Statement(this.executor.dialect);
      await this.executor.execute(
        `update ${this.#tables.lease} set held_until = 0
          where scope_key = ${set.text(scopeKey(lease.scope))} and token = ${set.integer(lease.token)}`,
        set.parameters,
      );
    });
  }

  async commit(lease: SyncLease, changes: SyncCommit): Promise<void> {
    const { marketplace, group } = lease.scope;
    const key = scopeKey(lease.scope);
    const duplicate = (): Error => new MaestranoSyncError('sync.duplicateLink', { marketplace, group });
    if (hasDuplicates(changes)) throw duplicate();
    try {
      await this.#held(lease, (executor) => writeCommit(executor, this.#tables, key, changes));
    } catch (error) {
      if (error instanceof MaestranoSyncError) throw error;
      // Every library names a violated index otherwise: whether it was one, the rows tell.
      if (await this.#retried(() => isHeldElsewhere(this.executor, this.#tables, key, changes)))
        throw duplicate();
      throw error;
    }
  }

  async links(scope: SyncScope, entity: string, refs: readonly SyncRef[]): Promise<(SyncLink | null)[]> {
    const kinds = ID_KINDS.filter((kind) => refs.some((ref) => idOf(ref, kind) !== undefined));
    if (kinds.length === 0) return refs.map(() => null);
    const { link } = this.#tables;
    const links = await this.#select((statement) => {
      const within = (alias: string): string =>
        `${alias}.scope_key = ${statement.text(scopeKey(scope))} and ${alias}.entity = ${statement.text(keyText(entity))}`;
      const keys = kinds.map((kind) => {
        const ids = [...new Set(refs.flatMap((ref) => idOf(ref, kind) ?? []))].map((id) => ({
          id: keyText(id),
        }));
        return `select k.link_key from ${statement.rows('r', { id: 'key' }, ids)}
          ${statement.join} ${link} k on k.${LINK_COLUMNS[kind]} = r.id where ${within('k')}`;
      });
      return `select l.body from (${keys.join(' union ')}) as found
        ${statement.join} ${link} l on l.link_key = found.link_key where ${within('l')}`;
    });
    const found = kinds.map((kind) => ({ kind, by: new Map(links.map((one) => [ID_OF[kind](one), one])) }));
    return refs.map((ref) => {
      for (const { kind, by } of found) {
        const id = idOf(ref, kind);
        if (id !== undefined) return by.get(id) ?? null;
      }
      return null;
    });
  }

  async due(scope: SyncScope, entity: string, before: number, limit: number): Promise<SyncLink[]> {
    return this.#select(
      (statement) => `select body from ${this.#tables.link}
        where scope_key = ${statement.text(scopeKey(scope))} and entity = ${statement.text(keyText(entity))}
        and due_at <= ${statement.integer(Math.floor(before))} order by due_at, link_key limit ${whole(limit)}`,
    );
  }

  async page(
    scope: SyncScope,
    entity: string,
    { after, limit, hold }: { readonly after?: string; readonly limit: number; readonly hold?: SyncHoldKind },
  ): Promise<SyncLinkPage> {
    const found = await this.#select((statement) => {
      const where = [
        `scope_key = ${statement.text(scopeKey(scope))}`,
        `entity = ${statement.text(keyText(entity))}`,
        ...(after === undefined ? [] : [`link_key > ${statement.text(keyText(after))}`]),
        ...(hold === undefined ? [] : [`hold_kind = ${statement.text(hold)}`]),
      ];
      return `select body from ${this.#tables.link} where ${where.join(' and ')}
        order by link_key limit ${whole(limit) + 1}`;
    });
    const links = found.slice(0, limit);
    return { links, next: found.length > limit ? links.at(-1)!.key : null };
  }

  async count(scope: SyncScope, entity: string, now: number): Promise<SyncCounts> {
    const rows = await this.#query(
      (statement) => `select hold_kind as held, count(*) as links,
        count(case when due_at <= ${statement.integer(Math.floor(now))} then 1 end) as due,
        count(case when gone = 1 then 1 end) as gone
        from ${this.#tables.link} where scope_key = ${statement.text(scopeKey(scope))}
        and entity = ${statement.text(keyText(entity))} group by hold_kind`,
    );
    const sum = (column: string): number => rows.reduce((total, row) => total + numberOf(row, column), 0);
    const holds = rows.filter((row) => row['held'] !== null);
    return {
      links: sum('links'),
      due: sum('due'),
      gone: sum('gone'),
      holds: Object.fromEntries(holds.map((row) => [textOf(row, 'held'), numberOf(row, 'links')])),
    };
  }

  async waiting(
    scope: SyncScope,
    records: readonly string[],
  ): Promise<{ readonly entity: string; readonly link: SyncLink }[]> {
    const rows = await this.#query((statement) => {
      const ids = [...new Set(records)].map((id) => ({ id: keyText(id) }));
      const { link } = this.#tables;
      // The rows are found by an index alone first, as in `links`: SQLite would go through the company's otherwise.
      return `select l.entity, l.body from (
          select k.scope_key, k.entity, k.link_key from ${statement.rows('r', { id: 'key' }, ids)}
          ${statement.join} ${link} k on k.waits_for = r.id
          where k.scope_key = ${statement.text(scopeKey(scope))} and k.waits_for is not null
        ) as found ${statement.join} ${link} l
        on l.scope_key = found.scope_key and l.entity = found.entity and l.link_key = found.link_key`;
    });
    return rows.map((row) => ({ entity: textOf(row, 'entity'), link: linkOf(textOf(row, 'body')) }));
  }

  async matching(scope: SyncScope, entity: string, keys: readonly string[]): Promise<SyncLink[]> {
    if (keys.length === 0) return [];
    const links = await this.#select((statement) => {
      const ids = [...new Set(keys)].map((id) => ({ id: keyText(id) }));
      return `select l.body from ${statement.rows('r', { id: 'key' }, ids)}
        ${statement.join} ${this.#tables.match} m on m.match_key = r.id
        ${statement.join} ${this.#tables.link} l on l.scope_key = m.scope_key and l.entity = m.entity and l.link_key = m.link_key
        where m.scope_key = ${statement.text(scopeKey(scope))} and m.entity = ${statement.text(keyText(entity))}`;
    });
    return [...new Map(links.map((link) => [link.key, link])).values()];
  }

  async stream(scope: SyncScope, entity: string): Promise<SyncStream> {
    const [row] = await this.#query(
      (
        statement,
      ) => `select body from ${this.#tables.stream} where scope_key = ${statement.text(scopeKey(scope))}
        and entity = ${statement.text(keyText(entity))}`,
    );
    return row ? { ...NEW_STREAM, ...(JSON.parse(textOf(row, 'body')) as Partial<SyncStream>) } : NEW_STREAM;
  }

  async hint(scope: SyncScope, hints: readonly Omit<SyncHint, 'id'>[]): Promise<void> {
    // One row a record: however often it changes meanwhile, it is looked at once. The new id keeps it from being
    // removed with the hint that was there before.
    const rows = new Map(
      hints.map((hint) => {
        const id = hintId();
        const record = keyText(`${hint.side}:${hint.recordId}`);
        const row = {
          entity: keyText(hint.entity),
          record_key: record,
          hint_id: id,
          body: JSON.stringify({ ...hint, id }),
        };
        return [`${row.entity} ${record}`, row] as const;
      }),
    );
    const sorted = [...rows].toSorted(([one], [other]) => (one < other ? -1 : 1)).map(([, row]) => row);
    if (sorted.length === 0) return;
    await this.#retried(async () => {
      const { dialect } = this.executor;
      const statement = new Statement(dialect);
      const columns = { entity: 'key', record_key: 'key', hint_id: 'key', body: 'text' } as const;
      const text = `insert into ${this.#tables.hint} (scope_key, entity, record_key, hint_id, body)
        select ${statement.text(scopeKey(scope))}, r.entity, r.record_key, r.hint_id, r.body
        from ${statement.rows('r', columns, sorted)} where 1 = 1 ${overwriting(dialect, ['hint_id', 'body'], ['scope_key', 'entity', 'record_key'])}`;
      await this.executor.execute(text, statement.parameters);
    });
  }

  async hints(scope: SyncScope, entity: string, limit: number): Promise<SyncHint[]> {
    const rows = await this.#query(
      (
        statement,
      ) => `select body from ${this.#tables.hint} where scope_key = ${statement.text(scopeKey(scope))}
        and entity = ${statement.text(keyText(entity))} order by hint_id limit ${whole(limit)}`,
    );
    return rows.map((row) => JSON.parse(textOf(row, 'body')) as SyncHint);
  }

  async group(scope: SyncScope): Promise<SyncGroupState> {
    const [row] = await this.#query(
      (statement) =>
        `select body from ${this.#tables.group} where scope_key = ${statement.text(scopeKey(scope))}`,
    );
    return row ? groupOf(textOf(row, 'body')) : NEW_GROUP;
  }

  async setGroup(scope: SyncScope, changes: SyncGroupChanges, lease?: SyncLease): Promise<SyncGroupState> {
    const work = (executor: SqlExecutor): Promise<SyncGroupState> =>
      writeGroup(executor, this.#tables.group, scope, changes);
    return lease ? this.#held(lease, work) : this.#transaction(work);
  }

  groups(app: string, query: { readonly after?: string; readonly limit: number }): Promise<SyncGroupPage> {
    return this.#retried(() => readGroups(this.executor, this.#tables.group, app, query));
  }

  async history(scope: SyncScope, entity: string, key: string, limit: number): Promise<SyncHistoryEntry[]> {
    const [row] = await this.#query(
      (statement) => `select body from ${this.#tables.history}
        where scope_key = ${statement.text(scopeKey(scope))} and entity = ${statement.text(keyText(entity))}
        and link_key = ${statement.text(keyText(key))}`,
    );
    return row ? (JSON.parse(textOf(row, 'body')) as SyncHistoryEntry[]).slice(0, limit) : [];
  }

  async forget(scope: SyncScope): Promise<void> {
    await this.#transaction(async (executor) => {
      const key = scopeKey(scope);
      await addRow(executor, this.#tables.lease, key, { token: 0, held_until: 0 });
      await leaseRow(executor, this.#tables.lease, key);
      // The token stays, and rises: who works on the scope at this moment writes nothing any more.
      const lease = new Statement(executor.dialect);
      await executor.execute(
        `update ${this.#tables.lease} set token = token + 1, held_until = 0 where scope_key = ${lease.text(key)}`,
        lease.parameters,
      );
      const { lease: _kept, ...others } = this.#tables;
      for (const table of Object.values(others)) {
        const statement = new Statement(executor.dialect);
        const text = `delete from ${table} where scope_key = ${statement.text(key)}`;
        await executor.execute(text, statement.parameters);
      }
    });
  }

  async ping(): Promise<void> {
    await this.#query(() => 'select 1 as done');
  }

  override async now(): Promise<number> {
    const [row] = await this.#query(() => `select ${SQL_NOW[this.executor.dialect]} as now_ms`);
    return numberOf(row, 'now_ms');
  }

  /** Waits for its calls, for `timeoutMs` at most; the connections are yours. */
  override close(): Promise<void> {
    return this.#calls.settled();
  }

  async #select(text: (statement: Statement) => string): Promise<SyncLink[]> {
    return (await this.#query(text)).map((row) => linkOf(textOf(row, 'body')));
  }

  #query(text: (statement: Statement) => string): Promise<readonly SqlRow[]> {
    return this.#retried(async () => {
      const statement = new Statement(this.executor.dialect);
      const wanted = text(statement);
      // A list of our own: drivers have lists of their own kind.
      return Array.from(rowsOf(await this.executor.query(wanted, statement.parameters)));
    });
  }

  /** A transaction under the lock of the lease. @throws MaestranoSyncError `sync.leaseLost` for an older one */
  async #held<T>({ scope, token }: SyncLease, work: (executor: SqlExecutor) => Promise<T>): Promise<T> {
    const done = await this.#transaction(async (executor) => {
      const row = await leaseRow(executor, this.#tables.lease, scopeKey(scope));
      return row && numberOf(row, 'token') === token ? { value: await work(executor) } : null;
    });
    if (done) return done.value;
    throw new MaestranoSyncError('sync.leaseLost', { marketplace: scope.marketplace, group: scope.group });
  }

  #transaction<T>(work: (executor: SqlExecutor) => Promise<T>): Promise<T> {
    return this.#retried(() => this.executor.transaction(work));
  }

  #retried<T>(work: () => Promise<T>): Promise<T> {
    return this.#calls.run(this.executor, work);
  }
}

/** A limit as it stands in a text. */
function whole(limit: number): number {
  return Math.max(0, Math.trunc(limit));
}
