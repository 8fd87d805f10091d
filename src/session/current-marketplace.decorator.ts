import { createParamDecorator, type ExecutionContext } from '@nestjs/common';

import type { IncomingRequest } from '../utils/incoming-request.js';
import { currentMarketplace } from '../security/current-marketplace.js';

/**
 * The {@link Marketplace} snapshot that a request belongs to: behind {@link MaestranoSessionGuard} the one the person
 * signed in through, behind {@link MaestranoBasicAuthGuard} the one whose credentials came. Null without a guard.
 */
export const CurrentMarketplace = createParamDecorator((_: undefined, context: ExecutionContext) =>
  currentMarketplace(context.switchToHttp().getRequest<IncomingRequest>()),
);
