import type { SqlExecutor } from '../../sql/sql-executor.js';

/** Where the records of an entity are, and how they are written. Names are those of columns unless said otherwise. */
export interface TableOptions<Local> {
  /** The primary key: a number or a text that the database, or `newId`, gives. */
  readonly id: string;
  /** What names the customer: `tenant` of the module's options. */
  readonly group: string;
  /**
   * A whole number that rises over all rows of a customer with every write of anybody. Needs an index together with
   * `group`.
   */
  readonly version: string;
  /** A text of up to 255 characters that only the synchronization writes; null in your own rows. Unique with `group`. */
  readonly key: string;
  /** When the row was last changed: a date, milliseconds of the epoch, or a text in ISO 8601. */
  readonly updatedAt: string;
  /** When the row came into being; needed where the database gives ids again after a delete. None by default. */
  readonly bornAt?: string;
  /** Not null in rows that count as deleted; none by default. */
  readonly deletedAt?: string;
  /** How properties are named as columns: `same` (by default), or `snake_case` for `firstName` in `first_name`. */
  readonly naming?: 'same' | 'snake_case';
  /**
   * Properties that are lists kept in a column of JSON, with the property of an item that is its id: `{ lines: 'id' }`. New
   * items get a UUID as their id. None by default.
   */
  readonly json?: Readonly<Partial<Record<keyof Local & string, string>>>;
  /** Columns of properties that are named otherwise. */
  readonly columns?: Readonly<Partial<Record<keyof Local & string, string>>>;
  /**
   * Who raises the version: `source` (by default) writes the largest one of the customer plus one, `trigger` leaves it
   * to the database.
   */
  readonly versionBy?: 'source' | 'trigger';
  /** Columns that every write sets, with an expression of SQL each, such as `{ updated_at: 'now()' }`; none by default. */
  readonly onWrite?: Readonly<Record<string, string>>;
  /** Ids of new rows where the database gives none. */
  readonly newId?: () => string | number;
  /**
   * Longest time that a transaction on the table is open, in milliseconds; 75,000 by default. Versions are drawn before a
   * commit, so newer rows are read again for so long.
   */
  readonly settleMs?: number;
  /** Where the table is; the database of the SqlSyncStore, or `executor` of the module's options, by default. */
  readonly executor?: SqlExecutor;
}
