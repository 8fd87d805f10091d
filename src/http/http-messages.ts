import { MaestranoHttpError } from '../errors/http.error.js';
import { parseForeignJson } from '../utils/foreign-json.js';
import { PACKAGE_VERSION } from '../utils/package-version.js';
import { REDACTED, Secret } from '../utils/secret.js';
import type { HttpCall, HttpMethod, HttpTarget } from './http.types.js';

const USER_AGENT = `nestjs-maestrano/${PACKAGE_VERSION} node/${process.versions.node}`;

/** An absolute path with query in visible ASCII: no second slash (that would name a host), backslash or fragment. */
const PATH = /^\/(?!\/)[!"$-[\]-~]*$/;

/** What may be the name of a header, in lower case, and its value. */
const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9a-z-]+$/;
const HEADER_VALUE = /^[\t -~\x80-\xff]*$/;

/**
 * Headers that say where a request goes, where it ends, or what may come back. `accept-encoding` because a compressed
 * response has no bounded size.
 */
const RESERVED_HEADERS: ReadonlySet<string> = new Set([
  'accept-encoding',
  'connection',
  'content-length',
  'expect',
  'host',
  'keep-alive',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** Longest request id that is passed on. */
const MAX_REQUEST_ID = 128;

/** A call as axios' interceptors see it: real, and without anything secret. */
export interface VisibleRequest {
  readonly method: HttpMethod;
  /** The target's origin, with the path of a gateway if there is one. */
  readonly baseURL: string;
  /** Path and query. */
  readonly url: string;
  /** The call's own headers, lower case; left out when it has none, which spares axios merging them. */
  readonly headers?: Record<string, string>;
  /** The body as it will be sent. */
  readonly data?: string;
}

/** One attempt, ready for the wire. */
export interface WireRequest {
  /** Scheme, host and port. */
  readonly origin: string;
  readonly path: string;
  readonly method: HttpMethod;
  readonly headers: Record<string, string>;
  readonly body: string | null;
}

/** An interceptor did what none may do; the text says what, such as `it set the header host`. */
export class InterceptorError extends Error {}

/**
 * What a call shows to interceptors. The credentials are added behind them, by {@link toWireRequest}.
 *
 * @throws MaestranoHttpError for a full URL, odd characters in the path, a header that is not the caller's to set, or a
 * body that cannot be written as JSON.
 */
export function toVisibleRequest(target: HttpTarget, call: HttpCall): VisibleRequest {
  const { method, path, secretQuery = '' } = call;
  if (!PATH.test(path) || !PATH.test(`/${secretQuery}`)) {
    throw unacceptable(target, call, 'the path must be absolute, percent-encoded and without host.');
  }
  const { body } = call;
  const form = body instanceof URLSearchParams;
  const type = form ? 'application/x-www-form-urlencoded' : 'application/json';
  const request = { method, baseURL: target.origin, url: path };
  if (!call.headers && body === undefined) return request;
  const headers = ownHeaders(target, call, body === undefined ? null : type);
  return { ...request, headers, data: form ? body.toString() : toJson(target, call) };
}

/**
 * What goes on the wire: only ever to the target's origin, with the target's credentials, whatever interceptors made
 * of the rest.
 *
 * @param headers as the interceptors left them.
 * @throws InterceptorError for a header that is not theirs to set.
 */
export function toWireRequest(
  { origin, credentials }: HttpTarget,
  call: HttpCall,
  { data }: VisibleRequest,
  headers: Readonly<Record<string, unknown>>,
): WireRequest {
  const own: Record<string, string> = { accept: 'application/json', 'user-agent': USER_AGENT };
  for (const name of Object.keys(headers)) {
    const value = headers[name];
    if (value === undefined || value === null || value === false) continue;
    const key = name.toLowerCase();
    if (isReserved(key, credentials)) throw new InterceptorError(`it set the header ${key}`);
    const text: unknown = Array.isArray(value) ? value.join(', ') : value;
    if (typeof text !== 'string')
      throw new InterceptorError(`it set the header ${key} to something else than text`);
    own[key] = text;
  }
  own['accept-encoding'] = 'identity';
  if (credentials) own.authorization = authorizationOf(credentials).reveal();
  // A base may hold a path of its own, such as that of a gateway.
  const slash = origin.indexOf('/', 'https://'.length);
  const path = call.secretQuery
    ? `${call.path}${call.path.includes('?') ? '&' : '?'}${call.secretQuery}`
    : call.path;
  return {
    origin: slash === -1 ? origin : origin.slice(0, slash),
    path: slash === -1 ? path : origin.slice(slash) + path,
    method: call.method,
    headers: own,
    body: data ?? null,
  };
}

/**
 * The value of a body that is JSON whatever its content type says; undefined when it is empty or no JSON. Proxies
 * respond with HTML, and the platform's own content types vary (protocol §8.4, §9.2).
 */
export function parseJsonBody(text: string): unknown {
  const trimmed = text.trimStart();
  if (trimmed === '' || trimmed.startsWith('<')) return undefined;
  try {
    return parseForeignJson(trimmed);
  } catch {
    return undefined;
  }
}

/** Shorter ones could be ordinary words of a response. */
const MIN_HIDDEN_LENGTH = 6;

/**
 * The text of a rejection without our own key, in the spellings in which a server may repeat it: what it says ends in
 * messages, logs and error trackers.
 */
export function withoutCredentials(text: string, { credentials }: HttpTarget): string {
  if (!credentials) return text;
  const key = credentials.password.reveal();
  if (key.length < MIN_HIDDEN_LENGTH) return text;
  const pair = Buffer.from(`${credentials.user}:${key}`).toString('base64');
  const spellings = new Set([
    key,
    encodeURIComponent(key),
    JSON.stringify(key).slice(1, -1),
    key.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;'),
    Buffer.from(key).toString('base64'),
    pair,
    encodeURIComponent(pair),
  ]);
  let hidden = text;
  for (const spelling of spellings) hidden = hidden.replaceAll(spelling, REDACTED);
  return hidden;
}

/** The server's id of a request, when it responded with one. */
export function requestIdOf(headers: Readonly<Record<string, string>>): string | null {
  return (headers['x-request-id'] ?? headers['request-id'])?.slice(0, MAX_REQUEST_ID) ?? null;
}

function ownHeaders(target: HttpTarget, call: HttpCall, contentType: string | null): Record<string, string> {
  const own: Record<string, string> = contentType === null ? {} : { 'content-type': contentType };
  for (const [name, value] of Object.entries(call.headers ?? {})) {
    const key = name.toLowerCase();
    if (key === 'authorization' && target.credentials) continue;
    if (RESERVED_HEADERS.has(key) || !HEADER_NAME.test(key) || !HEADER_VALUE.test(value)) {
      throw unacceptable(target, call, 'one of its headers cannot be set.');
    }
    own[key] = value;
  }
  return own;
}

/** Encoding them costs more than the rest of the headers: once for a snapshot. */
const authorizations = new WeakMap<object, Secret>();

function authorizationOf(credentials: NonNullable<HttpTarget['credentials']>): Secret {
  let authorization = authorizations.get(credentials);
  if (!authorization) {
    const pair = `${credentials.user}:${credentials.password.reveal()}`;
    authorization = new Secret(`Basic ${Buffer.from(pair, 'utf8').toString('base64')}`);
    authorizations.set(credentials, authorization);
  }
  return authorization;
}

function isReserved(header: string, credentials: HttpTarget['credentials']): boolean {
  return RESERVED_HEADERS.has(header) || (credentials !== null && header === 'authorization');
}

function toJson(target: HttpTarget, call: HttpCall): string | undefined {
  try {
    return JSON.stringify(call.body);
  } catch {
    throw unacceptable(target, call, 'the body cannot be written as JSON.');
  }
}

function unacceptable(target: HttpTarget, call: HttpCall, message: string): MaestranoHttpError {
  return new MaestranoHttpError('http.request', {
    message,
    marketplace: target.name,
    operation: call.operation,
    attempts: 0,
    sent: 'no',
  });
}
