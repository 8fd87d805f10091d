import {
  createParamDecorator,
  type CustomDecorator,
  type ExecutionContext,
  SetMetadata,
} from '@nestjs/common';

import type { MaestranoSessionData } from '../interfaces/session.interface.js';
import { OPTIONAL_SESSION, SKIP_SESSION } from '../maestrano.constants.js';
import { currentMarketplace } from '../security/current-marketplace.js';
import { contextRequest } from '../security/context-request.js';
import type { IncomingRequest } from '../utils/incoming-request.js';
import { authenticatedSession } from './session.service.js';

/**
 * The session that {@link MaestranoSessionGuard} let in, or one field of it: `@MaestranoSession() session`,
 * `@MaestranoSession('groupUid') groupUid`. Null on a route without the guard.
 */
export const MaestranoSession = createParamDecorator(
  (field: keyof MaestranoSessionData | undefined, context: ExecutionContext) => {
    const request = requestOf(context);
    const session = (request && authenticatedSession.recall(request)?.session) ?? null;
    return field === undefined ? session : (session?.[field] ?? null);
  },
);

/**
 * The {@link Marketplace} snapshot that a request belongs to: behind {@link MaestranoSessionGuard} the one the person
 * logged in through, behind {@link MaestranoBasicAuthGuard} the one whose credentials came. Null without a guard.
 */
export const CurrentMarketplace = createParamDecorator((_: undefined, context: ExecutionContext) => {
  const request = requestOf(context);
  return request && currentMarketplace(request);
});

/** Opens a controller or method to people who are not logged in, where {@link MaestranoSessionGuard} is global. */
export function SkipMaestranoSession(): CustomDecorator<symbol> {
  return SetMetadata(SKIP_SESSION, true);
}

/**
 * Lets people without a Maestrano session through {@link MaestranoSessionGuard} too, on a method or a controller: for
 * routes that other guards protect as well, such as those of the application's own login. `@MaestranoSession()` is null
 * then. A session that is over, was removed, or is of another marketplace than the route asks for is rejected all the same.
 *
 * @param optional false where `session.guard` is `optional` and this route wants a session.
 */
export function OptionalMaestranoSession(optional = true): CustomDecorator<symbol> {
  return SetMetadata(OPTIONAL_SESSION, optional);
}

function requestOf(context: ExecutionContext): IncomingRequest | null {
  return contextRequest(context)?.request ?? null;
}
