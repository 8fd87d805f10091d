import { HttpRequestError } from '../errors/http.error.js';
import { PACKAGE_VERSION } from '../utils/package-version.js';
import type { WireRequest } from './http-transport.js';
import type { HttpCall, HttpTarget } from './http.types.js';

const USER_AGENT = `nestjs-maestrano/${PACKAGE_VERSION} node/${process.versions.node}`;

/** An absolute path with query in visible ASCII: no second slash (that would name a host), backslash or fragment. */
const PATH = /^\/(?!\/)[!"$-[\]-~]*$/;

/**
 * What goes on the wire for a call: only ever to the target's origin, with the target's credentials.
 *
 * @throws HttpRequestError for a full URL, odd characters in the path, or a body that cannot be written as JSON.
 */
export function toWireRequest(target: HttpTarget, call: HttpCall): WireRequest {
  if (!PATH.test(call.path)) {
    throw refused(target, call, 'the path must be absolute, percent-encoded and without host.');
  }
  const headers: Record<string, string> = {
    accept: 'application/json',
    'accept-encoding': 'identity',
    'user-agent': USER_AGENT,
    ...call.headers,
  };
  const { credentials } = target;
  if (credentials) {
    const pair = `${credentials.user}:${credentials.password.reveal()}`;
    headers.authorization = `Basic ${Buffer.from(pair, 'utf8').toString('base64')}`;
  }
  // A base may hold a path of its own, such as that of a gateway.
  const slash = target.origin.indexOf('/', 'https://'.length);
  const origin = slash === -1 ? target.origin : target.origin.slice(0, slash);
  const path = slash === -1 ? call.path : target.origin.slice(slash) + call.path;
  if (call.body === undefined) return { origin, path, method: call.method, headers, body: null };
  if (call.body instanceof URLSearchParams) {
    headers['content-type'] ??= 'application/x-www-form-urlencoded';
    return { origin, path, method: call.method, headers, body: call.body.toString() };
  }
  headers['content-type'] ??= 'application/json';
  return { origin, path, method: call.method, headers, body: toJson(target, call) };
}

function toJson(target: HttpTarget, call: HttpCall): string {
  try {
    return JSON.stringify(call.body);
  } catch {
    throw refused(target, call, 'the body cannot be written as JSON.');
  }
}

function refused(target: HttpTarget, call: HttpCall, message: string): HttpRequestError {
  return new HttpRequestError('http.request', {
    message,
    marketplace: target.name,
    operation: call.operation,
    attempts: 0,
    sent: 'no',
  });
}
