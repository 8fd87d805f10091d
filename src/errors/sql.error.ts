import { type ErrorTable, MaestranoError, type MaestranoErrorFacts } from './maestrano.error.js';

/** Codes of {@link MaestranoSqlError}, with their meaning. */
export const SQL_ERROR_CODES = {
  'sql.failed': {
    meaning: 'The database, or the way to it, did not carry out a statement.',
    remedy: 'Look at the cause; what was begun may have been carried out.',
  },
  'sql.timeout': {
    meaning: 'The database did not respond in time, or no connection of the pool became free.',
    remedy:
      'Inside a transaction of yours use `within(transaction)`, or its connections and ours wait for each other; else enlarge the pool.',
  },
  'sql.contention': {
    meaning: 'The statement met others on the same rows again and again until its time was over.',
    remedy: 'Keep your own transactions on these tables short.',
  },
  'sql.tables': {
    meaning: 'A table or a column of ours is missing in the database.',
    remedy: 'Run `npx nestjs-maestrano db print` and apply its text with your migrations.',
  },
  'sql.dialect': {
    meaning:
      'The database does not understand the statement: it is no database of the dialect that was named.',
    remedy:
      'Name the dialect of your database where the executor is made; docs/sql.md has the oldest versions.',
  },
  'sql.readOnly': {
    meaning: 'The database can only be read, such as a replica.',
    remedy: 'Give the executor a connection to the primary.',
  },
  'sql.rows': {
    meaning: 'The executor returned rows of another shape than the port asks for.',
    remedy:
      'Return rows as objects by column from `query`, and a number from `execute`, whatever the library calls them.',
  },
  'sql.transaction': {
    meaning: 'What was given as a transaction is none of the library that the executor is made for.',
    remedy: 'Give the object that the library hands to the work of a transaction.',
  },
} as const satisfies ErrorTable;

/** Codes of {@link MaestranoSqlError}: docs/troubleshooting.md has an entry for each. */
export type SqlErrorCode = keyof typeof SQL_ERROR_CODES;

/** Something that went wrong with the SQL database. Holds no value and no key of an entry, nor does its cause. */
export class MaestranoSqlError extends MaestranoError {
  declare readonly code: SqlErrorCode;

  constructor(code: SqlErrorCode, facts: MaestranoErrorFacts = {}) {
    super(SQL_ERROR_CODES[code], code, facts);
  }
}
