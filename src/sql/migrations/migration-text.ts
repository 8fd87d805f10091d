import { SQL_NOW } from '../sql-dialect.js';
import type { SqlDialect } from '../sql-executor.js';
import { tableName, type SqlTableOptions } from '../sql-tables.js';
import { MIGRATIONS } from './migrations.js';
import type { SqlMigration } from './sql-migration.js';

/** Version of the tables that this package needs. */
export const SQL_VERSION = MIGRATIONS.length;

/**
 * The statements that bring tables of a version up to date, the marks of the versions included. Each may be carried out
 * again, and by several at once (PostgreSQL: see `migrateSql`).
 *
 * @param from version that is there; 0 for none.
 */
export function migrationStatements(dialect: SqlDialect, options: SqlTableOptions = {}, from = 0): string[] {
  return MIGRATIONS.filter(({ version }) => version > from).flatMap((migration) => [
    ...statementsOf(migration, dialect, options),
    markOf(migration, dialect, options),
  ]);
}

/** {@link migrationStatements} as the text of a migration: what `nestjs-maestrano db print` prints. */
export function migrationText(dialect: SqlDialect, options: SqlTableOptions = {}, from = 0): string {
  const steps = MIGRATIONS.filter(({ version }) => version > from);
  return steps
    .map((migration) => {
      const statements = [...statementsOf(migration, dialect, options), markOf(migration, dialect, options)];
      return `-- nestjs-maestrano, version ${migration.version}: ${migration.title}\n${statements.map((text) => `${text};\n`).join('')}`;
    })
    .join('\n');
}

function statementsOf({ statements }: SqlMigration, dialect: SqlDialect, options: SqlTableOptions): string[] {
  return statements[dialect].map((text) =>
    text
      .replaceAll('{prefix}', options.prefix ?? 'maestrano_')
      // An index of SQLite is in the schema of its table, whose name then stands before that of the index.
      .replaceAll('{in}', dialect === 'sqlite' && options.schema !== undefined ? `"${options.schema}".` : '')
      .replace(/\{(\w+)\}/g, (_, name: string) => tableName(dialect, options, name)),
  );
}

function markOf({ version }: SqlMigration, dialect: SqlDialect, options: SqlTableOptions): string {
  const table = tableName(dialect, options, 'schema');
  const values = `(version, applied_at) values (${version}, ${SQL_NOW[dialect]})`;
  return dialect === 'mysql'
    ? `insert ignore into ${table} ${values}`
    : `insert into ${table} ${values} on conflict (version) do nothing`;
}
