import type { Marketplace } from '../interfaces/marketplace.interface.js';
import type { MaestranoSessionData } from '../interfaces/session.interface.js';
import { type IncomingRequest, RequestMemory } from '../utils/incoming-request.js';

/** Who the session guard let in. */
export interface AuthenticatedSession {
  readonly session: MaestranoSessionData;
  readonly marketplace: Marketplace;
}

const admitted = new RequestMemory<AuthenticatedSession>();

/** Remembered for the decorators. */
export function rememberSession(request: IncomingRequest, state: AuthenticatedSession): void {
  admitted.remember(request, state);
}

/** What the session guard remembered; null when it did not run or let somebody in without a session. */
export function rememberedSession(request: IncomingRequest): AuthenticatedSession | null {
  return admitted.recall(request);
}

/** After a sign-out or another login within the same request. */
export function forgetSession(request: IncomingRequest): void {
  admitted.forget(request);
}
