import {
  type CanActivate,
  type ExecutionContext,
  Inject,
  Injectable,
  NotFoundException,
} from '@nestjs/common';
import { HttpAdapterHost, Reflector } from '@nestjs/core';

import { MaestranoError } from '../errors/maestrano.error.js';
import type { Marketplace } from '../interfaces/marketplace.interface.js';
import { CONNEC_CONTEXT, OPTIONAL_SESSION, SKIP_SESSION } from '../maestrano.constants.js';
import type { SessionSettings } from '../settings/maestrano-settings.js';
import { SESSION_SETTINGS } from '../settings/settings.providers.js';
import { MarketplaceRegistry } from '../marketplace/marketplace-registry.js';
import { initUrl } from '../marketplace/marketplace-urls.js';
import { retryAfterOf, toHttpException } from '../routing/http-errors.js';
import { MESSAGE_PAGE_POLICY } from '../views/message-page.js';
import { HttpExchange } from '../routing/http-exchange.js';
import { withQuery } from '../utils/with-query.js';
import { contextRequest } from '../security/context-request.js';
import { rememberMarketplace } from '../security/current-marketplace.js';
import { demandedMarketplace } from '../security/for-marketplace.decorator.js';
import { LostSessions } from './lost-sessions.service.js';
import { isPageVisit } from './page-request.js';
import { PersonPages } from './person-pages.service.js';
import {
  authenticatedSession,
  type SessionRejection,
  type SessionResult,
  SessionService,
} from './session.service.js';
import { MaestranoSignInRequiredException } from './sign-in-required.exception.js';
import { MaestranoUnavailableException } from './unavailable.exception.js';

/** A request, and whether a browser that can be sent elsewhere made it. */
interface Visit {
  readonly exchange: HttpExchange;
  readonly isPage: boolean;
}

/** Longer addresses are not worth coming back to. */
const MAX_RETURN_LENGTH = 2_000;

/**
 * Lets in who is signed in through a marketplace, on a method, a controller or globally; our own routes are always
 * open, others with {@link SkipMaestranoSession}; {@link OptionalMaestranoSession} or the option `session.guard` lets in who
 * has no session at all. A page sends the browser to sign in and back; anything else gets a
 * 401 in JSON. With {@link ForMarketplace} only a session of that marketplace counts. Resolvers of
 * GraphQL are guarded like routes, with a 401 for everybody. Calls of `@ConnecHandler` methods pass. Where it cannot be
 * found out who is signed in, the response is 503 with `Retry-After`: a page where a page was asked for, else JSON.
 *
 * @throws MaestranoSignInRequiredException, MaestranoUnavailableException
 */
@Injectable()
export class MaestranoSessionGuard implements CanActivate {
  constructor(
    private readonly sessions: SessionService,
    private readonly lost: LostSessions,
    private readonly registry: MarketplaceRegistry,
    private readonly reflector: Reflector,
    private readonly host: HttpAdapterHost,
    private readonly pages: PersonPages,
    @Inject(SESSION_SETTINGS) private readonly settings: SessionSettings,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const targets = [context.getHandler(), context.getClass()];
    if (this.reflector.getAllAndOverride<boolean | undefined>(SKIP_SESSION, targets)) return true;
    // A notification: its sender has shown the marketplace's credentials, and it belongs to nobody's session.
    if (context.getType<string>() === CONNEC_CONTEXT) return true;
    const found = contextRequest(context);
    // Microservices and subscriptions have no request to read: closed unless they are skipped.
    if (!found) return false;
    const { request, response, mayRedirect } = found;
    const exchange = new HttpExchange(this.host.httpAdapter, request, response);
    const demanded = demandedMarketplace(context, this.reflector, this.registry);
    if (demanded === null) throw new NotFoundException();
    const visit: Visit = { exchange, isPage: mayRedirect && isPageVisit(request) };
    const result = await this.#authenticate(visit, demanded?.name);
    if (result.rejection !== null) {
      if (result.rejection === 'session.none' && (await this.#mayBeMissing(context, exchange))) return true;
      throw this.#reject(visit, result.marketplace, result.rejection);
    }
    this.lost.found(exchange, result.marketplace);
    authenticatedSession.remember(request, result);
    rememberMarketplace(request, result.marketplace);
    return true;
  }

  /** Nobody's session at all, where the route does not ask for one; a session of another marketplace is somebody's. */
  async #mayBeMissing(context: ExecutionContext, exchange: HttpExchange): Promise<boolean> {
    const targets = [context.getHandler(), context.getClass()];
    const marked = this.reflector.getAllAndOverride<boolean | undefined>(OPTIONAL_SESSION, targets);
    if (!(marked ?? this.settings.guard === 'optional')) return false;
    return !(await this.sessions.brought(exchange));
  }

  async #authenticate({ exchange, isPage }: Visit, wanted: string | undefined): Promise<SessionResult> {
    try {
      return await this.sessions.authenticate(exchange, wanted);
    } catch (error) {
      const retryAfter = retryAfterOf(error);
      if (!(error instanceof MaestranoError) || retryAfter === null) throw toHttpException(error);
      exchange.setHeader('Retry-After', retryAfter);
      exchange.setHeader('Cache-Control', 'no-store');
      if (!isPage) throw toHttpException(error);
      exchange.setHeader('Content-Security-Policy', MESSAGE_PAGE_POLICY);
      throw new MaestranoUnavailableException(error, this.pages.wordsFor(exchange, null));
    }
  }

  #reject(
    { exchange, isPage }: Visit,
    marketplace: Marketplace | null,
    rejection: SessionRejection,
  ): MaestranoSignInRequiredException {
    const start = marketplace ?? this.registry.findDefault();
    const signInUrl = start ? initUrl(start) : this.settings.signInUrl;
    exchange.setHeader('Cache-Control', 'no-store');
    const redirects = signInUrl !== null && isPage;
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
