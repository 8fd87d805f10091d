import { parseArgs } from 'node:util';

import { CliError } from '../../errors/cli.error.js';
import { migrationText } from '../../sql/migrations/migration-text.js';
import { migrateSql, readSqlSchema } from '../../sql/migrations/sql-schema.js';
import type { SqlDialect, SqlExecutor } from '../../sql/sql-executor.js';
import { tableName, type SqlTableOptions } from '../../sql/sql-tables.js';
import type { CliIo } from '../cli-io.js';
import { runCommand } from '../command-runner.js';
import { openDatabase } from './open-database.js';

const HELP = `Usage: nestjs-maestrano db <print | check | diff | apply> --dialect <postgres | mysql | sqlite> [options]

The tables of nestjs-maestrano/sql. Nothing ever drops or rewrites what is there.

  print           the text for your own migrations; connects to nothing
  check           whether the tables of a database are as they have to be; exit code 1 where they are not
  diff            the text that a database lacks, and what else is not as it has to be
  apply           prints what diff prints, then carries it out; any number of instances may do so at once

  --dialect NAME  postgres, mysql (also MariaDB), sqlite
  --url URL       the database (default DATABASE_URL); the path of the file for sqlite
  --from N        print: the version that you have already (default 0)
  --prefix TEXT   begins the names of the tables (default maestrano_)
  --schema NAME   where the tables are, unless the connection looks there anyway
`;

const OPTIONS = {
  dialect: { type: 'string' },
  url: { type: 'string' },
  from: { type: 'string', default: '0' },
  prefix: { type: 'string' },
  schema: { type: 'string' },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

/** Prints, compares and makes the tables of the SQL stores. Resolves with the exit code. */
export function run(argv: string[], io: CliIo): Promise<number> {
  return runCommand(io, async () => {
    const { values, positionals } = parseArgs({ args: argv, options: OPTIONS, allowPositionals: true });
    const [task] = positionals;
    if (values.help || task === undefined) {
      io.out(HELP);
      return values.help ? 0 : 2;
    }
    const dialect = dialectOf(values.dialect);
    const tables = {
      ...(values.prefix === undefined ? {} : { prefix: values.prefix }),
      ...(values.schema === undefined ? {} : { schema: values.schema }),
    };
    tableName(dialect, tables, 'entry');
    if (task === 'print') {
      io.out(migrationText(dialect, tables, versionOf(values.from)));
      return 0;
    }
    const work = TASKS[task];
    if (!work) throw usage(`"${task}" is not understood.`);
    const url = values.url ?? io.env['DATABASE_URL'];
    if (!url) throw usage('Which database? Give --url or DATABASE_URL.');
    const { executor, close } = await openDatabase(dialect, url, io);
    try {
      return await work(executor, tables, io);
    } finally {
      await close();
    }
  });
}

const TASKS: Readonly<
  Record<string, (executor: SqlExecutor, tables: SqlTableOptions, io: CliIo) => Promise<number>>
> = { check, diff, apply };

async function check(executor: SqlExecutor, tables: SqlTableOptions, io: CliIo): Promise<number> {
  const { problems, version } = await readSqlSchema(executor, tables);
  if (problems.length === 0) io.out(`version ${version}: all tables are as they have to be\n`);
  for (const problem of problems) io.out(`${problem}\n`);
  return problems.length === 0 ? 0 : 1;
}

async function diff(executor: SqlExecutor, tables: SqlTableOptions, io: CliIo): Promise<number> {
  const { problems, version } = await readSqlSchema(executor, tables);
  const text = migrationText(executor.dialect, tables, version);
  io.out(problems.map((problem) => `-- ${problem}\n`).join(''));
  io.out(text);
  if (problems.length > 0 && text === '') {
    io.out('-- The version is marked as applied: what is missing has to be repaired by hand.\n');
  }
  return problems.length === 0 ? 0 : 1;
}

async function apply(executor: SqlExecutor, tables: SqlTableOptions, io: CliIo): Promise<number> {
  await diff(executor, tables, io);
  await migrateSql(executor, tables);
  return check(executor, tables, io);
}

function dialectOf(name: string | undefined): SqlDialect {
  if (name === 'postgres' || name === 'mysql' || name === 'sqlite') return name;
  throw usage('Give --dialect postgres, mysql or sqlite.');
}

function versionOf(text: string): number {
  if (/^\d{1,6}$/.test(text)) return Number(text);
  throw usage('--from is not a version.');
}

function usage(message: string): CliError {
  return new CliError('cli.usage', { message, remedy: 'See nestjs-maestrano db --help.' });
}
