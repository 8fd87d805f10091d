import { MaestranoSyncError } from '../../errors/sync.error.js';
import type { SqlExecutor, SqlParameter, SqlRow } from '../../sql/sql-executor.js';
import { withRetries } from '../../sql/sql-calls.js';
import { missingInSchema } from '../../sql/sql-failures.js';
import { sqlRejection } from '../../sql/sql-rejections.js';
import { countOf, numberOf, rowsOf, textOf } from '../../sql/sql-values.js';
import { Statement } from '../sql/statement.js';
import type { SyncChanges, SyncContext, SyncIdentity, SyncSource, SyncWrite } from './sync-source.js';
import { afterReading, readCursor, type TableCursor, writeCursor } from './table-cursor.js';
import { parameterOf, TableNames, timeOf } from './table-names.js';
import { checkColumns, missingTable } from './table-columns.js';
import { rejectionOf, syncRejected } from './table-rejection.js';
import type { TableOptions } from './table-options.js';

/** What a record was read with, beside its properties. */
const IDENTITY = Symbol('identity of a row');

/** A row, with what only the source knows of it. */
type Row<Local> = Local & { readonly [IDENTITY]?: SyncIdentity };

/** Longer than a row of the application is locked; the engine's own deadline ends calls before. */
const TIMEOUT = 25_000;

/** Longest the transactions on a table are open by default. */
const SETTLE = 75_000;

/**
 * The records of a table as the application's side of an entity. It reads changes by their version and never misses a
 * transaction that commits late, creates a record once for each key, and updates the version that was read only.
 *
 * ```ts
 * table<Contact>('contacts', {
 *   id: 'id', group: 'company_id', version: 'rev', key: 'connec_key', updatedAt: 'updated_at', naming: 'snake_case',
 * })
 * ```
 *
 * The statements stay within one customer by the column `group`. Properties come as the library reads them; declare a
 * conversion for a field whose type is another at Connec!.
 *
 * @throws MaestranoSyncError `sync.declaration` for what is no name of a table or column
 */
export function table<Local extends object>(name: string, options: TableOptions<Local>): SyncSource<Local> {
  return new TableSource<Local>(name, options);
}

class TableSource<Local extends object> implements SyncSource<Local> {
  readonly versions = 'table';
  readonly needsExecutor: boolean;
  /** The columns of the table in each database, where all that are needed were there. */
  readonly #columns = new WeakMap<SqlExecutor, readonly string[]>();

  constructor(
    private readonly name: string,
    private readonly options: TableOptions<Local>,
  ) {
    this.needsExecutor = options.executor === undefined;
    // Wrong names are found where they are written.
    void new TableNames('sqlite', name, options);
  }

  /** Reads no row: the names of the columns alone, once for each database. */
  async check(properties: Readonly<Record<string, string>>, context: SyncContext): Promise<void> {
    const { executor, names } = this.#opened(context);
    const known = this.#columns.get(executor);
    const columns =
      known ??
      (await this.#retried(executor, async () => {
        const [row = {}] = rowsOf(await executor.query(names.selectNothing, []));
        return Object.keys(row);
      }));
    // No executor of ours leaves the row out; of one that does nothing is known.
    if (columns.length === 0) return;
    checkColumns({ table: this.name, columns, names, options: this.options }, properties);
    this.#columns.set(executor, columns);
  }

  async changes(
    { cursor, limit }: { readonly cursor: string | null; readonly limit: number },
    context: SyncContext,
  ): Promise<SyncChanges<Local>> {
    const { executor, names } = this.#opened(context);
    const start = readCursor(cursor);
    // The next reading may be that of another instance.
    const { now = Date.now } = context;
    const reading: TableCursor = { ...start, began: start.began ?? now() };
    const rows = await this.#retried(executor, async () => {
      const s = new Statement(executor.dialect);
      const where = [`${names.group} = ${s.plain(this.#tenant(context))}`];
      const { after, settled } = reading;
      if (after) {
        where.push(`(${names.version} > ${s.plain(after.version)} or
          (${names.version} = ${s.plain(after.version)} and ${names.id} > ${s.plain(after.id)}))`);
      } else if (settled !== null) where.push(`${names.version} > ${s.plain(settled)}`);
      const text = `${names.select} where ${where.join(' and ')}
        order by ${names.version}, ${names.id} limit ${Math.trunc(limit)}`;
      return rowsOf(await executor.query(text, s.parameters));
    });
    const last = rows.at(-1);
    const more = rows.length >= limit && last !== undefined;
    const highest = last === undefined ? (start.after?.version ?? null) : numberOf(last, names.as.version);
    const deleted = rows.filter((row) => names.isDeleted(row));
    const next = last && { version: numberOf(last, names.as.version), id: idOf(last, names) };
    return {
      records: rows.filter((row) => !deleted.includes(row)).map((row) => this.#read(row, names)),
      deleted: Array.from(deleted, (row) => String(idOf(row, names))),
      more,
      cursor: writeCursor(next ? { ...reading, after: next } : reading),
      safeUntil: writeCursor(
        more
          ? { ...start, after: null, began: null }
          : afterReading(reading, highest, now(), this.options.settleMs ?? SETTLE),
      ),
    };
  }

  async get(ids: readonly string[], context: SyncContext): Promise<readonly Local[]> {
    if (ids.length === 0) return [];
    const { executor, names } = this.#opened(context);
    return this.#retried(executor, async () => {
      const s = new Statement(executor.dialect);
      const group = s.plain(this.#tenant(context));
      const list = ids.map((id) => s.plain(numeric(id))).join(', ');
      const text = `${names.select} where ${names.group} = ${group} and ${names.id} in (${list})`;
      return this.#readAll(rowsOf(await executor.query(text, s.parameters)), names);
    });
  }

  async find(key: string, context: SyncContext): Promise<Local | null> {
    const { executor } = this.#opened(context);
    return this.#retried(executor, () => this.#find(executor, key, context));
  }

  async create(data: Partial<Local>, write: SyncWrite): Promise<Local> {
    const { executor, names } = this.#opened(write);
    try {
      return await this.#insert(executor, names, data, write);
    } catch (error) {
      // Where an earlier attempt under this key arrived meanwhile, its row is the record.
      const isTwice = sqlRejection(error)?.kind === 'unique';
      const there = isTwice ? await this.#find(executor, write.key, write) : null;
      if (there) return there;
      throw await this.#rejected(error, executor, names, data);
    }
  }

  #insert(executor: SqlExecutor, names: TableNames, data: Partial<Local>, write: SyncWrite): Promise<Local> {
    return executor.transaction(async (inside) => {
      const there = await this.#find(inside, write.key, write);
      if (there) return there;
      const s = new Statement(inside.dialect);
      const columns = new Map<string, string>();
      for (const [name, value] of Object.entries(data)) {
        columns.set(names.column(name), s.plain(parameterOf(names.identified(name, value), inside.dialect)));
      }
      const { newId } = this.options;
      if (newId) columns.set(names.id, s.plain(newId()));
      columns.set(names.key, s.plain(write.key));
      const tenant = this.#tenant(write);
      columns.set(names.group, s.plain(tenant));
      for (const [name, expression] of this.#onWrite(names, s, tenant)) columns.set(name, expression);
      await inside.execute(
        `insert into ${names.table} (${[...columns.keys()].join(', ')}) values (${[...columns.values()].join(', ')})`,
        s.parameters,
      );
      const made = await this.#find(inside, write.key, write);
      if (!made)
        throw new MaestranoSyncError('sync.sideAway', {
          message: `A new row of "${this.name}" is not there.`,
        });
      return made;
    });
  }

  async update(
    id: string,
    changes: Partial<Local>,
    write: SyncContext & { readonly ifVersion: SyncIdentity['version'] },
  ): Promise<Local | 'stale' | null> {
    const { executor, names } = this.#opened(write);
    try {
      return await this.#change(executor, names, id, changes, write);
    } catch (error) {
      throw await this.#rejected(error, executor, names, changes);
    }
  }

  #change(
    executor: SqlExecutor,
    names: TableNames,
    id: string,
    changes: Partial<Local>,
    write: SyncContext & { readonly ifVersion: SyncIdentity['version'] },
  ): Promise<Local | 'stale' | null> {
    return executor.transaction(async (inside) => {
      const s = new Statement(inside.dialect);
      const sets = Object.entries(changes).map(
        ([name, value]) =>
          `${names.column(name)} = ${s.plain(parameterOf(names.identified(name, value), inside.dialect))}`,
      );
      const tenant = this.#tenant(write);
      for (const [name, expression] of this.#onWrite(names, s, tenant)) sets.push(`${name} = ${expression}`);
      const done = await inside.execute(
        `update ${names.table} set ${sets.join(', ')} where ${names.group} = ${s.plain(tenant)}
          and ${names.id} = ${s.plain(numeric(id))} and ${names.version} = ${s.plain(Number(write.ifVersion))}`,
        s.parameters,
      );
      const read = new Statement(inside.dialect);
      const text = `${names.select} where ${names.group} = ${read.plain(tenant)} and ${names.id} = ${read.plain(numeric(id))}`;
      const [row] = rowsOf(await inside.query(text, read.parameters));
      if (row === undefined || names.isDeleted(row)) return null;
      return countOf(done) > 0 ? this.#read(row, names) : 'stale';
    });
  }

  identity(record: Local): SyncIdentity {
    const identity = (record as Row<Local>)[IDENTITY];
    if (identity) return identity;
    throw new MaestranoSyncError('sync.declaration', {
      message: `A record is none of the table "${this.name}".`,
    });
  }

  /** The rejection of the record that an error of its write is; the error where nothing is certain. */
  async #rejected(
    error: unknown,
    executor: SqlExecutor,
    names: TableNames,
    data: Partial<Local>,
  ): Promise<unknown> {
    const rejection = await rejectionOf(error, executor, this.name);
    if (rejection === null) return error;
    const { version, key } = this.options;
    // Another write drew the same version, or has the key: the next attempt finds out.
    if (rejection.kind === 'unique' && [version, key].some((column) => rejection.columns.includes(column)))
      return error;
    return syncRejected(rejection, {
      name: this.name,
      written: new Set(Object.keys(data).map((name) => names.columnOf(name))),
      property: (column) => names.propertyOf(column),
    });
  }

  async #find(executor: SqlExecutor, key: string, context: SyncContext): Promise<Local | null> {
    const names = new TableNames(executor.dialect, this.name, this.options);
    const s = new Statement(executor.dialect);
    const text = `${names.select} where ${names.group} = ${s.plain(this.#tenant(context))} and ${names.key} = ${s.plain(key)}`;
    const [row] = rowsOf(await executor.query(text, s.parameters));
    return row === undefined ? null : this.#read(row, names);
  }

  /** Columns that every write sets. */
  #onWrite(names: TableNames, s: Statement, tenant: SqlParameter): ReadonlyMap<string, string> {
    const set = new Map<string, string>();
    for (const [name, expression] of Object.entries(this.options.onWrite ?? {})) {
      set.set(names.quoted(name), expression);
    }
    if ((this.options.versionBy ?? 'source') === 'source') {
      // Within a select of its own: MySQL does not read the table that it writes.
      const largest = `select coalesce(max(${names.version}), 0) + 1 as n from ${names.table} where ${names.group} = ${s.plain(tenant)}`;
      set.set(names.version, `(select n from (${largest}) as newest)`);
    }
    return set;
  }

  #opened({ executor }: SyncContext): { readonly executor: SqlExecutor; readonly names: TableNames } {
    const chosen = this.options.executor ?? executor;
    if (chosen) return { executor: chosen, names: new TableNames(chosen.dialect, this.name, this.options) };
    throw new MaestranoSyncError('sync.declaration', {
      message: `The table "${this.name}" has no database.`,
      remedy: 'Give table() or the module an `executor`, or use a SqlSyncStore.',
    });
  }

  #tenant({ tenant }: SyncContext): SqlParameter {
    if (typeof tenant === 'string' || typeof tenant === 'number') return tenant;
    if (typeof tenant === 'bigint') return tenant.toString();
    throw new MaestranoSyncError('sync.declaration', {
      message: `The tenant of a group is no value of the column "${this.options.group}".`,
      remedy: 'Have `tenant` of the module return a text or a number.',
    });
  }

  #readAll(rows: readonly SqlRow[], names: TableNames): readonly Local[] {
    return Array.from(rows, (row) => row)
      .filter((row) => !names.isDeleted(row))
      .map((row) => this.#read(row, names));
  }

  #read(row: SqlRow, names: TableNames): Local {
    const { as } = names;
    const { bornAt } = this.options;
    const identity: SyncIdentity = {
      id: idOf(row, names),
      version: numberOf(row, as.version),
      updatedAt: timeOf(row[as.updatedAt]),
      bornAt: bornAt === undefined ? null : timeOf(row[bornAt]),
      key: row[as.key] === null || row[as.key] === undefined ? null : textOf(row, as.key),
    };
    return { ...names.properties(row), [IDENTITY]: identity } as unknown as Local;
  }

  async #retried<T>(executor: SqlExecutor, work: () => Promise<T>): Promise<T> {
    let missing: string | null = null;
    const noting = async (): Promise<T> => {
      try {
        return await work();
      } catch (error) {
        missing = missingInSchema(error);
        throw error;
      }
    };
    try {
      return await withRetries(executor, noting, { timeoutMs: TIMEOUT });
    } catch (error) {
      // The names that the database quotes are those of your own schema.
      throw missing === null ? error : missingTable(this.name, missing, error);
    }
  }
}

function idOf(row: SqlRow, names: TableNames): string | number {
  const id = row[names.as.id];
  return typeof id === 'number' ? id : typeof id === 'bigint' ? id.toString() : textOf(row, names.as.id);
}

/** Ids that are whole numbers are compared as such: not every library converts a text. */
function numeric(id: string): string | number {
  return /^[1-9]\d{0,14}$/.test(id) ? Number(id) : id;
}
