import { Inject, Injectable } from '@nestjs/common';

import {
  type AccountErrorFacts,
  MaestranoApiError,
  MaestranoAuthenticationError,
  type FieldMessages,
  MaestranoInvalidRequestError,
  MaestranoNotFoundError,
  MaestranoRateLimitError,
} from '../errors/account.error.js';
import type { HttpResponse, HttpMethod } from '../http/http.types.js';
import { MaestranoHttp } from '../http/maestrano-http.service.js';
import { accountTarget } from '../http/marketplace-target.js';
import { retryAfterMs } from '../http/retry-policy.js';
import type { Marketplace } from '../interfaces/marketplace.interface.js';
import type { AccountSettings } from '../settings/maestrano-settings.js';
import { ACCOUNT_SETTINGS } from '../settings/settings.providers.js';
import { isRecord } from '../utils/values.js';
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
  constructor(
    private readonly http: MaestranoHttp,
    @Inject(ACCOUNT_SETTINGS) private readonly settings: AccountSettings,
  ) {}

  /**
   * @throws MaestranoAccountError the marketplace rejected the request or failed (protocol §8.4).
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
    const details = { marketplace: marketplace.name, operation, status, requestId, attempts, fromApi: true };
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
  ): Promise<HttpResponse> {
    const { signal, timeoutMs, deadlineMs, attempts } = request.options ?? {};
    return this.http.request(accountTarget(marketplace), {
      method: request.method,
      path: marketplace.api.base + path,
      operation,
      body: request.body,
      maxResponseBytes: this.settings.maxResponseBytes,
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
  throw new MaestranoInvalidRequestError('account.invalidInput', {
    message: 'the identifier is empty or unusable.',
    marketplace: marketplace.name,
    operation,
    fields: { id: ['is empty or unusable'] },
  });
}

/** Most field messages that an error's text repeats; `fields` has them all. */
const MESSAGES_IN_TEXT = 3;

/** Bounds of `fields`, and of one message in characters. */
const MAX_FIELDS = 50;
const MAX_MESSAGES = 10;
const MAX_LENGTH = 200;

/** Statuses that blame the request. */
const REQUEST_STATUSES: ReadonlySet<number> = new Set([400, 404, 422]);

/**
 * The `data` of a response of the Account API. The envelope decides and not the status alone: the real server
 * responds to an unknown id with 200 (protocol §8.3, §8.4).
 *
 * @throws MaestranoAuthenticationError, MaestranoNotFoundError, MaestranoInvalidRequestError, MaestranoRateLimitError, MaestranoApiError
 */
export function openEnvelope(response: HttpResponse, marketplace: string, operation: string): unknown {
  const { status, json } = response;
  const envelope = isRecord(json) && typeof json.success === 'boolean' ? json : null;
  const ok = status >= 200 && status < 300;
  if (ok && envelope?.success === true) return envelope.data;

  const fields = toFieldMessages(envelope?.errors);
  const details: AccountErrorFacts = {
    marketplace,
    operation,
    status,
    fields,
    requestId: response.requestId,
    attempts: response.attempts,
    fromApi: envelope !== null,
  };
  const said = describe(fields);
  switch (status) {
    case 401:
      throw new MaestranoAuthenticationError('account.authentication', {
        message: `the API id and key are not accepted${said}.`,
        ...details,
        remedy:
          'Compare api.id and api.key with the developer platform, and check the host they are sent to.',
      });
    case 404:
      throw notFound(`the server does not know the identifier or the address${said}.`, details);
    case 429:
      throw new MaestranoRateLimitError('account.rateLimit', {
        message: `too many requests${said}.`,
        ...details,
        retryAfterMs: retryAfterMs(response.headers['retry-after'], Date.now()),
      });
    default:
  }
  if (envelope?.success === false && (ok || REQUEST_STATUSES.has(status))) {
    if (fields.id?.includes('does not exist')) throw notFound(`the identifier is unknown${said}.`, details);
    throw new MaestranoInvalidRequestError('account.invalidRequest', {
      message: `rejected${said}.`,
      ...details,
    });
  }
  if (envelope || !ok) {
    throw new MaestranoApiError('account.api', {
      message: `status ${status} where a response was expected${said}.`,
      ...details,
      remedy: 'Try again later; ask the marketplace with the request id when it stays.',
    });
  }
  throw new MaestranoApiError('account.response', {
    message: `status ${status} without the envelope of the Account API.`,
    ...details,
    remedy: 'Check api.host and api.base: another server, a proxy or a login page may have responded.',
  });
}

function notFound(message: string, details: AccountErrorFacts): MaestranoNotFoundError {
  return new MaestranoNotFoundError('account.notFound', {
    message,
    ...details,
    remedy: 'Identifiers are valid on the marketplace that gave them only.',
  });
}

function describe(fields: FieldMessages): string {
  const messages = Object.entries(fields).flatMap(([field, texts]) =>
    texts.map((text) => (field === 'base' ? text : `${field} ${text}`)),
  );
  if (messages.length === 0) return '';
  const more = messages.length > MESSAGES_IN_TEXT ? ', …' : '';
  return `: ${messages.slice(0, MESSAGES_IN_TEXT).join(', ')}${more}`;
}

/**
 * The `errors` of an envelope, field by field with names in camelCase, whatever shape they have: a map of arrays as
 * documented (protocol §8.3), and what else is conceivable: one text, a list, a nested map.
 */
function toFieldMessages(errors: unknown): FieldMessages {
  if (!isRecord(errors)) {
    const messages = toMessages(errors);
    return messages.length > 0 ? { base: messages } : {};
  }
  const fields = Object.entries(errors).slice(0, MAX_FIELDS);
  return Object.fromEntries(fields.map(([name, value]) => [camelCase(name), toMessages(value)]));
}

/** `price_cents` to `priceCents`. */
function camelCase(name: string): string {
  return clean(name).replace(/_+([a-z0-9])/gi, (_match, letter: string) => letter.toUpperCase());
}

function toMessages(value: unknown): readonly string[] {
  if (value === null || value === undefined) return [];
  if (Array.isArray(value)) return value.slice(0, MAX_MESSAGES).flatMap((item) => toText(item));
  return toText(value);
}

function toText(value: unknown): string[] {
  if (typeof value === 'string') return [clean(value)];
  if (typeof value === 'number' || typeof value === 'boolean') return [String(value)];
  // A nested value says something, but nothing that can be shown: that it was there is kept.
  return value === null || value === undefined ? [] : ['is invalid'];
}

/** One line of printable text: it ends in logs. */
function clean(text: string): string {
  return text
    .replace(/[\p{C}\s]+/gu, ' ')
    .slice(0, MAX_LENGTH)
    .trim();
}
