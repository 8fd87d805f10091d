import type { IncomingRequest } from '../utils/incoming-request.js';

/** Whether the client wants to see something: an HTML page, as opposed to data for a program. */
export function acceptsHtml({ headers }: IncomingRequest): boolean {
  return headers.accept?.includes('text/html') ?? false;
}

/** Whether a browser is going to a page, so that it can be sent somewhere else (and come back). */
export function isPageVisit(request: IncomingRequest): boolean {
  if (request.method !== 'GET' && request.method !== 'HEAD') return false;
  return acceptsHtml(request) && request.headers['x-requested-with'] === undefined;
}
