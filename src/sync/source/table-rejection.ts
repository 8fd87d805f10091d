import type { SqlExecutor } from '../../sql/sql-executor.js';
import { sqlRejection, type SqlRejection, type SqlRejectionKind } from '../../sql/sql-rejections.js';
import { rowsOf, textOf } from '../../sql/sql-values.js';
import { Statement } from '../sql/statement.js';
import { SyncRejected } from './sync-source.error.js';

/** What is known of the table that did not accept a row. */
export interface RejectingTable {
  readonly name: string;
  /** The columns that got values of the record. */
  readonly written: ReadonlySet<string>;
  /** The property of a column. */
  property(column: string): string;
}

/** Why the database did not accept a write to the table; null where nothing is certain. */
export async function rejectionOf(
  error: unknown,
  executor: SqlExecutor,
  table: string,
): Promise<SqlRejection | null> {
  const rejection = sqlRejection(error);
  if (rejection?.kind !== 'unique' || rejection.columns.length > 0 || executor.dialect !== 'mysql')
    return rejection;
  // MySQL names the index alone.
  return { ...rejection, columns: await columnsOfIndex(executor, table, rejection.constraint ?? '') };
}

async function columnsOfIndex(
  executor: SqlExecutor,
  table: string,
  index: string,
): Promise<readonly string[]> {
  const [name = table, schema] = table.split('.').toReversed();
  const s = new Statement(executor.dialect);
  const rows = await executor.query(
    `select column_name as name from information_schema.statistics
      where table_schema = ${schema === undefined ? 'database()' : s.plain(schema)}
      and table_name = ${s.plain(name)} and index_name = ${s.plain(index)} order by seq_in_index`,
    s.parameters,
  );
  return Array.from(rowsOf(rows), (row) => textOf(row, 'name'));
}

/**
 * The rejection of a record. Its reason is made of names of the schema and the error's code: what databases say has values in
 * it.
 */
export function syncRejected(rejection: SqlRejection, table: RejectingTable): SyncRejected {
  const [first] = rejection.columns.filter((column) => table.written.has(column));
  const about = first ?? rejection.columns[0];
  return new SyncRejected(
    `${SENTENCES[rejection.kind](rejection, table)} (${rejection.code})`,
    about === undefined ? undefined : table.property(about),
  );
}

const SENTENCES: Readonly<Record<SqlRejectionKind, (what: SqlRejection, table: RejectingTable) => string>> = {
  notNull: ({ columns: [column] }, { name, written }) =>
    column === undefined
      ? `A column of "${name}" must not be null`
      : written.has(column)
        ? `"${column}" of "${name}" must not be null`
        : `"${column}" of "${name}" must not be null, and no field is written to it`,
  unique: ({ columns, constraint }, { name }) =>
    `Another row of "${name}" has the same ${columns.length === 0 ? 'value of a unique index' : quoted(columns)}${named('index', constraint)}`,
  foreignKey: ({ constraint }, { name }) =>
    `A row that "${name}" refers to is not there${named('foreign key', constraint)}`,
  check: ({ constraint }, { name }) =>
    `A check of "${name}" does not allow the row${named('constraint', constraint)}`,
  value: ({ columns: [column] }, { name }) =>
    column === undefined
      ? `A value does not fit its column of "${name}"`
      : `The value does not fit "${column}" of "${name}"`,
  raised: (_what, { name }) => `A trigger or a function behind "${name}" raised an error`,
  statement: (_what, { name }) =>
    `The database does not understand a write to "${name}": a column, a function or an expression of it is not there`,
};

function quoted(names: readonly string[]): string {
  return names.map((name) => `"${name}"`).join(', ');
}

function named(kind: string, name: string | null): string {
  return name === null ? '' : `: ${kind} "${name}"`;
}
