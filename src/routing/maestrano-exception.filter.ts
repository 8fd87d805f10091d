import { type ArgumentsHost, Catch, HttpException, Injectable, Logger } from '@nestjs/common';
import { BaseExceptionFilter, HttpAdapterHost } from '@nestjs/core';

import { MaestranoAccountError, MaestranoRateLimitError } from '../errors/account.error.js';
import { statusOf } from '../errors/error-status.js';
import { MaestranoError } from '../errors/maestrano.error.js';

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
