import { MaestranoError } from './maestrano.error.js';

/** Codes of {@link AdapterError}. */
export const ADAPTER_ERROR_CODES = {
  missing: 'adapter.missing',
} as const;

/** An adapter that a request needs is not there. */
export class AdapterError extends MaestranoError {
  constructor(name: string, extra: string) {
    super(`No ${name} is provided.`, {
      code: ADAPTER_ERROR_CODES.missing,
      remedy: `Extend ${name} and name the class in the "${extra}" extra of MaestranoModule.forRoot(), or provide it under the token ${name} in a module listed in "imports".`,
    });
  }
}
