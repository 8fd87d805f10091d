import { jsonRows } from '../../sql/sql-dialect.js';
import type { SqlDialect, SqlExecutor, SqlParameter, SqlRow } from '../../sql/sql-executor.js';
import { tableName, type SqlTableOptions } from '../../sql/sql-tables.js';
import { countOf, rowsOf } from '../../sql/sql-values.js';

/** Names of the tables as they stand in statements. */
export interface UsageTableNames {
  readonly series: string;
  readonly period: string;
  readonly fact: string;
  readonly statement: string;
}

/** Statements on the tables of usage, on one connection or in one transaction. */
export class UsageTables {
  readonly names: UsageTableNames;
  readonly dialect: SqlDialect;

  constructor(
    readonly executor: SqlExecutor,
    options: SqlTableOptions,
  ) {
    this.dialect = executor.dialect;
    const name = (table: string): string => tableName(executor.dialect, options, table);
    this.names = {
      series: name('usage_series'),
      period: name('usage_period'),
      fact: name('usage_fact'),
      statement: name('usage_statement'),
    };
  }

  /** Rows of a statement, whose parameters stand in it as `?`. */
  async query(text: string, parameters: readonly SqlParameter[] = []): Promise<readonly SqlRow[]> {
    return rowsOf(await this.executor.query(this.#placed(text), parameters));
  }

  async execute(text: string, parameters: readonly SqlParameter[] = []): Promise<number> {
    return countOf(await this.executor.execute(this.#placed(text), parameters));
  }

  /** A table of rows that come as the next parameter; `columns` as in `jsonRows`. */
  rows(alias: string, columns: Parameters<typeof jsonRows>[3]): string {
    // The position is given where the statement is sent.
    return jsonRows(this.dialect, 0, alias, columns).replace('$0', '?');
  }

  /** A whole number as text: libraries differ in what they make of large ones. */
  text(column: string): string {
    return `cast(${column} as ${this.dialect === 'mysql' ? 'char' : 'text'})`;
  }

  /** Behind a select that is to lock what it finds. SQLite has one writer at a time. */
  get forUpdate(): string {
    return this.dialect === 'sqlite' ? '' : ' for update';
  }

  /** Behind a select that has to see what others committed meanwhile. */
  get latest(): string {
    return this.dialect === 'mysql' ? ' lock in share mode' : '';
  }

  /** An insert that leaves what is there as it is. */
  insertNew(table: string, columns: string, select: string): string {
    if (this.dialect === 'mysql') return `insert ignore into ${table} (${columns}) ${select}`;
    if (this.dialect === 'sqlite') return `insert or ignore into ${table} (${columns}) ${select}`;
    return `insert into ${table} (${columns}) ${select} on conflict do nothing`;
  }

  #placed(text: string): string {
    if (this.dialect !== 'postgres') return text;
    let position = 0;
    return text.replace(/\?/g, () => `$${(position += 1)}`);
  }
}
