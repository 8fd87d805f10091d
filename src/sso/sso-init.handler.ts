import { Inject, Injectable, NotFoundException } from '@nestjs/common';

import type { Marketplace } from '../interfaces/marketplace.interface.js';
import { type EndpointCall, EndpointHandler } from '../routing/endpoint.js';
import type { HttpExchange } from '../routing/http-exchange.js';
import { LostSessions } from '../session/lost-sessions.service.js';
import { SessionService } from '../session/session.service.js';
import type { SsoSettings } from '../settings/maestrano-settings.js';
import { SSO_SETTINGS } from '../settings/settings.providers.js';
import { LoginService } from './login/login.service.js';
import { LoginBinding } from './login/login-binding.service.js';
import { isTemporary, LoginRejection } from './login/login-rejection.service.js';
import { ReturnTo } from './login/return-to.service.js';
import { SsoConsumeHandler } from './sso-consume.handler.js';

const MAX_PARAMETER_LENGTH = 512;

/** Where a login begins: notes what must be remembered and redirects to the identity provider (protocol §4.1). */
@Injectable()
export class SsoInitHandler extends EndpointHandler {
  /** Names of the query parameters that are passed on to the identity provider. */
  readonly #passed: readonly string[];

  constructor(
    private readonly logins: LoginService,
    private readonly binding: LoginBinding,
    private readonly returnTo: ReturnTo,
    private readonly rejection: LoginRejection,
    private readonly consume: SsoConsumeHandler,
    private readonly sessions: SessionService,
    private readonly lost: LostSessions,
    @Inject(SSO_SETTINGS) settings: SsoSettings,
  ) {
    super();
    this.#passed = ['group_id', ...settings.passParameters];
  }

  override async handle(exchange: HttpExchange, call: EndpointCall): Promise<void> {
    const { marketplace } = call;
    if (this.logins.isResponse(marketplace, exchange)) return this.consume.handle(exchange, call);
    if (exchange.method !== 'GET' && exchange.method !== 'HEAD')
      throw new NotFoundException(`Cannot ${exchange.method} ${exchange.url}`);
    if (!marketplace.sso.enabled) {
      return this.rejection.respond(exchange, marketplace, { code: 'sso.disabled' });
    }
    const query = initQuery(exchange.url);
    const wanted = query.get('return_to');
    const byGuard = query.get('from') === 'guard';
    if (byGuard && (await this.lost.isLost(exchange, marketplace, wanted))) {
      return this.rejection.respond(exchange, marketplace, { code: 'session.lost', status: 401 });
    }
    const address = wanted && this.lost.withoutMarker(wanted);
    const returnTo = this.returnTo.parse(address, marketplace);
    const resumed = query.get('resume');
    if (resumed !== null && (await this.#isSignedInBy(exchange, marketplace, resumed))) {
      exchange.setHeader('Cache-Control', 'no-store');
      return exchange.redirect(returnTo ?? this.returnTo.home(marketplace), 302);
    }
    const params: Record<string, string> = {};
    for (const name of this.#passed) {
      const value = query.get(name);
      if (value && value.length <= MAX_PARAMETER_LENGTH) params[name] = value;
    }
    try {
      const { url, browserKey } = await this.logins.begin(marketplace, {
        returnTo,
        params,
        ...(byGuard ? { byGuard } : {}),
      });
      const groupId = params['group_id'] ?? null;
      this.binding.remember(exchange, marketplace, browserKey, { address: returnTo && address, groupId });
      await this.sessions.depart(exchange, marketplace);
      exchange.setHeader('Cache-Control', 'no-store');
      exchange.redirect(url, 302);
    } catch (error) {
      if (!isTemporary(error)) throw error;
      const { code, httpStatus: status } = error;
      return this.rejection.respond(exchange, marketplace, { code, status });
    }
  }

  /**
   * Whether the person is signed in as a login that this browser began asked for, though its response was rejected: in
   * another tab, or by the same response before. Looked at here, where the browser brings its session, and not where the
   * response arrived: from there, a site that posts one must not learn who is signed in.
   */
  async #isSignedInBy(exchange: HttpExchange, marketplace: Marketplace, requestId: string): Promise<boolean> {
    const login = this.binding.find(exchange, marketplace, requestId);
    if (!login) return false;
    this.binding.forget(exchange, marketplace, requestId);
    const { session } = await this.sessions.authenticate(exchange, marketplace.name);
    if (!session || session.signedInAt.getTime() < login.begunAt) return false;
    return login.groupId === null || login.groupId === session.groupUid;
  }
}

/** Marketplaces put `?group_id=` behind any init URL, also behind one that has a query already (protocol §4.1). */
function initQuery(url: string): URLSearchParams {
  const [, ...queries] = url.split('?');
  return new URLSearchParams(queries.join('&'));
}
