import { Injectable } from '@nestjs/common';

import { MaestranoLoginDeniedError } from '../errors/login-denied.error.js';
import { MaestranoSsoError } from '../errors/sso.error.js';
import { MaestranoEvents } from '../events/maestrano-events.service.js';
import type { Marketplace } from '../interfaces/marketplace.interface.js';
import { type EndpointCall, EndpointHandler } from '../routing/endpoint.js';
import type { HttpExchange } from '../routing/http-exchange.js';
import { LostSessions } from '../session/lost-sessions.service.js';
import { LoginService, type VerifiedLogin } from './login/login.service.js';
import { LoginBinding } from './login/login-binding.service.js';
import { LoginCompletion } from './login/login-completion.service.js';
import { isTemporary, LoginRejection, type RejectionCause } from './login/login-rejection.service.js';

/**
 * Where the identity provider's response arrives: has it verified, has the adapters find or create who it speaks of,
 * begins the session, and responds with 303, because only then does the browser bring its `SameSite=Lax` cookies
 * (protocol §4.1).
 */
@Injectable()
export class SsoConsumeHandler extends EndpointHandler {
  constructor(
    private readonly logins: LoginService,
    private readonly binding: LoginBinding,
    private readonly completion: LoginCompletion,
    private readonly rejection: LoginRejection,
    private readonly lost: LostSessions,
    private readonly events: MaestranoEvents,
  ) {
    super();
  }

  override async handle(exchange: HttpExchange, { marketplace }: EndpointCall): Promise<void> {
    // Whoever only looks at a link, such as a scanner of mails, must not use up the login in it.
    if (exchange.method === 'HEAD') return exchange.empty(200);
    if (!marketplace.sso.enabled) {
      return this.#reject(exchange, marketplace, { code: 'sso.disabled' });
    }
    let login: VerifiedLogin | null = null;
    try {
      const { method, query, body } = exchange;
      const boundRequestIds = this.binding.requestIds(exchange, marketplace);
      login = await this.logins.verify(marketplace, { method, query, body, boundRequestIds });
      this.binding.forget(exchange, marketplace, login.transaction.id);
      const wanted = await this.completion.complete(exchange, marketplace, login);
      const byGuard = login.transaction.byGuard ?? false;
      const target = byGuard ? await this.lost.began(exchange, marketplace, wanted) : wanted;
      exchange.setHeader('Cache-Control', 'no-store');
      exchange.redirect(target, 303);
      const { profile, traceCode } = login;
      this.events.emit({
        type: 'login.accepted',
        marketplace: marketplace.name,
        userUid: profile.user.uid,
        groupUid: profile.group.uid,
        traceCode,
      });
    } catch (error) {
      if (error instanceof MaestranoSsoError) return this.#reject(exchange, marketplace, error);
      const { traceCode = null, transaction } = login ?? {};
      const requestId = transaction?.id ?? null;
      if (isTemporary(error)) {
        const { code, httpStatus: status } = error;
        return this.#reject(exchange, marketplace, { code, status, traceCode, requestId });
      }
      if (!(error instanceof MaestranoLoginDeniedError)) throw error;
      const { code, reason } = error;
      return this.#reject(exchange, marketplace, { code, reason, traceCode, requestId });
    }
  }

  async #reject(exchange: HttpExchange, marketplace: Marketplace, cause: RejectionCause): Promise<void> {
    const { code, traceCode = null } = cause;
    this.events.emit({ type: 'login.rejected', marketplace: marketplace.name, code, traceCode });
    await this.rejection.respond(exchange, marketplace, cause);
  }
}
