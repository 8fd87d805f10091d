import { randomUUID } from 'node:crypto';

import { jsonRows, SQL_NOW } from '../sql-dialect.js';
import type { SqlExecutor, SqlParameter, SqlRow } from '../sql-executor.js';
import { countOf, numberOf, rowsOf, textOf } from '../sql-values.js';
import {
  type EntryPlace,
  type EntryTable,
  type EntryWrite,
  type IndexedEntry,
  WRITE_COLUMNS,
  writeRows,
} from './entry-table.js';

/**
 * Entries in MySQL and MariaDB, by statements that both have. MySQL has no `returning`, and what it counts depends on a
 * flag of the connection; so every write leaves a mark of its own in `writer`, which a count or a second look finds.
 */
export class MysqlEntryTable implements EntryTable {
  readonly #executor: SqlExecutor;
  readonly #texts: ReturnType<typeof entryTexts>;

  constructor(executor: SqlExecutor, table: string) {
    this.#executor = executor;
    this.#texts = entryTexts(table);
  }

  async read(key: string): Promise<string | null> {
    const [row] = rowsOf(await this.#executor.query(this.#texts.read, [key]));
    return row ? textOf(row, 'entry_value') : null;
  }

  async readMany(keys: readonly string[]): Promise<ReadonlyMap<string, string>> {
    const rows = await query(this.#executor, this.#texts.readMany, [keyRows(keys)]);
    return new Map(rows.map((row) => [textOf(row, 'entry_key'), textOf(row, 'entry_value')]));
  }

  async write(writes: readonly EntryWrite[]): Promise<ReadonlySet<string>> {
    const [only] = writes;
    if (only && writes.length === 1) return new Set((await this.#single(only)) ? [only.key] : []);
    return this.#executor.transaction((executor) => this.#batch(executor, writes));
  }

  async take(key: string): Promise<string | null> {
    for (;;) {
      const [row] = await query(this.#executor, this.#texts.look, [key]);
      if (!row || numberOf(row, 'live') === 0) return null;
      const removed = await count(this.#executor, this.#texts.removeWritten, [key, textOf(row, 'writer')]);
      if (removed === 1) return textOf(row, 'entry_value');
      // Somebody else wrote or took it since. Each further attempt means that one of them succeeded.
    }
  }

  async page(index: string, below: EntryPlace | null, limit: number): Promise<readonly IndexedEntry[]> {
    const rows = below
      ? await query(this.#executor, `${this.#texts.pageBelow} limit ${limit}`, [
          index,
          below.at,
          below.at,
          below.key,
        ])
      : await query(this.#executor, `${this.#texts.page} limit ${limit}`, [index]);
    return Array.from(rows, (row) => ({
      key: textOf(row, 'entry_key'),
      value: textOf(row, 'entry_value'),
      at: numberOf(row, 'index_at'),
    }));
  }

  sweep(limit: number): Promise<number> {
    return this.#executor.transaction(async (executor) => {
      const rows = await query(executor, `${this.#texts.expired} limit ${limit} for update skip locked`, []);
      const keys = rows.map((row) => textOf(row, 'entry_key'));
      return keys.length === 0 ? 0 : count(executor, this.#texts.removeMany, [keyRows(keys)]);
    });
  }

  async #single({ key, expects, expected, value, ttl, index, at }: EntryWrite): Promise<boolean> {
    const { remove, removeSame, replace, set } = this.#texts;
    if (value === null) {
      if (expects === 'none') return false;
      return expects === 'any'
        ? (await count(this.#executor, remove, [key])) === 1
        : (await count(this.#executor, removeSame, [key, expected])) === 1;
    }
    const values = [value, ttl, index, at, randomUUID()];
    if (expects === 'same') return (await count(this.#executor, replace, [...values, key, expected])) === 1;
    if (expects === 'none') return this.#claim(key, values);
    await count(this.#executor, set, [key, ...values]);
    return true;
  }

  /** Nothing there: one statement. A live entry: two. One whose time is over: three. */
  async #claim(key: string, values: readonly SqlParameter[]): Promise<boolean> {
    for (;;) {
      if ((await count(this.#executor, this.#texts.insert, [key, ...values])) === 1) return true;
      const [row] = await query(this.#executor, this.#texts.look, [key]);
      if (row && numberOf(row, 'live') === 1) return false;
      if (row && (await count(this.#executor, this.#texts.claim, [...values, key])) === 1) return true;
      // It was removed between two statements, or claimed by somebody else, which the next attempt sees.
    }
  }

  /** Rows stay locked until the end, so that the marks that are looked for are still there. */
  async #batch(executor: SqlExecutor, writes: readonly EntryWrite[]): Promise<ReadonlySet<string>> {
    const { written } = this.#texts;
    const { setMany, claimMany, replaceMany, removeMany } = this.#texts.batch;
    const wrote = new Set<string>();
    const writer = randomUUID();
    const marked = async (some: readonly EntryWrite[]): Promise<void> => {
      const rows = await query(executor, written, [keyRows(some.map(({ key }) => key)), writer]);
      for (const row of rows) wrote.add(textOf(row, 'entry_key'));
    };
    /** A write that marks what it writes and nothing else: its count says all or none, mostly. */
    const counted = async (text: string, some: readonly EntryWrite[]): Promise<void> => {
      if (some.length === 0) return;
      const done = await count(executor, text, [writeRows(some), writer]);
      if (done === some.length) for (const { key } of some) wrote.add(key);
      else if (done > 0) await marked(some);
    };
    const overwritten = writes.filter(({ value, expects }) => value !== null && expects === 'any');
    if (overwritten.length > 0) {
      await count(executor, setMany, [writer, writeRows(overwritten)]);
      for (const { key } of overwritten) wrote.add(key);
    }
    const claimed = writes.filter(({ value, expects }) => value !== null && expects === 'none');
    if (claimed.length > 0) {
      await count(executor, claimMany, [writer, writeRows(claimed)]);
      await marked(claimed);
    }
    await counted(
      replaceMany,
      writes.filter(({ value, expects }) => value !== null && expects === 'same'),
    );
    await counted(
      removeMany,
      writes.filter(({ value, expects }) => value === null && expects !== 'none'),
    );
    return wrote;
  }
}

/** The parameter for `jsonRows` with keys alone. */
function keyRows(keys: readonly string[]): string {
  return JSON.stringify(keys.map((k) => ({ k })));
}

async function query(
  executor: SqlExecutor,
  text: string,
  parameters: readonly SqlParameter[],
): Promise<readonly SqlRow[]> {
  return rowsOf(await executor.query(text, parameters));
}

async function count(
  executor: SqlExecutor,
  text: string,
  parameters: readonly SqlParameter[],
): Promise<number> {
  return countOf(await executor.execute(text, parameters));
}

function entryTexts(table: string) {
  const now = SQL_NOW.mysql;
  const live = `expires_at > ${now}`;
  const columns = 'entry_key, entry_value, expires_at, index_name, index_at, writer';
  const insert = `into ${table} (${columns}) values (?, ?, ${now} + ?, ?, ?, ?)`;
  const assign = `entry_value = ?, expires_at = ${now} + ?, index_name = ?, index_at = ?, writer = ?`;
  const overwrite = columns
    .split(', ')
    .slice(1)
    .map((column) => `${column} = values(${column})`)
    .join(', ');
  // The padding and the case of texts count; without the casts they do not.
  const same = (value: string, expected: string): string =>
    `cast(${value} as binary) = cast(${expected} as binary)`;
  const page = `select entry_key, entry_value, index_at from ${table} where index_name = ? and ${live}`;
  const order = 'order by index_at desc, entry_key desc';
  const keyed = `${jsonRows('mysql', 1, 'x', { k: 'key' })}
      straight_join ${table} as e on e.entry_key = cast(x.k as binary)`;
  return {
    read: `select entry_value from ${table} where entry_key = ? and ${live}`,
    readMany: `select e.entry_key, e.entry_value from ${keyed} where e.${live}`,
    look: `select entry_value, writer, ${live} as live from ${table} where entry_key = ? for update`,
    set: `insert ${insert} on duplicate key update ${overwrite}`,
    insert: `insert ignore ${insert}`,
    claim: `update ${table} set ${assign} where entry_key = ? and not ${live}`,
    replace: `update ${table} set ${assign} where entry_key = ? and ${same('entry_value', '?')} and ${live}`,
    remove: `delete from ${table} where entry_key = ? and ${live}`,
    removeSame: `delete from ${table} where entry_key = ? and ${same('entry_value', '?')} and ${live}`,
    removeWritten: `delete from ${table} where entry_key = ? and writer = ?`,
    page: `${page} ${order}`,
    pageBelow: `${page} and (index_at < ? or (index_at = ? and entry_key < ?)) ${order}`,
    expired: `select entry_key from ${table} where not ${live} order by expires_at`,
    removeMany: `delete e from ${keyed}`,
    written: `select e.entry_key from ${keyed} where e.writer = ?`,
    batch: batchTexts(table, columns, overwrite, same),
  };
}

/** In the order of the keys, which the join keeps: two lists wait for each other instead of meeting crosswise. */
function batchTexts(
  table: string,
  columns: string,
  overwrite: string,
  same: (value: string, expected: string) => string,
) {
  const now = SQL_NOW.mysql;
  const rows = jsonRows('mysql', 1, 'x', { ...WRITE_COLUMNS, expects: 'key' });
  const joined = `${rows} straight_join ${table} as e on e.entry_key = cast(x.k as binary)`;
  const insert = `insert into ${table} (${columns})
    select cast(x.k as binary), x.v, ${now} + x.ttl, cast(x.idx as binary), x.placed, ? from ${rows} order by x.k
    on duplicate key update`;
  // Assignments are carried out from left to right: the mark first, then by it the others, the time last.
  const mine = (column: string): string =>
    `${column} = if(writer = values(writer), values(${column}), ${column})`;
  return {
    setMany: `${insert} ${overwrite}`,
    claimMany: `${insert} writer = if(expires_at <= ${now}, values(writer), writer), ${mine('entry_value')},
      ${mine('index_name')}, ${mine('index_at')}, ${mine('expires_at')}`,
    replaceMany: `update ${joined} set e.entry_value = x.v, e.expires_at = ${now} + x.ttl,
      e.index_name = cast(x.idx as binary), e.index_at = x.placed, e.writer = ?
      where ${same('e.entry_value', 'x.expected')} and e.expires_at > ${now}`,
    // Emptied and over, which is what removed means; the sweep takes the row away.
    removeMany: `update ${joined} set e.entry_value = '', e.expires_at = 0, e.index_name = null, e.index_at = null,
      e.writer = ? where e.expires_at > ${now} and (x.expects = 'any' or ${same('e.entry_value', 'x.expected')})`,
  };
}
