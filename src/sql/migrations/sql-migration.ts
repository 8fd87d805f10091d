import type { SqlDialect } from '../sql-executor.js';

/** A step of the tables; in its texts `{entry}` and the like stand for names of tables, `{prefix}` for what begins them. */
export interface SqlMigration {
  /** 1, 2, 3, … without a gap. A published one never changes. */
  readonly version: number;
  readonly title: string;
  /** One statement each: MySQL takes no more at once. All of them may be carried out again. */
  readonly statements: Readonly<Record<SqlDialect, readonly string[]>>;
}
