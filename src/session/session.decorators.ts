import {
  createParamDecorator,
  type CustomDecorator,
  type ExecutionContext,
  SetMetadata,
} from '@nestjs/common';

import type { MaestranoSessionData } from '../interfaces/session.interface.js';
import { SKIP_SESSION } from '../maestrano.constants.js';
import { currentMarketplace } from '../security/current-marketplace.js';
import type { IncomingRequest } from '../utils/incoming-request.js';
import { authenticatedSession } from './session.service.js';

/**
 * The session that {@link MaestranoSessionGuard} let in, or one field of it: `@MaestranoSession() session`,
 * `@MaestranoSession('groupUid') groupUid`. Null on a route without the guard.
 */
export const MaestranoSession = createParamDecorator(
  (field: keyof MaestranoSessionData | undefined, context: ExecutionContext) => {
    const session = authenticatedSession.recall(requestOf(context))?.session ?? null;
    return field === undefined ? session : (session?.[field] ?? null);
  },
);

/**
 * The {@link Marketplace} snapshot that a request belongs to: behind {@link MaestranoSessionGuard} the one the person
 * logged in through, behind {@link MaestranoBasicAuthGuard} the one whose credentials came. Null without a guard.
 */
export const CurrentMarketplace = createParamDecorator((_: undefined, context: ExecutionContext) =>
  currentMarketplace(requestOf(context)),
);

/** Opens a controller or method to people who are not logged in, where {@link MaestranoSessionGuard} is global. */
export function SkipMaestranoSession(): CustomDecorator<symbol> {
  return SetMetadata(SKIP_SESSION, true);
}

function requestOf(context: ExecutionContext): IncomingRequest {
  return context.switchToHttp().getRequest<IncomingRequest>();
}
