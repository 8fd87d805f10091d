import { Inject, Injectable, Optional } from '@nestjs/common';

import { InvalidRequestError } from '../errors/account.error.js';
import type { HttpAnswer, HttpMethod } from '../http/http.types.js';
import { MaestranoHttp } from '../http/maestrano-http.service.js';
import { accountTarget } from '../http/marketplace-target.js';
import type { AccountOptions } from '../interfaces/account-options.interface.js';
import type { Marketplace } from '../interfaces/marketplace.interface.js';
import { MAESTRANO_OPTIONS } from '../maestrano.constants.js';
import { numberOption } from '../utils/number-option.js';
import { openEnvelope } from './envelope.js';
import type { RecordOrigin } from './fields.js';

/** What may vary from call to call; the `http` option has the defaults. */
export interface AccountCallOptions {
  readonly signal?: AbortSignal;
  /** Milliseconds for one attempt. */
  readonly timeoutMs?: number;
  /** Milliseconds over all attempts. */
  readonly deadlineMs?: number;
  /** Attempts in all; a creation is only ever repeated when it was never sent. */
  readonly attempts?: number;
}

/** One request to the Account API. */
export interface AccountRequest {
  readonly method: HttpMethod;
  /** Segments below `account/`; identifiers among them are encoded here. */
  readonly path: readonly string[];
  /** The path with `:id` in place of identifiers. */
  readonly template: string;
  readonly query?: URLSearchParams;
  readonly body?: Readonly<Record<string, unknown>>;
  readonly options?: AccountCallOptions;
}

/** The data of a response, and what is known of where it came from. */
export interface AccountResponse {
  readonly data: unknown;
  readonly origin: RecordOrigin;
}

/** Calls the Account API of a marketplace, and opens its envelopes (protocol §8.1 to §8.4). */
@Injectable()
export class AccountClient {
  readonly #maxResponseBytes: number;

  constructor(
    private readonly http: MaestranoHttp,
    @Optional() @Inject(MAESTRANO_OPTIONS) options?: { readonly account?: AccountOptions },
  ) {
    const { maxResponseBytes } = options?.account ?? {};
    this.#maxResponseBytes = numberOption('account.maxResponseBytes', maxResponseBytes, 5_000_000);
  }

  /**
   * @throws AccountError the marketplace rejected the request or failed (protocol §8.4).
   * @throws MaestranoHttpError no usable response came.
   */
  async call(marketplace: Marketplace, request: AccountRequest): Promise<AccountResponse> {
    const operation = `${request.method} account/${request.template}`;
    const segments = request.path.map((segment) => encodeSegment(segment, marketplace, operation));
    const query = request.query?.size ? `?${request.query.toString()}` : '';
    const response = await this.#send(
      marketplace,
      operation,
      request,
      `account/${segments.join('/')}${query}`,
    );
    const data = openEnvelope(response, marketplace.name, operation);
    const { status, requestId, attempts } = response;
    const details = { marketplace: marketplace.name, operation, status, requestId, attempts };
    return { data, origin: { marketplace: marketplace.name, details } };
  }

  /** Proves host, base path and credentials; the greeting of the marketplace (protocol §8.1). */
  async ping(marketplace: Marketplace, options?: AccountCallOptions): Promise<unknown> {
    const request: AccountRequest = { method: 'GET', path: [], template: '', options };
    const response = await this.#send(marketplace, 'GET ping', request, 'ping');
    return openEnvelope(response, marketplace.name, 'GET ping');
  }

  #send(
    marketplace: Marketplace,
    operation: string,
    request: AccountRequest,
    path: string,
  ): Promise<HttpAnswer> {
    const { signal, timeoutMs, deadlineMs, attempts } = request.options ?? {};
    return this.http.request(accountTarget(marketplace), {
      method: request.method,
      path: marketplace.api.base + path,
      operation,
      body: request.body,
      maxResponseBytes: this.#maxResponseBytes,
      signal,
      timeoutMs,
      deadlineMs,
      attempts,
    });
  }
}

/** Identifiers come from callers: none may climb out of its place in the path. */
function encodeSegment(segment: string, marketplace: Marketplace, operation: string): string {
  const usable = typeof segment === 'string' && /^(?!\.{1,2}$)[^\p{C}\s]{1,200}$/u.test(segment);
  if (usable) return encodeURIComponent(segment);
  throw new InvalidRequestError('account.invalidInput', 'the identifier is empty or unusable.', {
    marketplace: marketplace.name,
    operation,
    fields: { id: ['is empty or unusable'] },
  });
}
