import { Injectable } from '@nestjs/common';

import { LoginDeniedError } from '../errors/sign-on.error.js';
import { SsoError } from '../errors/sso.error.js';
import type { Marketplace } from '../interfaces/marketplace.interface.js';
import { type EndpointCall, EndpointHandler } from '../routing/endpoint.js';
import type { HttpExchange } from '../routing/http-exchange.js';
import { LoginBinding } from './login-binding.js';
import { LoginCompletion } from './login-completion.js';
import { LoginRefusal } from './login-refusal.js';
import type { SignOnLogin } from './sso-protocol.js';
import { SsoProtocols } from './sso-protocols.js';

/**
 * Where the identity provider's answer arrives: checks it, has the adapters find or create who it speaks of, begins
 * the session, and answers 303, because only then does the browser bring its `SameSite=Lax` cookies (protocol §4.1).
 */
@Injectable()
export class SsoConsumeHandler extends EndpointHandler {
  constructor(
    private readonly protocols: SsoProtocols,
    private readonly binding: LoginBinding,
    private readonly completion: LoginCompletion,
    private readonly refusal: LoginRefusal,
  ) {
    super();
  }

  override async handle(exchange: HttpExchange, { marketplace }: EndpointCall): Promise<void> {
    if (!marketplace.sso.enabled) return this.refusal.answer(exchange, marketplace, { code: 'sso.disabled' });
    let login: SignOnLogin | null = null;
    try {
      login = await this.#validate(exchange, marketplace);
      this.binding.forget(exchange, marketplace, login.transaction.id);
      const target = await this.completion.complete(exchange, marketplace, login);
      exchange.setHeader('Cache-Control', 'no-store');
      exchange.redirect(target, 303);
    } catch (error) {
      if (error instanceof SsoError) return this.refusal.answer(exchange, marketplace, error);
      if (!(error instanceof LoginDeniedError)) throw error;
      const { code, reason } = error;
      const { traceCode = null, transaction } = login ?? {};
      const requestId = transaction?.id ?? null;
      return this.refusal.answer(exchange, marketplace, { code, reason, traceCode, requestId });
    }
  }

  #validate(exchange: HttpExchange, marketplace: Marketplace): Promise<SignOnLogin> {
    const { method, url, query, body } = exchange;
    const boundRequestIds = this.binding.requestIds(exchange, marketplace);
    return this.protocols
      .of(marketplace)
      .complete(marketplace, { method, url, query, body, boundRequestIds });
  }
}
