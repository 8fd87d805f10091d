import { type ArgumentsHost, Catch, HttpException, Injectable, Logger } from '@nestjs/common';
import { BaseExceptionFilter, HttpAdapterHost } from '@nestjs/core';

import {
  type AccountErrorCode,
  MaestranoAccountError,
  MaestranoRateLimitError,
} from '../errors/account.error.js';
import type { ConnecErrorCode } from '../errors/connec.error.js';
import type { HttpErrorCode } from '../errors/http.error.js';
import { MaestranoError } from '../errors/maestrano.error.js';

/** What a caller of the application is told; codes that are not here have the status of their family, or their own. */
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

/** Seconds after which it makes sense to try again, where nobody said how long. */
const RETRY_AFTER_S = 5;

/** Statuses that say "not now". */
const TEMPORARY: ReadonlySet<number> = new Set([503, 504]);

/**
 * Gives errors of our services that leave a controller of the application a status, their code and, where trying again
 * helps, `Retry-After`; without it they are bare 500s. Nothing of the inside is told with 500 and above: that is in the
 * log. Not in use until the application asks for it:
 *
 * ```ts
 * @Module({ providers: [{ provide: APP_FILTER, useClass: MaestranoExceptionFilter }] })
 * ```
 */
@Injectable()
@Catch(MaestranoError)
export class MaestranoExceptionFilter extends BaseExceptionFilter<MaestranoError> {
  readonly #logger = new Logger('MaestranoErrors');

  constructor(private readonly adapterHost: HttpAdapterHost) {
    super(adapterHost.httpAdapter);
  }

  /** @returns for GraphQL and the like, what the caller is to be told. */
  override catch(error: MaestranoError, host: ArgumentsHost): HttpException | void {
    const status = statusOf(error);
    if (status >= 500) this.#logger.error(`${error.code}: ${error.message}`);
    const exception = new HttpException(bodyOf(error, status), status, { cause: error });
    if (host.getType<string>() !== 'http') return exception;
    const retryAfter = retryAfterOf(error, status);
    if (retryAfter !== null) {
      const response = host.switchToHttp().getResponse<unknown>();
      this.adapterHost.httpAdapter.setHeader(response, 'Retry-After', retryAfter);
    }
    super.catch(exception as never, host);
  }
}

function statusOf(error: MaestranoError): number {
  const known = (STATUS as Readonly<Record<string, number | undefined>>)[error.code];
  if (known !== undefined) return known;
  const [family = ''] = error.code.split('.');
  return error.httpStatus === 500 && BAD_GATEWAY.has(family) ? 502 : error.httpStatus;
}

function bodyOf(error: MaestranoError, statusCode: number): object {
  const { code } = error;
  if (statusCode >= 500) return { statusCode, error: 'The request could not be completed.', code };
  const fields = error instanceof MaestranoAccountError ? { fields: error.fields } : {};
  return { statusCode, error: error.message, code, ...fields };
}

function retryAfterOf(error: MaestranoError, status: number): string | null {
  if (error instanceof MaestranoRateLimitError && error.retryAfterMs !== null) {
    return String(Math.ceil(error.retryAfterMs / 1_000));
  }
  return TEMPORARY.has(status) || error.code === 'account.inProgress' ? String(RETRY_AFTER_S) : null;
}
