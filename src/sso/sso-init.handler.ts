import { Inject, Injectable, NotFoundException } from '@nestjs/common';

import type { WithSignOnOptions } from '../interfaces/sign-on-options.interface.js';
import { MAESTRANO_OPTIONS } from '../maestrano.constants.js';
import { type EndpointCall, EndpointHandler } from '../routing/endpoint.js';
import type { HttpExchange } from '../routing/http-exchange.js';
import { SessionService } from '../session/session.service.js';
import { LoginBinding } from './login-binding.js';
import { LoginRefusal } from './login-refusal.js';
import { ReturnTo } from './return-to.js';
import { SsoConsumeHandler } from './sso-consume.handler.js';
import { SsoProtocols } from './sso-protocols.js';

const MAX_PARAMETER_LENGTH = 512;

/** Where signing in begins: notes what must be remembered and redirects to the identity provider (protocol §4.1). */
@Injectable()
export class SsoInitHandler extends EndpointHandler {
  readonly #passed: readonly string[];

  constructor(
    private readonly protocols: SsoProtocols,
    private readonly binding: LoginBinding,
    private readonly returnTo: ReturnTo,
    private readonly refusal: LoginRefusal,
    private readonly consume: SsoConsumeHandler,
    private readonly sessions: SessionService,
    @Inject(MAESTRANO_OPTIONS) options: WithSignOnOptions,
  ) {
    super();
    this.#passed = ['group_id', ...(options.sso?.passParameters ?? [])];
  }

  override async handle(exchange: HttpExchange, call: EndpointCall): Promise<void> {
    const { marketplace } = call;
    const protocol = this.protocols.of(marketplace);
    if (protocol.isAnswer(exchange)) return this.consume.handle(exchange, call);
    if (exchange.method !== 'GET') throw new NotFoundException(`Cannot ${exchange.method} ${exchange.url}`);
    if (!marketplace.sso.enabled) return this.refusal.answer(exchange, marketplace, { code: 'sso.disabled' });
    const query = initQuery(exchange.url);
    const address = query.get('return_to');
    const returnTo = this.returnTo.parse(address, marketplace);
    const params: Record<string, string> = {};
    for (const name of this.#passed) {
      const value = query.get(name);
      if (value && value.length <= MAX_PARAMETER_LENGTH) params[name] = value;
    }
    const { url, requestId } = await protocol.begin(marketplace, { returnTo, params });
    this.binding.remember(exchange, marketplace, requestId, returnTo && address);
    await this.sessions.depart(exchange, marketplace);
    exchange.setHeader('Cache-Control', 'no-store');
    exchange.redirect(url, 302);
  }
}

/** Marketplaces put `?group_id=` behind any init URL, also behind one that has a query already (protocol §4.1). */
function initQuery(url: string): URLSearchParams {
  const [, ...queries] = url.split('?');
  return new URLSearchParams(queries.join('&'));
}
