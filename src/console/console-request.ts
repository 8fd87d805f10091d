import type { HttpExchange } from '../routing/http-exchange.js';
import { isRecord } from '../utils/values.js';
import type { ConsoleFields } from './console-section.js';

/** Fields of a form, and characters of one, that are read. */
const MAX_FIELDS = 40;
const MAX_LENGTH = 2_000;

/** Whether a program asks: by its `Accept` header, or by `format=json` in the address, which a person can send on. */
export function wantsJson(exchange: HttpExchange): boolean {
  if (exchange.query.get('format') === 'json') return true;
  const accept = exchange.header('accept') ?? '';
  return accept.includes('application/json') && !accept.includes('text/html');
}

/**
 * The path that the console is mounted at, as the browser sees it: the path of the request without its last segments.
 *
 * @param below how many segments of the path are the page's own.
 */
export function basePath(exchange: HttpExchange, below: number): string {
  const path = exchange.url.split('?', 1)[0]!.replace(/\/+$/, '');
  // A path that begins with two slashes would lead to another server.
  return path
    .split('/')
    .slice(0, below === 0 ? undefined : -below)
    .join('/')
    .replace(/^\/{2,}/, '/');
}

/** The fields of a posted form; what is no text is left out. */
export function formFields(body: unknown): ConsoleFields {
  const fields = new Map<string, string>();
  if (!isRecord(body)) return fields;
  for (const [name, value] of Object.entries(body).slice(0, MAX_FIELDS)) {
    const last: unknown = Array.isArray(value) ? value.at(-1) : value;
    if (typeof last === 'string') fields.set(name, last.slice(0, MAX_LENGTH));
  }
  return fields;
}

/** Whether a browser says that another site posts the form; one that says nothing proves nothing. */
export function isForeign(exchange: HttpExchange): boolean {
  const site = exchange.header('sec-fetch-site');
  return site !== null && site !== 'same-origin' && site !== 'none';
}
