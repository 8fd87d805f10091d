/** What pg-boss sends its statements through. */
export interface PgBossDatabase {
  executeSql(text: string, values?: unknown[]): Promise<{ rows: Record<string, unknown>[] }>;
}

/** A job as `fetch` returns it. */
export interface PgBossJob {
  readonly id: string;
  /** Parsed, or as text where the library leaves `jsonb` alone. */
  readonly data: unknown;
  /** How often somebody took it up and did not end. */
  readonly retryCount: number;
}

/** What is used of a `PgBoss`. */
export interface PgBoss {
  on(event: 'error', listener: (error: Error) => void): unknown;
  start(): Promise<unknown>;
  stop(options: { graceful: boolean }): Promise<void>;
  /** pg-boss 10: jobs whose time is over are handed out again, or given up. */
  expire?(): Promise<unknown>;
  /** The same in pg-boss 12, for one queue. */
  supervise?(name: string): Promise<unknown>;
  createQueue(name: string, options: { name: string } & Readonly<Record<string, unknown>>): Promise<unknown>;
  send(
    name: string,
    data: object,
    options: {
      readonly id?: string;
      readonly db: PgBossDatabase;
      readonly retryLimit: number;
      readonly expireInSeconds: number;
      readonly retentionSeconds: number;
      readonly deadLetter?: string;
      /** With `singletonSeconds`: one job of the key for each stretch of so many seconds. */
      readonly singletonKey?: string;
      readonly singletonSeconds?: number;
    },
  ): Promise<string | null>;
  fetch(
    name: string,
    options: { readonly batchSize: number; readonly includeMetadata: true },
  ): Promise<readonly PgBossJob[]>;
}

/** What is used of the class `PgBoss`. */
export interface PgBossClass {
  new (options: {
    readonly db: PgBossDatabase;
    readonly schema: string;
    readonly migrate: boolean;
    readonly supervise: false;
    readonly schedule: false;
  }): PgBoss;
  /** The statements that make its tables; in pg-boss 12 a function beside the class. */
  getConstructionPlans?(schema: string): string;
}
