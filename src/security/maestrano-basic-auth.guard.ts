import { type CanActivate, type ExecutionContext, Injectable, UnauthorizedException } from '@nestjs/common';
import { HttpAdapterHost, Reflector } from '@nestjs/core';

import { CONNEC_CONTEXT } from '../maestrano.constants.js';
import { MarketplaceRegistry } from '../marketplace/marketplace-registry.js';
import type { IncomingRequest } from '../utils/incoming-request.js';
import { BasicAuthenticator } from './basic-authenticator.service.js';
import { BASIC_CHALLENGE, CREDENTIALS_REJECTED } from './challenge.js';
import { rememberMarketplace } from './current-marketplace.js';
import { demandedMarketplace } from './for-marketplace.decorator.js';

/**
 * Lets only a marketplace in, on routes of the application's own (protocol §6.5). With {@link ForMarketplace} it has
 * to be that one; without, the credentials decide which it is. `@CurrentMarketplace()` then gives its snapshot. Calls
 * of `@ConnecHandler` methods pass.
 *
 * @throws UnauthorizedException with `{"error":"Invalid credentials"}` and a challenge; alike for a marketplace that
 *   does not exist, so that names cannot be found out.
 */
@Injectable()
export class MaestranoBasicAuthGuard implements CanActivate {
  constructor(
    private readonly registry: MarketplaceRegistry,
    private readonly authenticator: BasicAuthenticator,
    private readonly reflector: Reflector,
    private readonly host: HttpAdapterHost,
  ) {}

  canActivate(context: ExecutionContext): boolean {
    // A notification: its credentials were checked when it came in.
    if (context.getType<string>() === CONNEC_CONTEXT) return true;
    const http = context.switchToHttp();
    const request = http.getRequest<IncomingRequest>();
    const demanded = demandedMarketplace(context, this.reflector, this.registry);
    const candidates = demanded === undefined ? 'any' : demanded ? [demanded] : [];
    const marketplace = this.authenticator.authenticate(request.headers.authorization, candidates, request);
    if (marketplace) {
      rememberMarketplace(request, marketplace);
      return true;
    }
    this.host.httpAdapter.setHeader(http.getResponse<unknown>(), 'WWW-Authenticate', BASIC_CHALLENGE);
    throw new UnauthorizedException(CREDENTIALS_REJECTED);
  }
}
