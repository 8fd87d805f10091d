import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';

import { CliError } from '../../errors/cli.error.js';
import { mysql2Executor } from '../../sql/executors/mysql2-executor.js';
import { pgExecutor } from '../../sql/executors/pg-executor.js';
import { sqliteExecutor } from '../../sql/executors/sqlite-executor.js';
import type { SqlDialect, SqlExecutor } from '../../sql/sql-executor.js';
import { errorCode } from '../../utils/error-code.js';
import { reasonOf } from '../cli-failure.js';
import type { CliIo } from '../cli-io.js';

/** A database that the command opened, and closes. */
export interface OpenDatabase {
  readonly executor: SqlExecutor;
  readonly close: () => Promise<void>;
}

type PgModule = {
  readonly Client: new (options: object) => Parameters<typeof pgExecutor>[0] & {
    connect(): Promise<unknown>;
    end(): Promise<void>;
  };
};
type Mysql2Module = {
  createConnection(options: object): Promise<Parameters<typeof mysql2Executor>[0] & { end(): Promise<void> }>;
};
type SqliteModule = new (
  path: string,
  options: object,
) => Parameters<typeof sqliteExecutor>[0] & { close(): void };

/** What serves where there is no driver. */
const PRINT = ', or take the text of `nestjs-maestrano db print`';

/**
 * Opens a database with the driver that the application in the working directory has: drivers are not ours.
 *
 * @param url `postgres://…`, `mysql://…`; for SQLite the path of the file.
 * @throws CliError `cli.application` without a driver, `cli.server` when the database cannot be opened
 */
export async function openDatabase(dialect: SqlDialect, url: string, io: CliIo): Promise<OpenDatabase> {
  try {
    return await open(dialect, url, io);
  } catch (error) {
    if (error instanceof CliError) throw error;
    throw new CliError('cli.server', {
      message: `The database cannot be opened: ${reasonOf(error).replace(/\.$/, '')}.`,
      remedy: 'Check --url or DATABASE_URL, and that --dialect is its kind.',
    });
  }
}

async function open(dialect: SqlDialect, url: string, io: CliIo): Promise<OpenDatabase> {
  if (dialect === 'postgres') {
    const { Client } = driver<PgModule>('pg', io, PRINT);
    const client = new Client({ connectionString: url, connectionTimeoutMillis: 10_000 });
    await client.connect();
    return { executor: pgExecutor(client), close: () => client.end() };
  }
  if (dialect === 'mysql') {
    const mysql2 = driver<Mysql2Module>('mysql2/promise', io, PRINT);
    const connection = await mysql2.createConnection({ uri: url, connectTimeout: 10_000 });
    return { executor: mysql2Executor(connection), close: () => connection.end() };
  }
  const Database = driver<SqliteModule>('better-sqlite3', io, PRINT);
  const database = new Database(resolve(io.cwd, url.replace(/^(sqlite|file):(\/\/)?/, '')), { timeout: 50 });
  return { executor: sqliteExecutor(database), close: async () => database.close() };
}

/** A package of the application in the working directory. */
export function driver<T>(name: string, io: CliIo, remedy = ''): T {
  try {
    return createRequire(join(resolve(io.cwd), 'package.json'))(name) as T;
  } catch (error) {
    if (errorCode(error) !== 'MODULE_NOT_FOUND') throw error;
    const [installed = name] = name.split('/');
    throw new CliError('cli.application', {
      message: `${installed} is not installed in ${resolve(io.cwd)}.`,
      remedy: `Run npm install ${installed}${remedy}.`,
    });
  }
}
