import { createSqlExecutor, type SqlExecutor, type SqlParameter, type SqlRow } from '../sql-executor.js';

/** What is used of a connection of `mysql2/promise`. */
export interface Mysql2Connection {
  query(text: string): Promise<[unknown, unknown]>;
  execute(text: string, values: (string | number | null | Buffer)[]): Promise<[unknown, unknown]>;
  beginTransaction(): Promise<void>;
  commit(): Promise<void>;
  rollback(): Promise<void>;
}

/** What is used of a pool of `mysql2/promise`. */
export interface Mysql2Pool {
  query(text: string): Promise<[unknown, unknown]>;
  execute(text: string, values: (string | number | null | Buffer)[]): Promise<[unknown, unknown]>;
  getConnection(): Promise<Mysql2Connection & { release(): void; destroy(): void }>;
}

/**
 * Over a pool or one connection of `mysql2/promise` 3, for MySQL and MariaDB. Parameters travel apart from the text, so
 * that no `sql_mode` changes what they mean.
 */
export function mysql2Executor(native: Mysql2Pool | Mysql2Connection): SqlExecutor {
  return createSqlExecutor<Mysql2Pool | Mysql2Connection>({
    dialect: 'mysql',
    native,
    oneConnection: !isPool(native),
    isTransaction: (connection) => typeof connection.execute === 'function' && !isPool(connection),
    statements: (connection) => ({
      query: async (text, parameters) => rowsOf(await run(connection, text, parameters)),
      execute: async (text, parameters) => countOf(await run(connection, text, parameters)),
    }),
    transaction: (work) => (isPool(native) ? onLentConnection(native, work) : committed(native, work)),
  });
}

function isPool(native: Mysql2Pool | Mysql2Connection): native is Mysql2Pool {
  return 'getConnection' in native;
}

async function run(
  connection: Mysql2Pool | Mysql2Connection,
  text: string,
  parameters: readonly SqlParameter[],
): Promise<unknown> {
  // What defines tables cannot be prepared everywhere, and has no parameters.
  const [result] =
    parameters.length === 0
      ? await connection.query(text)
      : await connection.execute(
          text,
          parameters.map((value) => (value instanceof Uint8Array ? Buffer.from(value) : value)),
        );
  return result;
}

/** Rows of mysql2, as other libraries hand them on: a list, or else what became of a statement without rows. */
function rowsOf(result: unknown): readonly SqlRow[] {
  return Array.isArray(result) ? (result as SqlRow[]) : [];
}

function countOf(result: unknown): number {
  return (result as { readonly affectedRows?: number } | null)?.affectedRows ?? 0;
}

async function onLentConnection<T>(
  pool: Mysql2Pool,
  work: (connection: Mysql2Connection) => Promise<T>,
): Promise<T> {
  const connection = await pool.getConnection();
  let isStuck = false;
  try {
    return await committed(connection, work, () => {
      isStuck = true;
    });
  } finally {
    if (isStuck) connection.destroy();
    else connection.release();
  }
}

/** @param stuck called when the transaction could not be ended: whoever used the connection next would be in it. */
async function committed<T>(
  connection: Mysql2Connection,
  work: (connection: Mysql2Connection) => Promise<T>,
  stuck: () => void = () => undefined,
): Promise<T> {
  try {
    await connection.beginTransaction();
    const result = await work(connection);
    await connection.commit();
    return result;
  } catch (error) {
    // The error of the work says more than that of a rollback on a connection that is gone.
    await connection.rollback().catch(stuck);
    throw error;
  }
}
