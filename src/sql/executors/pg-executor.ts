import { MaestranoSqlError } from '../../errors/sql.error.js';
import { createSqlExecutor, type SqlExecutor, type SqlRow } from '../sql-executor.js';

/** What is used of a `Client` or `PoolClient` of the package `pg`. */
export interface PgClient {
  query(
    text: string,
    values: unknown[],
  ): Promise<{ rows: SqlRow[]; rowCount: number | null; command?: string }>;
}

/** What is used of a client that a `Pool` of `pg` lends. */
export interface PgPoolClient extends PgClient {
  release(error?: Error | boolean): void;
  on(event: 'error', listener: (error: Error) => void): unknown;
  removeListener(event: 'error', listener: (error: Error) => void): unknown;
}

/** What is used of a `Pool` of the package `pg`. */
export interface PgPool extends PgClient {
  connect(): Promise<PgPoolClient>;
  readonly totalCount: number;
}

/**
 * Over a `Pool` or one connected `Client` of `pg` 8. Statements are unnamed, so that PgBouncer may share connections.
 * Give your pool an `error` listener and a `connectionTimeoutMillis`: without, a restarted database ends the process,
 * and a pool that is used up waits for ever.
 */
export function pgExecutor(native: PgPool | PgClient): SqlExecutor {
  return createSqlExecutor<PgPool | PgClient>({
    dialect: 'postgres',
    native,
    oneConnection: !isPool(native),
    isTransaction: (client) => typeof client.query === 'function' && !isPool(client),
    statements: (client) => ({
      query: async (text, parameters) => (await client.query(text, [...parameters])).rows,
      execute: async (text, parameters) => (await client.query(text, [...parameters])).rowCount ?? 0,
    }),
    transaction: (work) => (isPool(native) ? onLentClient(native, work) : committed(native, work)),
  });
}

function isPool(native: PgPool | PgClient): native is PgPool {
  return 'totalCount' in native;
}

async function onLentClient<T>(pool: PgPool, work: (client: PgClient) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  let lost: Error | undefined;
  // A lent client that loses its connection says so with an event, which ends the process when nobody listens.
  const listener = (error: Error): void => {
    lost = error;
  };
  client.on('error', listener);
  try {
    return await committed(client, work, listener);
  } finally {
    client.removeListener('error', listener);
    client.release(lost);
  }
}

/** @param stuck called when the transaction could not be ended: whoever used the connection next would be in it. */
async function committed<T>(
  client: PgClient,
  work: (client: PgClient) => Promise<T>,
  stuck: (error: Error) => void = () => undefined,
): Promise<T> {
  let result: T;
  let command: string | undefined;
  try {
    await client.query('begin', []);
    result = await work(client);
    ({ command } = await client.query('commit', []));
  } catch (error) {
    // The error of the work says more than that of a rollback on a connection that is gone.
    await client.query('rollback', []).catch(stuck);
    throw error;
  }
  // The response of PostgreSQL, without an error, where a statement had failed and its error was caught.
  if (command === 'ROLLBACK') throw rolledBack();
  return result;
}

function rolledBack(): MaestranoSqlError {
  return new MaestranoSqlError('sql.failed', {
    message: 'The database rolled the transaction back at its commit, because a statement in it had failed.',
    remedy: 'Do not catch errors of statements inside a transaction, or use a savepoint around them.',
  });
}
