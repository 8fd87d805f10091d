import type { AccountErrorCode } from './account.error.js';
import type { ConnecErrorCode } from './connec.error.js';
import type { HttpErrorCode } from './http.error.js';
import type { MaestranoError } from './maestrano.error.js';

/** Statuses of what services of ours report; codes that are not here have the status of their family, or their own. */
const STATUS: Readonly<Partial<Record<AccountErrorCode | ConnecErrorCode | HttpErrorCode, number>>> = {
  'account.invalidRequest': 422,
  'account.invalidInput': 422,
  'account.notFound': 404,
  'account.rateLimit': 503,
  'account.undecided': 503,
  'account.keyConflict': 409,
  'account.inProgress': 409,
  'connec.argument': 400,
  'connec.invalid': 422,
  'connec.notFound': 404,
  'connec.conflict': 409,
  'connec.rateLimited': 503,
  'connec.disabled': 500,
  'connec.handler': 500,
  'connec.queue': 500,
  'http.timeout': 504,
  'http.deadline': 504,
  'http.aborted': 503,
  'http.circuitOpen': 503,
  'http.busy': 503,
  'http.request': 500,
  'http.interceptor': 500,
  'http.configure': 500,
};

/** The other side did not do its part, which is none of the caller's doing. */
const BAD_GATEWAY: ReadonlySet<string> = new Set(['account', 'connec', 'http']);

/**
 * Status of a request to the application itself that ends with the error: to a controller of its own
 * (docs/operations.md#errors-in-your-own-controllers), or to a page of the console.
 */
export function statusOf(error: MaestranoError): number {
  const known = (STATUS as Readonly<Record<string, number | undefined>>)[error.code];
  if (known !== undefined) return known;
  const [family = ''] = error.code.split('.');
  return error.httpStatus === 500 && BAD_GATEWAY.has(family) ? 502 : error.httpStatus;
}
