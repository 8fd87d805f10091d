import { SQL_NOW } from '../sql-dialect.js';
import type { SqlExecutor, SqlParameter, SqlRow } from '../sql-executor.js';
import { numberOf, rowsOf, textOf } from '../sql-values.js';
import type { EntryPlace, EntryTable, EntryWrite, IndexedEntry } from './entry-table.js';

/** How a dialect writes what the two do not have in common. */
export interface EntrySpelling {
  readonly placeholder: (position: number) => string;
  /** The condition that `entry_key` is in the only parameter, a JSON list. */
  readonly among: string;
}

/** What PostgreSQL and SQLite have in common: writes say by `returning` what they did. */
export abstract class ReturningEntryTable implements EntryTable {
  readonly #texts: ReturnType<typeof singleTexts>;

  constructor(
    protected readonly executor: SqlExecutor,
    table: string,
    spelling: EntrySpelling,
  ) {
    this.#texts = singleTexts(table, SQL_NOW[executor.dialect], spelling, executor.dialect);
  }

  protected abstract writeMany(writes: readonly EntryWrite[]): Promise<ReadonlySet<string>>;

  async read(key: string): Promise<string | null> {
    const [row] = rowsOf(await this.executor.query(this.#texts.read, [key]));
    return row ? textOf(row, 'entry_value') : null;
  }

  async readMany(keys: readonly string[]): Promise<ReadonlyMap<string, string>> {
    const rows = await this.#query(this.#texts.readMany, [JSON.stringify(keys)]);
    return new Map(rows.map((row) => [textOf(row, 'entry_key'), textOf(row, 'entry_value')]));
  }

  async write(writes: readonly EntryWrite[]): Promise<ReadonlySet<string>> {
    const [only] = writes;
    if (!only || writes.length > 1) return this.writeMany(writes);
    const rows = await this.#query(...this.#single(only));
    return new Set(rows.length > 0 ? [only.key] : []);
  }

  async take(key: string): Promise<string | null> {
    const [row] = await this.#query(this.#texts.take, [key]);
    return row ? textOf(row, 'entry_value') : null;
  }

  async page(index: string, below: EntryPlace | null, limit: number): Promise<readonly IndexedEntry[]> {
    const rows = below
      ? await this.#query(this.#texts.pageBelow, [index, below.at, below.key, limit])
      : await this.#query(this.#texts.page, [index, limit]);
    return Array.from(rows, (row) => ({
      key: textOf(row, 'entry_key'),
      value: textOf(row, 'entry_value'),
      at: numberOf(row, 'index_at'),
    }));
  }

  async sweep(limit: number): Promise<number> {
    return (await this.#query(this.#texts.sweep, [limit])).length;
  }

  async #query(text: string, parameters: readonly SqlParameter[]): Promise<readonly SqlRow[]> {
    return rowsOf(await this.executor.query(text, parameters));
  }

  #single(write: EntryWrite): [text: string, parameters: SqlParameter[]] {
    const { key, expects, expected, value, ttl, index, at } = write;
    if (value === null) {
      if (expects === 'same') return [this.#texts.removeSame, [key, expected]];
      return [expects === 'any' ? this.#texts.remove : this.#texts.nothing, [key]];
    }
    if (expects === 'same') return [this.#texts.replace, [value, ttl, index, at, key, expected]];
    return [expects === 'any' ? this.#texts.set : this.#texts.claim, [key, value, ttl, index, at]];
  }
}

/** The texts for one entry. Parameters are cast, because some libraries send their types and others do not. */
function singleTexts(
  table: string,
  now: string,
  { placeholder, among }: EntrySpelling,
  dialect: SqlExecutor['dialect'],
) {
  const text = (position: number): string => `cast(${placeholder(position)} as text)`;
  const integer = (position: number): string => `cast(${placeholder(position)} as bigint)`;
  const set = `insert into ${table} as e (entry_key, entry_value, expires_at, index_name, index_at)
    values (${text(1)}, ${text(2)}, ${now} + ${integer(3)}, ${text(4)}, ${integer(5)})
    on conflict (entry_key) do update set entry_value = excluded.entry_value, expires_at = excluded.expires_at,
    index_name = excluded.index_name, index_at = excluded.index_at`;
  const live = `expires_at > ${now}`;
  const remove = `delete from ${table} where entry_key = ${text(1)} and ${live}`;
  const order = 'order by index_at desc, entry_key desc limit';
  const page = `select entry_key, entry_value, index_at from ${table} where index_name = ${text(1)} and ${live}`;
  return {
    read: `select entry_value from ${table} where entry_key = ${text(1)} and ${live}`,
    readMany: `select entry_key, entry_value from ${table} where ${among} and ${live}`,
    set: `${set} returning 1 as done`,
    claim: `${set} where e.expires_at <= ${now} returning 1 as done`,
    replace: `update ${table} set entry_value = ${text(1)}, expires_at = ${now} + ${integer(2)},
      index_name = ${text(3)}, index_at = ${integer(4)}
      where entry_key = ${text(5)} and entry_value = ${text(6)} and ${live} returning 1 as done`,
    remove: `${remove} returning 1 as done`,
    removeSame: `${remove} and entry_value = ${text(2)} returning 1 as done`,
    // To remove what is not there is a no.
    nothing: `select 1 as done from ${table} where entry_key = ${text(1)} and 1 = 0`,
    take: `${remove} returning entry_value`,
    page: `${page} ${order} ${integer(2)}`,
    pageBelow: `${page} and (index_at, entry_key) < (${integer(2)}, ${text(3)}) ${order} ${integer(4)}`,
    sweep: `delete from ${table} where entry_key in (select entry_key from ${table} where expires_at <= ${now}
      order by expires_at limit ${integer(1)}${dialect === 'postgres' ? ' for update skip locked' : ''})
      returning 1 as done`,
  };
}
