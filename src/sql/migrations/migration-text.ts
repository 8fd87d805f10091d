import type { SqlDialect } from '../sql-executor.js';
import { tableName, type SqlTableOptions } from '../sql-tables.js';
import { MIGRATIONS, type SqlMigration } from './migrations.js';

/** Version of the tables that this package needs. */
export const SQL_VERSION = MIGRATIONS.length;

/**
 * The statements that bring tables of a version up to date, without the mark of the version.
 *
 * @param from version that is there; 0 for none.
 */
export function migrationStatements(dialect: SqlDialect, options: SqlTableOptions = {}, from = 0): string[] {
  return MIGRATIONS.filter(({ version }) => version > from).flatMap((migration) =>
    statementsOf(migration, dialect, options),
  );
}

/** The statements of one step with the names of the tables. */
export function statementsOf(
  { statements }: SqlMigration,
  dialect: SqlDialect,
  options: SqlTableOptions,
): string[] {
  return statements[dialect].map((text) =>
    text
      .replaceAll('{prefix}', options.prefix ?? 'maestrano_')
      .replace(/\{(\w+)\}/g, (_, name: string) => tableName(dialect, options, name)),
  );
}
