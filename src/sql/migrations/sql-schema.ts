import { MaestranoSqlError } from '../../errors/sql.error.js';
import type { SqlDialect, SqlExecutor, SqlRow } from '../sql-executor.js';
import { withRetries } from '../sql-calls.js';
import { tableName, type SqlTableOptions } from '../sql-tables.js';
import { numberOf, rowsOf, textOf } from '../sql-values.js';
import { migrationStatements, SQL_VERSION } from './migration-text.js';
import { COLUMN_TYPES, TABLE_SHAPES } from './table-shapes.js';

/** Our tables as they are in a database. */
export interface SqlSchemaReport {
  /** The last migration that was carried out; 0 when there is none. */
  readonly version: number;
  /** The one that this package needs. */
  readonly needed: number;
  /** What is not as it has to be, for people; empty when all is well. */
  readonly problems: readonly string[];
}

/**
 * Compares version, columns and indexes of our tables with what is needed, and changes nothing.
 *
 * @throws MaestranoSqlError when the database cannot be asked.
 */
export function readSqlSchema(
  executor: SqlExecutor,
  options: SqlTableOptions = {},
): Promise<SqlSchemaReport> {
  return withRetries(executor, async () => {
    const [version, columns, indexes] = [
      await versionOf(executor, options),
      await columnsOf(executor, options),
      await indexesOf(executor, options),
    ];
    const { dialect } = executor;
    const { prefix = 'maestrano_' } = options;
    const problems = Object.entries(TABLE_SHAPES).flatMap(([name, shape]) => {
      const table = `${prefix}${name}`;
      const found = columns.get(table);
      if (!found) return [`table ${table} is missing`];
      return [
        ...Object.entries(shape.columns)
          .filter(([column]) => (shape.only?.[column] ?? dialect) === dialect)
          .flatMap(([column, kind]) => {
            const type = found.get(column);
            if (type === undefined) return [`column ${table}.${column} is missing`];
            const good = COLUMN_TYPES[dialect][kind].test(type);
            return good ? [] : [`column ${table}.${column} is ${type}`];
          }),
        ...shape.indexes
          .filter((index) => !indexes.has(`${prefix}${index}`))
          .map((index) => `index ${prefix}${index} is missing`),
      ];
    });
    if (version < SQL_VERSION) problems.unshift(`version ${version} is there, ${SQL_VERSION} is needed`);
    return { version, needed: SQL_VERSION, problems };
  });
}

/**
 * Carries out the migrations that are missing; none drops or rewrites anything. Any number of instances may do it at
 * once. Meant for tests and samples: in production the text of `nestjs-maestrano db print` belongs into your own migrations.
 *
 * @throws MaestranoSqlError `sql.transaction` inside a transaction, which MySQL would commit.
 */
export async function migrateSql(executor: SqlExecutor, options: SqlTableOptions = {}): Promise<void> {
  if (executor.inTransaction) {
    throw new MaestranoSqlError('sql.transaction', {
      message: 'Tables are not made inside a transaction of the application.',
      remedy: 'Give the executor itself.',
    });
  }
  // Everything is there mostly.
  if ((await withRetries(executor, () => versionOf(executor, options))) >= SQL_VERSION) return;
  await withRetries(
    executor,
    () =>
      executor.transaction(async (inside) => {
        // `create table if not exists` fails on PostgreSQL when two do it at once. MySQL waits by itself.
        if (executor.dialect === 'postgres') {
          await inside.query("select 1 as done from pg_advisory_xact_lock(hashtext('nestjs-maestrano'))", []);
        }
        const version = await versionOf(inside, options);
        for (const text of migrationStatements(executor.dialect, options, version)) {
          await inside.execute(text, []);
        }
      }),
    { timeoutMs: 60_000 },
  );
}

/**
 * Compares the tables in the database with those that this version needs; nothing is changed.
 *
 * @throws MaestranoSqlError `sql.tables` with what is wrong, and the command that helps.
 */
export async function checkSqlSchema(executor: SqlExecutor, options: SqlTableOptions = {}): Promise<void> {
  const { problems, version } = await readSqlSchema(executor, options);
  if (problems.length === 0) return;
  throw new MaestranoSqlError('sql.tables', {
    message: `The tables in the database are not as they have to be: ${problems.join('; ')}.`,
    remedy: `Apply the text of \`npx nestjs-maestrano db print --dialect ${executor.dialect} --from ${version}\` with your migrations.`,
  });
}

/** 0 when there is no table of versions, which is looked for first: a failed statement ends a transaction. */
async function versionOf(executor: SqlExecutor, options: SqlTableOptions): Promise<number> {
  const columns = await columnsOf(executor, options);
  if (!columns.has(`${options.prefix ?? 'maestrano_'}schema`)) return 0;
  const table = tableName(executor.dialect, options, 'schema');
  const [row] = rowsOf(await executor.query(`select coalesce(max(version), 0) as newest from ${table}`, []));
  return numberOf(row, 'newest');
}

/** Types by column by table, of our tables and others: written as in {@link COLUMN_TYPES}. */
async function columnsOf(
  executor: SqlExecutor,
  options: SqlTableOptions,
): Promise<ReadonlyMap<string, ReadonlyMap<string, string>>> {
  const found = new Map<string, Map<string, string>>();
  for (const row of await ask(executor, COLUMNS, options)) {
    const [table, collation] = [textOf(row, 't'), row['l'] === null ? '' : ` ${textOf(row, 'l')}`];
    const columns = found.get(table) ?? new Map<string, string>();
    found.set(table, columns.set(textOf(row, 'c'), `${textOf(row, 'd').toLowerCase()}${collation}`));
  }
  return found;
}

async function indexesOf(executor: SqlExecutor, options: SqlTableOptions): Promise<ReadonlySet<string>> {
  return new Set((await ask(executor, INDEXES, options)).map((row) => textOf(row, 'i')));
}

async function ask(
  executor: SqlExecutor,
  texts: Readonly<Record<SqlDialect, (schema: string) => string>>,
  { schema, ...options }: SqlTableOptions,
): Promise<readonly SqlRow[]> {
  // Checked by the same rule as in statements, so that it can stand in the text: SQLite takes no parameter there.
  if (schema !== undefined) tableName(executor.dialect, { ...options, schema }, 'schema');
  const names = { postgres: 'current_schema()', mysql: 'database()', sqlite: 'main' };
  const quoted = executor.dialect === 'sqlite' ? schema : `'${schema}'`;
  const text = texts[executor.dialect](schema === undefined ? names[executor.dialect] : (quoted ?? 'main'));
  return rowsOf(await executor.query(text, []));
}

/** Every column has a name of ours: MySQL 8 returns those of information_schema in upper case. */
const COLUMNS: Readonly<Record<SqlDialect, (schema: string) => string>> = {
  postgres: (schema) => `select table_name::text as t, column_name::text as c, data_type::text as d,
    collation_name::text as l from information_schema.columns where table_schema = ${schema}`,
  mysql: (schema) => `select table_name as t, column_name as c, data_type as d, collation_name as l
    from information_schema.columns where table_schema = ${schema}`,
  sqlite: (schema) => `select m.name as t, p.name as c, p.type as d, null as l
    from "${schema}".sqlite_master as m join pragma_table_info(m.name, '${schema}') as p where m.type = 'table'`,
};

const INDEXES: Readonly<Record<SqlDialect, (schema: string) => string>> = {
  postgres: (schema) => `select indexname::text as i from pg_indexes where schemaname = ${schema}`,
  mysql: (schema) =>
    `select distinct index_name as i from information_schema.statistics where table_schema = ${schema}`,
  sqlite: (schema) => `select name as i from "${schema}".sqlite_master where type = 'index'`,
};
