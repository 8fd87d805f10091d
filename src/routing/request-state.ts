import type { IncomingMessage } from 'node:http';

import type { EndpointCall } from './endpoint-handler.js';
import type { RouteMatch } from './route-table.js';
import { type PlatformRequest, rawRequest } from '../utils/platform-request.js';

/** What was already found out about a request on its way to the handler. */
export interface RequestState {
  /** Who decided: what one registration of the module proved is not believed by another. */
  readonly owner: object;
  readonly match: RouteMatch;
  /** Set once the marketplace is decided and, where needed, proved. */
  readonly call: EndpointCall | null;
}

const STATE = Symbol('maestrano.request');

interface Carrier {
  [STATE]?: RequestState;
}

/** Kept on Node's own request, which early middleware, Fastify hooks and guards all see. */
export function rememberState(request: PlatformRequest | IncomingMessage, state: RequestState): void {
  (rawRequest(request) as Carrier)[STATE] = state;
}

/** What an earlier step remembered; null when none ran. */
export function requestState(request: PlatformRequest | IncomingMessage): RequestState | null {
  return (rawRequest(request) as Carrier)[STATE] ?? null;
}
