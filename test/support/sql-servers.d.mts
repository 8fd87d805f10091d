/** A server that runs until it is stopped. */
export interface SqlServer {
  readonly url: string;
  readonly port: number;
  stop(): Promise<void>;
}
/** One that can be ended as a crash does, and is up again when the promise resolves. */
export interface CrashableSqlServer extends SqlServer {
  crash(): Promise<void>;
}
export interface SqlServerOptions {
  /** Whether what is acknowledged survives a crash; false for speed. */
  readonly durable?: boolean;
  readonly port?: number;
}
/** The library that moves a program's clock; null where the Debian package faketime is missing. */
export function clockLibrary(): string | null;
export const sqlTestsInstalled: boolean;
export function sqlServers(): Record<'postgres' | 'mariadb' | 'pgbouncer', string | null>;
export function startPostgres(
  options?: SqlServerOptions & { readonly clock?: string },
): Promise<CrashableSqlServer>;
export function startMariadb(options?: SqlServerOptions): Promise<CrashableSqlServer>;
export function startPgbouncer(options: {
  readonly postgresPort: number;
  readonly port?: number;
}): Promise<SqlServer>;
export function startSqlServers(): Promise<() => Promise<void>>;
