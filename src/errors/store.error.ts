import { MaestranoError, type MaestranoErrorOptions } from './maestrano.error.js';

/** Codes of {@link StoreError}, with their meaning. */
export const STORE_ERROR_CODES = {
  'store.argument': 'A key, a time, a limit or the number of entries is outside of what every store takes.',
  'store.notDurable': 'An entry without a time to live was given to a store that may forget it.',
  'store.aborted': 'The signal of the call ended the wait; what was begun may still be carried out.',
} as const;

export type StoreErrorCode = keyof typeof STORE_ERROR_CODES;

/** A call that a `MaestranoStore` cannot carry out, or did not carry out in time. Holds no value and no key. */
export class StoreError extends MaestranoError {
  declare readonly code: StoreErrorCode;

  constructor(message: string, options: MaestranoErrorOptions & { readonly code: StoreErrorCode }) {
    super(message, options);
  }
}
