import { MaestranoSqlError } from '../errors/sql.error.js';
import type { SqlDialect } from './sql-executor.js';

/** Where our tables are. */
export interface SqlTableOptions {
  /** Begins the name of every table, 30 letters, digits and `_` at most; `maestrano_` by default. */
  readonly prefix?: string;
  /** Schema of PostgreSQL, database of MySQL, attached database of SQLite; where the connection looks by default. */
  readonly schema?: string;
}

/**
 * The name of a table of ours as it stands in statements.
 *
 * @param name without prefix, such as `entry`.
 * @throws MaestranoSqlError `sql.tables` for a prefix or schema that is no plain word.
 */
export function tableName(
  dialect: SqlDialect,
  { prefix = 'maestrano_', schema }: SqlTableOptions,
  name: string,
): string {
  if (!/^[A-Za-z_]\w{0,29}$/.test(prefix) || (schema !== undefined && !/^\w{1,63}$/.test(schema))) {
    throw new MaestranoSqlError('sql.tables', {
      message: 'The prefix or the schema of tables is no name.',
      remedy: 'Use letters, digits and `_`: at most 30 for a prefix, 63 for a schema.',
    });
  }
  const quote = dialect === 'mysql' ? '`' : '"';
  const table = `${quote}${prefix}${name}${quote}`;
  return schema === undefined ? table : `${quote}${schema}${quote}.${table}`;
}
