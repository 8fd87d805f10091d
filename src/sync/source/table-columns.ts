import { MaestranoSyncError } from '../../errors/sync.error.js';
import type { TableNames } from './table-names.js';
import type { TableOptions } from './table-options.js';

/** A table as it is, and as it was declared. */
export interface DeclaredTable {
  readonly table: string;
  /** Names of its columns, as rows have them. */
  readonly columns: readonly string[];
  readonly names: TableNames;
  readonly options: Omit<TableOptions<object>, 'columns' | 'json'>;
}

/** The options of `table()` that name a column each. */
const NAMED = ['id', 'group', 'version', 'key', 'updatedAt', 'bornAt', 'deletedAt'] as const;

const REMEDY = 'Correct the options of table() or the table: docs/synchronization.md, "A table".';

/**
 * Compares a table with its declaration. A property without a column would be read as empty, and written so to Connec!.
 *
 * @param properties that are mapped, each with its field of Connec!
 * @throws MaestranoSyncError `sync.declaration`
 */
export function checkColumns(
  { table, columns, names, options }: DeclaredTable,
  properties: Readonly<Record<string, string>>,
): void {
  const wanted = [
    ...NAMED.flatMap((option) => {
      const column = options[option];
      return column === undefined ? [] : [{ column, why: `\`${option}\` of table()`, fields: [] }];
    }),
    ...Object.keys(options.onWrite ?? {}).map((column) => ({
      column,
      why: '`onWrite` of table()',
      fields: [],
    })),
    ...Object.entries(properties).map(([property, field]) => ({
      column: names.columnOf(property),
      why: `property ${property} of ${field}`,
      fields: [field],
    })),
  ];
  const there = new Set(columns);
  const missing = wanted.filter(({ column }) => !there.has(column));
  if (missing.length > 0) {
    const list = missing.map(({ column, why }) => `"${column}" (${why})`).join(', ');
    const snaked =
      options.naming !== 'snake_case' && missing.some(({ column }) => there.has(snakeCase(column)));
    throw wrong(
      `Table "${table}" has no column ${list}. Its columns are ${columns.join(', ')}.${snaked ? " Did you mean naming: 'snake_case'?" : ''}`,
      missing.flatMap(({ fields }) => fields),
    );
  }
  for (const [property, field] of Object.entries(properties)) {
    const column = names.columnOf(property);
    const read = names.propertyOf(column);
    if (read === property) continue;
    throw wrong(
      `Table "${table}": the column "${column}" is read as the property ${read}, and ${field} is mapped to ${property}.`,
      [field],
    );
  }
}

/**
 * The error for a table or a column that a statement did not find.
 *
 * @param words of the database, with names of the schema alone
 */
export function missingTable(table: string, words: string, cause: unknown): MaestranoSyncError {
  return new MaestranoSyncError('sync.declaration', {
    message: `The database does not know the table "${table}" as it is declared: ${words}.`,
    remedy: REMEDY,
    cause,
  });
}

function wrong(message: string, fields: readonly string[]): MaestranoSyncError {
  return new MaestranoSyncError('sync.declaration', { message, remedy: REMEDY, fields });
}

function snakeCase(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
