import { jsonRows, SQL_NOW } from '../sql-dialect.js';
import type { SqlExecutor } from '../sql-executor.js';
import { textOf } from '../sql-values.js';
import { WRITE_COLUMNS, writeRows, type EntryWrite } from './entry-table.js';
import { ReturningEntryTable } from './returning-entry-table.js';

const NOW = SQL_NOW.postgres;

/** Entries in PostgreSQL: every method is one statement. */
export class PostgresEntryTable extends ReturningEntryTable {
  readonly #batch: string;

  constructor(executor: SqlExecutor, table: string) {
    super(executor, table, {
      placeholder: (position) => `$${position}`,
      among: 'entry_key = any(array(select json_array_elements_text($1::json)))',
    });
    this.#batch = batchText(table);
  }

  protected override async writeMany(writes: readonly EntryWrite[]): Promise<ReadonlySet<string>> {
    const rows = await this.executor.query(this.#batch, [writeRows(writes)]);
    return new Set(rows.map((row) => textOf(row, 'entry_key')));
  }
}

/**
 * The rows that are there are locked in the order of their keys before anything is written, and new ones come in that
 * order too: two lists wait for each other instead of meeting crosswise. What is written is decided by the newest state
 * of a row, which PostgreSQL reads again behind a lock.
 */
function batchText(table: string): string {
  const columns = 'entry_key, entry_value, expires_at, index_name, index_at';
  const insert = `insert into ${table} as e (${columns})
      select k, v, ${NOW} + ttl, idx, placed from w`;
  const overwrite = `on conflict (entry_key) do update set entry_value = excluded.entry_value,
      expires_at = excluded.expires_at, index_name = excluded.index_name, index_at = excluded.index_at`;
  const locked = '(select count(*) from locked) >= 0';
  return `with w as materialized (
      select * from ${jsonRows('postgres', 1, 'x', { ...WRITE_COLUMNS, expects: 'text' })}
    ), locked as materialized (
      select e.entry_key from ${table} as e join w on e.entry_key = w.k order by e.entry_key for update of e
    ), removed as (
      delete from ${table} as e using w where ${locked} and e.entry_key = w.k and w.v is null
        and e.expires_at > ${NOW} and (w.expects = 'any' or (w.expects = 'same' and e.entry_value = w.expected))
      returning e.entry_key
    ), replaced as (
      update ${table} as e set entry_value = w.v, expires_at = ${NOW} + w.ttl, index_name = w.idx, index_at = w.placed
      from w where ${locked} and e.entry_key = w.k and w.v is not null and w.expects = 'same'
        and e.entry_value = w.expected and e.expires_at > ${NOW}
      returning e.entry_key
    ), claimed as (
      ${insert} where ${locked} and v is not null and expects = 'none' order by k collate "C"
      ${overwrite} where e.expires_at <= ${NOW}
      returning e.entry_key
    ), overwritten as (
      ${insert} where ${locked} and v is not null and expects = 'any' order by k collate "C"
      ${overwrite}
      returning e.entry_key
    )
    select entry_key from removed union all select entry_key from replaced
    union all select entry_key from claimed union all select entry_key from overwritten`;
}
