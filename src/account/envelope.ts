import {
  type AccountErrorDetails,
  ApiError,
  AuthenticationError,
  type FieldMessages,
  InvalidRequestError,
  NotFoundError,
  RateLimitError,
} from '../errors/account.error.js';
import type { HttpAnswer } from '../http/http.types.js';
import { retryAfterMs } from '../http/retry-policy.js';
import { isRecord } from '../utils/is-record.js';

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
 * @throws AuthenticationError, NotFoundError, InvalidRequestError, RateLimitError, ApiError
 */
export function openEnvelope(response: HttpAnswer, marketplace: string, operation: string): unknown {
  const { status, json } = response;
  const envelope = isRecord(json) && typeof json.success === 'boolean' ? json : null;
  const ok = status >= 200 && status < 300;
  if (ok && envelope?.success === true) return envelope.data;

  const fields = toFieldMessages(envelope?.errors);
  const details: AccountErrorDetails = {
    marketplace,
    operation,
    status,
    fields,
    requestId: response.requestId,
    attempts: response.attempts,
  };
  const said = describe(fields);
  switch (status) {
    case 401:
      throw new AuthenticationError('account.authentication', `the API id and key are not accepted${said}.`, {
        ...details,
        remedy:
          'Compare api.id and api.key with the developer platform, and check the host they are sent to.',
      });
    case 404:
      throw notFound(`the server does not know the identifier or the address${said}.`, details);
    case 429:
      throw new RateLimitError(
        `too many requests${said}.`,
        details,
        retryAfterMs(response.headers['retry-after'], Date.now()),
      );
    default:
  }
  if (envelope?.success === false && (ok || REQUEST_STATUSES.has(status))) {
    if (fields.id?.includes('does not exist')) throw notFound(`the identifier is unknown${said}.`, details);
    throw new InvalidRequestError('account.invalidRequest', `rejected${said}.`, details);
  }
  if (envelope || !ok) {
    throw new ApiError('account.api', `status ${status} where a response was expected${said}.`, {
      ...details,
      remedy: 'Try again later; ask the marketplace with the request id when it stays.',
    });
  }
  throw new ApiError('account.response', `status ${status} without the envelope of the Account API.`, {
    ...details,
    remedy: 'Check api.host and api.base: another server, a proxy or a login page may have responded.',
  });
}

function notFound(message: string, details: AccountErrorDetails): NotFoundError {
  return new NotFoundError('account.notFound', message, {
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
