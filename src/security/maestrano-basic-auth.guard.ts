import { type CanActivate, type ExecutionContext, Injectable, UnauthorizedException } from '@nestjs/common';
import { HttpAdapterHost, Reflector } from '@nestjs/core';

import type { Marketplace } from '../interfaces/marketplace.interface.js';
import { MarketplaceRegistry } from '../marketplace/marketplace-registry.js';
import type { IncomingRequest } from '../utils/incoming-request.js';
import { BasicAuthenticator } from './basic-authenticator.service.js';
import { BASIC_CHALLENGE, CREDENTIALS_REJECTED } from './challenge.js';
import { rememberMarketplace } from './current-marketplace.js';
import { MARKETPLACE_RULE, type MarketplaceRule } from './for-marketplace.decorator.js';

interface RoutedRequest extends IncomingRequest {
  readonly params?: Readonly<Record<string, string | undefined>>;
}

/**
 * Lets only a marketplace in, on routes of the application's own (protocol §6.5). With {@link ForMarketplace} it has
 * to be that one; without, the credentials decide which it is. `@CurrentMarketplace()` then gives its snapshot.
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
    const http = context.switchToHttp();
    const request = http.getRequest<RoutedRequest>();
    const rule = this.reflector.getAllAndOverride<MarketplaceRule | undefined>(MARKETPLACE_RULE, [
      context.getHandler(),
      context.getClass(),
    ]);
    const { authorization } = request.headers;
    const marketplace = this.authenticator.authenticate(
      authorization,
      this.#candidates(rule, request),
      request,
    );
    if (marketplace) {
      rememberMarketplace(request, marketplace);
      return true;
    }
    this.host.httpAdapter.setHeader(http.getResponse<unknown>(), 'WWW-Authenticate', BASIC_CHALLENGE);
    throw new UnauthorizedException(CREDENTIALS_REJECTED);
  }

  #candidates(rule: MarketplaceRule | undefined, request: RoutedRequest): readonly Marketplace[] | 'any' {
    if (rule === undefined) return 'any';
    const name = typeof rule === 'string' ? rule : request.params?.[rule.param];
    const marketplace = name === undefined ? null : this.registry.find(name);
    return marketplace ? [marketplace] : [];
  }
}
