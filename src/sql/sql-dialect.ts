import type { SqlDialect } from './sql-executor.js';

/**
 * The time in milliseconds of the epoch by the clock of the database, as an expression: the one clock that all
 * instances share. It is one time for a whole statement and moves on within a transaction, and no time zone of a session or
 * a server changes it.
 */
export const SQL_NOW: Readonly<Record<SqlDialect, string>> = {
  postgres: 'floor(extract(epoch from statement_timestamp()) * 1000)::bigint',
  mysql: "(timestampdiff(microsecond, '1970-01-01', utc_timestamp(3)) div 1000)",
  sqlite: "cast(round(unixepoch('subsec') * 1000) as integer)",
};

/** What a column of {@link jsonRows} holds; `key`: a text of 512 characters at most, which MySQL can look up. */
export type JsonColumn = 'key' | 'text' | 'integer';

const COLUMN_TYPES: Readonly<Record<'postgres' | 'mysql', Readonly<Record<JsonColumn, string>>>> = {
  postgres: { key: 'text', text: 'text', integer: 'bigint' },
  mysql: {
    key: 'varchar(512) character set utf8mb4',
    text: 'longtext character set utf8mb4',
    integer: 'bigint',
  },
};

/**
 * A table of many rows that come as one parameter, a JSON list of objects: so that the text of a statement is the same
 * for one row and for a thousand, with any library. Goes behind `from` or `join`. Texts must be free of U+0000 and half
 * characters (see `encodeText`).
 *
 * @param position of the parameter, from 1.
 * @param columns names as in the objects, which have to be plain words of lower case.
 */
export function jsonRows(
  dialect: SqlDialect,
  position: number,
  alias: string,
  columns: Readonly<Record<string, JsonColumn>>,
): string {
  const list = Object.entries(columns);
  if (dialect === 'sqlite') {
    const read = list.map(([name]) => `json_extract(value, '$.${name}') as ${name}`);
    return `(select ${read.join(', ')} from json_each(?)) as ${alias}`;
  }
  const types = COLUMN_TYPES[dialect];
  return dialect === 'postgres'
    ? `json_to_recordset($${position}::json) as ${alias}(${list.map(([name, type]) => `${name} ${types[type]}`).join(', ')})`
    : `json_table(?, '$[*]' columns (${list.map(([name, type]) => `${name} ${types[type]} path '$.${name}'`).join(', ')})) as ${alias}`;
}
