import { BadRequestException, Controller, Get, Header, Param, Res } from '@nestjs/common';

import { Exchange, type SandboxExchange } from '../http/exchange.js';
import { SandboxState } from '../state/sandbox-state.js';
import { LoginPages } from '../pages/login-pages.service.js';
import { AssertionWorkshop } from '../workshop/assertion-workshop.js';
import { IdentityProviderService, type LoginOutcome } from './identity-provider.service.js';

/** Values of the `send` parameter beside the names of defects. */
const VALID = 'valid';
const ASK = 'ask';

/** The part of a platform's response that is used here; Express and Fastify both have it. */
interface Reply {
  status(code: number): unknown;
}

/** Login, session check and the pages around them (protocol §4.1, §4.11, §4.12). */
@Controller()
export class IdentityProviderController {
  constructor(
    private readonly provider: IdentityProviderService,
    private readonly state: SandboxState,
    private readonly workshop: AssertionWorkshop,
    private readonly pages: LoginPages,
  ) {}

  @Get('api/v1/auth/saml')
  @Header('content-type', 'text/html; charset=utf-8')
  @Header('cache-control', 'no-store')
  async login(
    @Exchange() exchange: SandboxExchange,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<string> {
    const outcome = this.provider.login(exchange);
    switch (outcome.kind) {
      case 'rejected':
        reply.status(outcome.status);
        return this.pages.rejected(outcome);
      case 'choose-user':
        return this.pages.chooseUser(outcome.request.marketplace.name, outcome.users, exchange.url);
      case 'choose-group':
        return this.pages.chooseGroup(outcome, exchange.url);
      case 'denied':
        reply.status(403);
        return this.pages.denied(outcome);
      case 'respond':
        return this.#respond(outcome, exchange);
    }
  }

  @Get('api/v1/auth/saml/:id')
  checkSession(
    @Exchange() exchange: SandboxExchange,
    @Param('id') id: string,
  ): { valid: boolean; recheck: string } {
    return this.provider.checkSession(exchange, id);
  }

  /** Signs a person out of the marketplace: the session token stops being valid (protocol §4.12). */
  @Get('app_logout')
  @Header('content-type', 'text/html; charset=utf-8')
  logout(@Exchange() exchange: SandboxExchange): string {
    const uid = exchange.query.get('user_uid')?.split('.')[0];
    for (const user of this.state.users) if (user.uid === uid) user.ssoSession = this.state.nextToken();
    return this.pages.signedOut();
  }

  @Get('app_access_unauthorized')
  @Header('content-type', 'text/html; charset=utf-8')
  unauthorized(@Exchange() exchange: SandboxExchange): string {
    return this.pages.unauthorized(exchange.query.get('err'));
  }

  /** Sends what the person chose to send: the valid response, or one with a defect. */
  async #respond(
    outcome: Extract<LoginOutcome, { kind: 'respond' }>,
    exchange: SandboxExchange,
  ): Promise<string> {
    const { request, user, group } = outcome;
    const send = exchange.query.getAll('send').at(-1) ?? VALID;
    if (send === ASK) return this.pages.chooseResponse(this.workshop.variants, exchange.url);
    if (send !== VALID && !this.workshop.variants.some(({ name }) => name === send)) {
      throw new BadRequestException(`There is no assertion variant "${send}".`);
    }
    const samlResponse =
      send === VALID
        ? this.provider.validResponse(outcome, exchange.clockOffsetMs)
        : await this.workshop.make(send, request, { user: user.uid, group: group.uid });
    return this.pages.postForm(request.acsUrl, { SAMLResponse: samlResponse });
  }
}
