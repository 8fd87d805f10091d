import { type ErrorTable, MaestranoError, type MaestranoErrorFacts } from './maestrano.error.js';

/** Codes of {@link MaestranoStoreError}, with their meaning. */
export const STORE_ERROR_CODES = {
  'store.argument': {
    meaning: 'A key, a time, a limit or the number of entries is outside of what every store takes.',
  },
  'store.notDurable': { meaning: 'An entry without a time to live was given to a store that may forget it.' },
  'store.aborted': {
    meaning: 'The signal of the call ended the wait; what was begun may still be carried out.',
  },
  'store.noTransactions': {
    meaning: 'A transaction was given, and the store is in no database of the application.',
    remedy: 'Use SqlStore of nestjs-maestrano/sql as the store option.',
  },
  'store.unavailable': {
    meaning: 'The store did not respond in time, or failed.',
    remedy: 'Try again in a few seconds, and look at the store when it goes on.',
    httpStatus: 503,
  },
} as const satisfies ErrorTable;

export type StoreErrorCode = keyof typeof STORE_ERROR_CODES;

/** What is known of a call that a store did not carry out. */
export interface StoreErrorFacts extends MaestranoErrorFacts {
  readonly mayHaveWritten?: boolean;
}

/** A call that a `MaestranoStore` cannot carry out, or did not carry out in time. Holds no value and no key. */
export class MaestranoStoreError extends MaestranoError {
  declare readonly code: StoreErrorCode;
  /**
   * With `store.unavailable`, whether the call would have changed something, which then may have happened: read before
   * you write again. False for calls that only read, and for every other code but `store.aborted`, which does not say.
   */
  readonly mayHaveWritten: boolean;

  constructor(code: StoreErrorCode, facts: StoreErrorFacts = {}) {
    super(STORE_ERROR_CODES[code], code, facts);
    this.mayHaveWritten = facts.mayHaveWritten ?? false;
  }
}
