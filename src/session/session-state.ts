import type { IncomingMessage } from 'node:http';

import type { Marketplace } from '../interfaces/marketplace.interface.js';
import type { MaestranoSessionData } from '../interfaces/session.interface.js';
import { type PlatformRequest, rawRequest } from '../utils/platform-request.js';

/** Who the session guard let in. */
export interface AuthenticatedSession {
  readonly session: MaestranoSessionData;
  readonly marketplace: Marketplace;
}

const admitted = new WeakMap<IncomingMessage, AuthenticatedSession>();

/** Kept beside Node's own request, so that the decorators find it on both platforms. */
export function rememberSession(request: PlatformRequest, state: AuthenticatedSession): void {
  admitted.set(rawRequest(request), state);
}

/** What the session guard remembered; null when it did not run or let somebody in without a session. */
export function rememberedSession(request: PlatformRequest): AuthenticatedSession | null {
  return admitted.get(rawRequest(request)) ?? null;
}

/** After a sign-out or another login within the same request. */
export function forgetSession(request: PlatformRequest): void {
  admitted.delete(rawRequest(request));
}
