import { jsonRows, type JsonColumn } from '../../sql/sql-dialect.js';
import type { SqlDialect, SqlParameter } from '../../sql/sql-executor.js';

/**
 * The parameters of one statement: each method adds one and returns what stands for it in the text. Call them in the
 * order of the text. Values are cast, because some libraries send their types and others do not.
 */
export class Statement {
  readonly parameters: SqlParameter[] = [];

  constructor(private readonly dialect: SqlDialect) {}

  /**
   * Joins a table to what stands before it, in this order. SQLite knows nothing of the length of a list that comes as JSON, and
   * would go through all rows of a company for each of its entries; the others begin with the list by themselves.
   */
  get join(): 'join' | 'cross join' {
    return this.dialect === 'sqlite' ? 'cross join' : 'join';
  }

  text(value: string | null): string {
    return this.#cast(value, 'text');
  }

  integer(value: number | null): string {
    return this.#cast(value, 'bigint');
  }

  /** A value as it is: for columns of which only the application knows the type. */
  plain(value: SqlParameter): string {
    this.parameters.push(value);
    return this.#placeholder();
  }

  /** Many rows as one parameter; stands behind `from` or `join`. Names of columns are words of lower case. */
  rows(
    alias: string,
    columns: Readonly<Record<string, JsonColumn>>,
    list: readonly Readonly<Record<string, string | number | null>>[],
  ): string {
    this.parameters.push(JSON.stringify(list));
    return jsonRows(this.dialect, this.parameters.length, alias, columns);
  }

  #cast(value: string | number | null, type: string): string {
    this.parameters.push(value);
    const placeholder = this.#placeholder();
    return this.dialect === 'mysql' ? placeholder : `cast(${placeholder} as ${type})`;
  }

  #placeholder(): string {
    return this.dialect === 'postgres' ? `$${this.parameters.length}` : '?';
  }
}
