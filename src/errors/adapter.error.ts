import { type ErrorTable, MaestranoError, type MaestranoErrorFacts } from './maestrano.error.js';

/** Codes of {@link MaestranoAdapterError}. */
export const ADAPTER_ERROR_CODES = {
  'adapter.missing': { meaning: 'An adapter that a request needs is not there.' },
} as const satisfies ErrorTable;

export type AdapterErrorCode = keyof typeof ADAPTER_ERROR_CODES;

/** An adapter that a request needs is not there. */
export class MaestranoAdapterError extends MaestranoError {
  declare readonly code: AdapterErrorCode;

  constructor(code: AdapterErrorCode, facts: MaestranoErrorFacts) {
    super(ADAPTER_ERROR_CODES[code], code, facts);
  }
}
