import {
  type CanActivate,
  type ExecutionContext,
  Inject,
  Injectable,
  NotFoundException,
} from '@nestjs/common';
import { HttpAdapterHost, Reflector } from '@nestjs/core';

import type { Marketplace } from '../interfaces/marketplace.interface.js';
import { CONNEC_CONTEXT, SKIP_SESSION } from '../maestrano.constants.js';
import type { SessionSettings } from '../settings/maestrano-settings.js';
import { SESSION_SETTINGS } from '../settings/settings.providers.js';
import { MarketplaceRegistry } from '../marketplace/marketplace-registry.js';
import { initUrl } from '../marketplace/marketplace-urls.js';
import { retryAfterOf, toHttpException } from '../routing/http-errors.js';
import { HttpExchange } from '../routing/http-exchange.js';
import { type IncomingRequest } from '../utils/incoming-request.js';
import { withQuery } from '../utils/with-query.js';
import { rememberMarketplace } from '../security/current-marketplace.js';
import { demandedMarketplace } from '../security/for-marketplace.decorator.js';
import { LostSessions } from './lost-sessions.service.js';
import { isPageVisit } from './page-request.js';
import {
  authenticatedSession,
  type SessionRejection,
  type SessionResult,
  SessionService,
} from './session.service.js';
import { MaestranoSignInRequiredException } from './sign-in-required.exception.js';

/** Longer addresses are not worth coming back to. */
const MAX_RETURN_LENGTH = 2_000;

/**
 * Lets in who is signed in through a marketplace, on a method, a controller or globally; our own routes are always
 * open, others with {@link SkipMaestranoSession}. A page sends the browser to sign in and back; anything else gets a
 * 401 in JSON. With {@link ForMarketplace} only a session of that marketplace counts. Calls of `@ConnecHandler` methods
 * pass.
 *
 * @throws MaestranoSignInRequiredException
 */
@Injectable()
export class MaestranoSessionGuard implements CanActivate {
  constructor(
    private readonly sessions: SessionService,
    private readonly lost: LostSessions,
    private readonly registry: MarketplaceRegistry,
    private readonly reflector: Reflector,
    private readonly host: HttpAdapterHost,
    @Inject(SESSION_SETTINGS) private readonly settings: SessionSettings,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const targets = [context.getHandler(), context.getClass()];
    if (this.reflector.getAllAndOverride<boolean | undefined>(SKIP_SESSION, targets)) return true;
    // A notification: its sender has shown the marketplace's credentials, and it belongs to nobody's session.
    if (context.getType<string>() === CONNEC_CONTEXT) return true;
    // Microservice and GraphQL contexts have no request to read: closed unless they are skipped.
    if (context.getType() !== 'http') return false;
    const http = context.switchToHttp();
    const request = http.getRequest<IncomingRequest>();
    const exchange = new HttpExchange(this.host.httpAdapter, request, http.getResponse());
    const demanded = demandedMarketplace(context, this.reflector, this.registry);
    if (demanded === null) throw new NotFoundException();
    const result = await this.#authenticate(exchange, demanded?.name);
    if (result.rejection !== null) throw this.#reject(exchange, result.marketplace, result.rejection);
    this.lost.found(exchange, result.marketplace);
    authenticatedSession.remember(request, result);
    rememberMarketplace(request, result.marketplace);
    return true;
  }

  async #authenticate(exchange: HttpExchange, wanted: string | undefined): Promise<SessionResult> {
    try {
      return await this.sessions.authenticate(exchange, wanted);
    } catch (error) {
      const retryAfter = retryAfterOf(error);
      if (retryAfter === null) throw toHttpException(error);
      exchange.setHeader('Retry-After', retryAfter);
      exchange.setHeader('Cache-Control', 'no-store');
      if (!isPageVisit(exchange.request)) throw toHttpException(error);
      // Signing in responds with the same status and a page, or works again by then.
      const session = await this.sessions.read(exchange.request, wanted);
      const marketplace = session && this.registry.find(session.marketplace);
      throw this.#reject(exchange, marketplace, 'session.unverified');
    }
  }

  #reject(
    exchange: HttpExchange,
    marketplace: Marketplace | null,
    rejection: SessionRejection,
  ): MaestranoSignInRequiredException {
    const start = marketplace ?? this.registry.findDefault();
    const signInUrl = start ? initUrl(start) : this.settings.signInUrl;
    exchange.setHeader('Cache-Control', 'no-store');
    const redirects = signInUrl !== null && isPageVisit(exchange.request);
    if (redirects) {
      // A page of the application's own asks the person first, and cannot be part of a circle.
      const from = start ? 'guard' : null;
      exchange.setHeader('Location', withQuery(signInUrl, { return_to: worthReturning(exchange.url), from }));
    }
    return new MaestranoSignInRequiredException(rejection, signInUrl, redirects);
  }
}

function worthReturning(page: string): string | null {
  return page.length > MAX_RETURN_LENGTH ? null : page;
}
