import { type ErrorTable, MaestranoError, type MaestranoErrorFacts } from './maestrano.error.js';

/** Codes of {@link MaestranoAdapterError}. */
export const ADAPTER_ERROR_CODES = {
  'adapter.missing': { meaning: 'An adapter that a request needs is not there.' },
  'adapter.timeout': {
    meaning: 'An adapter of the application did not end in time; what it began may still be carried out.',
    httpStatus: 503,
  },
} as const satisfies ErrorTable;

export type AdapterErrorCode = keyof typeof ADAPTER_ERROR_CODES;

/** An adapter of the application that a request needs is not there, or took too long. */
export class MaestranoAdapterError extends MaestranoError {
  declare readonly code: AdapterErrorCode;

  constructor(code: AdapterErrorCode, facts: MaestranoErrorFacts) {
    super(ADAPTER_ERROR_CODES[code], code, facts);
  }
}
