import { createParamDecorator, type ExecutionContext } from '@nestjs/common';

import type { MaestranoSessionData } from '../interfaces/session.interface.js';
import type { IncomingRequest } from '../utils/incoming-request.js';
import { rememberedSession } from './session-state.js';

/**
 * The session that {@link MaestranoSessionGuard} let in, or one field of it: `@MaestranoSession() session`,
 * `@MaestranoSession('groupUid') groupUid`. Null on a route without the guard.
 */
export const MaestranoSession = createParamDecorator(
  (field: keyof MaestranoSessionData | undefined, context: ExecutionContext) => {
    const session = rememberedSession(context.switchToHttp().getRequest<IncomingRequest>())?.session ?? null;
    return field === undefined ? session : (session?.[field] ?? null);
  },
);
