import { Option } from 'commander';

import { CliError } from '../../errors/cli.error.js';
import { migrationText } from '../../sql/migrations/migration-text.js';
import { migrateSql, readSqlSchema } from '../../sql/migrations/sql-schema.js';
import type { SqlDialect, SqlExecutor } from '../../sql/sql-executor.js';
import { tableName, type SqlTableOptions } from '../../sql/sql-tables.js';
import { CliCommand, type CommonOptions } from '../cli-command.js';
import type { CliIo } from '../cli-io.js';
import { wholeNumber } from '../cli-options.js';
import { openDatabase } from './open-database.js';

interface DbOptions extends CommonOptions {
  readonly dialect: SqlDialect;
  readonly url?: string;
  readonly prefix?: string;
  readonly schema?: string;
}

const DIALECTS: readonly SqlDialect[] = ['postgres', 'mysql', 'sqlite'];
const MAX_VERSION = 999_999;

/** The `db` commands: print, compare and make the tables of the SQL stores. */
export function dbCommand(io: CliIo): CliCommand {
  const command = new CliCommand('db', io).description(
    'The tables of nestjs-maestrano/sql. Nothing ever drops or rewrites what is there.',
  );
  withTables(command.command('print'))
    .description('Prints the text for your own migrations; connects to nothing.')
    .option('--from <n>', 'the version that you have already', wholeNumber(0, MAX_VERSION), 0)
    .does<DbOptions & { readonly from: number }>(async (at, options) => {
      const { dialect, from } = options;
      const text = migrationText(dialect, tablesOf(options), from);
      at.out(options.json ? `${JSON.stringify({ dialect, from, text }, null, 2)}\n` : text);
      return 0;
    });
  withDatabase(command.command('check'))
    .description('Whether the tables of a database are as they have to be; exit code 1 where they are not.')
    .does<DbOptions>((at, options) => onDatabase(at, options, check));
  withDatabase(command.command('diff'))
    .description('Prints the text that a database lacks, and what else is not as it has to be.')
    .does<DbOptions>((at, options) => onDatabase(at, options, diff));
  withDatabase(command.command('apply'))
    .description('Prints what diff prints, then carries it out; any number of instances may do so at once.')
    .does<DbOptions>((at, options) => onDatabase(at, options, apply));
  return command;
}

function withTables(command: CliCommand): CliCommand {
  return command
    .addOption(
      new Option('--dialect <name>', 'mysql is MariaDB as well').choices(DIALECTS).makeOptionMandatory(),
    )
    .option('--prefix <text>', 'begins the names of the tables (maestrano_)')
    .option('--schema <name>', 'where the tables are, unless the connection looks there anyway');
}

function withDatabase(command: CliCommand): CliCommand {
  return withTables(command).option(
    '--url <url>',
    'the database (DATABASE_URL); the path of the file for sqlite',
  );
}

function tablesOf({ dialect, prefix, schema }: DbOptions): SqlTableOptions {
  const tables = {
    ...(prefix === undefined ? {} : { prefix }),
    ...(schema === undefined ? {} : { schema }),
  };
  // Throws for names that no table can have, before anything is opened.
  tableName(dialect, tables, 'entry');
  return tables;
}

type Task = (executor: SqlExecutor, tables: SqlTableOptions, io: CliIo, asJson: boolean) => Promise<number>;

async function onDatabase(io: CliIo, options: DbOptions, task: Task): Promise<number> {
  const tables = tablesOf(options);
  const url = options.url ?? io.env['DATABASE_URL'];
  if (!url) {
    throw new CliError('cli.usage', {
      message: 'No database is named.',
      remedy: 'Give --url or DATABASE_URL.',
    });
  }
  const { executor, close } = await openDatabase(options.dialect, url, io);
  try {
    return await task(executor, tables, io, options.json ?? false);
  } finally {
    await close();
  }
}

const check: Task = async (executor, tables, io, asJson) => {
  const { problems, version } = await readSqlSchema(executor, tables);
  if (asJson) io.out(`${JSON.stringify({ version, problems }, null, 2)}\n`);
  else if (problems.length === 0) io.out(`version ${version}: all tables are as they have to be\n`);
  else for (const problem of problems) io.out(`${problem}\n`);
  return problems.length === 0 ? 0 : 1;
};

const diff: Task = async (executor, tables, io, asJson) => {
  const { problems, version } = await readSqlSchema(executor, tables);
  const text = migrationText(executor.dialect, tables, version);
  if (asJson) io.out(`${JSON.stringify({ version, problems, text }, null, 2)}\n`);
  else {
    io.out(problems.map((problem) => `-- ${problem}\n`).join(''));
    io.out(text);
    if (problems.length > 0 && text === '') {
      io.out('-- The version is marked as applied: what is missing has to be repaired by hand.\n');
    }
  }
  return problems.length === 0 ? 0 : 1;
};

const apply: Task = async (executor, tables, io, asJson) => {
  if (!asJson) await diff(executor, tables, io, false);
  await migrateSql(executor, tables);
  return check(executor, tables, io, asJson);
};
