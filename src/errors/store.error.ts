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
} as const satisfies ErrorTable;

export type StoreErrorCode = keyof typeof STORE_ERROR_CODES;

/** A call that a `MaestranoStore` cannot carry out, or did not carry out in time. Holds no value and no key. */
export class MaestranoStoreError extends MaestranoError {
  declare readonly code: StoreErrorCode;

  constructor(code: StoreErrorCode, facts: MaestranoErrorFacts = {}) {
    super(STORE_ERROR_CODES[code], code, facts);
  }
}
