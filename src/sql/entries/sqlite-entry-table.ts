import { jsonRows, SQL_NOW } from '../sql-dialect.js';
import type { SqlExecutor } from '../sql-executor.js';
import { rowsOf, textOf } from '../sql-values.js';
import { WRITE_COLUMNS, writeRows, type EntryWrite } from './entry-table.js';
import { ReturningEntryTable } from './returning-entry-table.js';

const NOW = SQL_NOW.sqlite;

/** Entries in SQLite: a list of writes is one statement for each kind of write in it, several kinds a transaction. */
export class SqliteEntryTable extends ReturningEntryTable {
  readonly #texts: ReturnType<typeof batchTexts>;

  constructor(executor: SqlExecutor, table: string) {
    super(executor, table, {
      placeholder: () => '?',
      among: 'entry_key in (select value from json_each(?))',
    });
    this.#texts = batchTexts(table);
  }

  protected override async writeMany(writes: readonly EntryWrite[]): Promise<ReadonlySet<string>> {
    const kinds = KINDS.map(
      (kind) => [kind, writes.filter((write) => kindOf(write) === kind)] as const,
    ).filter(([, some]) => some.length > 0);
    const write = async (executor: SqlExecutor): Promise<ReadonlySet<string>> => {
      const wrote = new Set<string>();
      for (const [kind, some] of kinds) {
        const rows = rowsOf(await executor.query(this.#texts[kind], [writeRows(some)]));
        for (const row of rows) wrote.add(textOf(row, 'entry_key'));
      }
      return wrote;
    };
    return kinds.length > 1 ? this.executor.transaction(write) : write(this.executor);
  }
}

const KINDS = ['removed', 'replaced', 'claimed', 'overwritten'] as const;

function kindOf({ value, expects }: EntryWrite): (typeof KINDS)[number] {
  if (value === null) return 'removed';
  if (expects === 'same') return 'replaced';
  return expects === 'none' ? 'claimed' : 'overwritten';
}

function batchTexts(table: string) {
  const rows = jsonRows('sqlite', 1, 'x', { ...WRITE_COLUMNS, expects: 'text' });
  // Without a condition the parser takes `on conflict` for one of a join.
  const insert = `insert into ${table} as e (entry_key, entry_value, expires_at, index_name, index_at)
    select k, v, ${NOW} + ttl, idx, placed from ${rows} where true
    on conflict (entry_key) do update set entry_value = excluded.entry_value, expires_at = excluded.expires_at,
    index_name = excluded.index_name, index_at = excluded.index_at`;
  return {
    removed: `delete from ${table} where expires_at > ${NOW} and (entry_key, entry_value) in (
      select e.entry_key, e.entry_value from ${rows} join ${table} as e on e.entry_key = x.k
      where x.expects = 'any' or (x.expects = 'same' and e.entry_value = x.expected)) returning entry_key`,
    replaced: `update ${table} as e set entry_value = x.v, expires_at = ${NOW} + x.ttl, index_name = x.idx,
      index_at = x.placed from ${rows} where e.entry_key = x.k and e.entry_value = x.expected and e.expires_at > ${NOW}
      returning entry_key`,
    claimed: `${insert} where e.expires_at <= ${NOW} returning entry_key`,
    overwritten: `${insert} returning entry_key`,
  };
}
