import { BadRequestException, Controller, Get, Param, Res } from '@nestjs/common';

import { Exchange, type SandboxExchange } from '../http/exchange.js';
import { SandboxState } from '../state/sandbox-state.js';
import { LEAVING_POLICY } from '../../views/layout.js';
import { LOGIN_ID_HEADER, LoginLog } from '../login/login-log.js';
import { LoginPages } from '../pages/login-pages.service.js';
import { PageHeaders } from '../pages/page.decorator.js';
import { AssertionWorkshop } from '../workshop/assertion-workshop.js';
import { IdentityProviderService, type LoginOutcome } from './identity-provider.service.js';

/** Values of the `send` parameter beside the names of defects. */
const VALID = 'valid';
const ASK = 'ask';

/** The part of a platform's response that is used here; Express and Fastify both have it. */
interface Reply {
  status(code: number): unknown;
  header(name: string, value: string): unknown;
}

/** Login, session check and the pages around them (protocol §4.1, §4.11, §4.12). */
@Controller()
export class IdentityProviderController {
  constructor(
    private readonly provider: IdentityProviderService,
    private readonly state: SandboxState,
    private readonly workshop: AssertionWorkshop,
    private readonly pages: LoginPages,
    private readonly log: LoginLog,
  ) {}

  @Get('api/v1/auth/saml')
  @PageHeaders()
  async login(
    @Exchange() exchange: SandboxExchange,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<string> {
    const outcome = this.provider.login(exchange);
    switch (outcome.kind) {
      case 'rejected':
        reply.status(outcome.status);
        return this.pages.rejected(outcome, exchange);
      case 'choose-user':
        return this.pages.chooseUser(outcome.request.marketplace.name, outcome.users, exchange);
      case 'choose-group':
        return this.pages.chooseGroup(outcome, exchange);
      case 'denied':
        reply.status(403);
        return this.pages.denied(outcome, exchange);
      case 'respond':
        return this.#respond(outcome, exchange, reply);
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
  @PageHeaders()
  logout(@Exchange() exchange: SandboxExchange): string {
    const uid = exchange.query.get('user_uid')?.split('.')[0];
    for (const user of this.state.users) {
      if (user.uid !== uid) continue;
      user.ssoSession = this.state.nextToken();
      this.log.ended(user.marketplace, user.uid);
    }
    return this.pages.signedOut(exchange);
  }

  @Get('app_access_unauthorized')
  @PageHeaders()
  unauthorized(@Exchange() exchange: SandboxExchange): string {
    return this.pages.unauthorized(exchange.query.get('err'), exchange);
  }

  /** Sends what the person chose to send: the valid response, or one with a defect. */
  async #respond(
    outcome: Extract<LoginOutcome, { kind: 'respond' }>,
    exchange: SandboxExchange,
    reply: Reply,
  ): Promise<string> {
    const { request, user, group } = outcome;
    const send = exchange.query.getAll('send').at(-1) ?? VALID;
    if (send === ASK) return this.pages.chooseResponse(this.workshop.variants, exchange);
    if (send !== VALID && !this.workshop.variants.some(({ name }) => name === send)) {
      throw new BadRequestException(`There is no assertion variant "${send}".`);
    }
    const samlResponse =
      send === VALID
        ? this.provider.validResponse(outcome, exchange.clockOffsetMs)
        : await this.workshop.make(send, request, { user: user.uid, group: group.uid });
    const { id } = this.log.sent(
      {
        marketplace: request.marketplace.name,
        protocol: 'saml',
        user: user.uid,
        group: group.uid,
        sent: send,
      },
      samlResponse,
    );
    reply.header(LOGIN_ID_HEADER, id);
    reply.header('content-security-policy', LEAVING_POLICY);
    return this.pages.postForm(request.acsUrl, { SAMLResponse: samlResponse });
  }
}
