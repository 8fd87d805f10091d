import { Inject, Injectable, Logger } from '@nestjs/common';

import { SsoError } from '../../errors/sso.error.js';
import type { Marketplace } from '../../interfaces/marketplace.interface.js';
import type { SsoOptions } from '../../interfaces/sso-options.interface.js';
import { MAESTRANO_OPTIONS } from '../../maestrano.constants.js';
import { CheckFailed, CheckList } from '../saml/check-list.js';
import { LoginTransactionService } from '../saml/login-transaction.service.js';
import { mapProfile, mapSession } from '../saml/profile-mapper.js';
import { passableParameters } from '../saml/request-parameters.js';
import { resolveSsoPolicy } from '../saml/sso-policy.js';
import {
  type SignOnAnswer,
  type SignOnLogin,
  type SignOnRedirect,
  type SignOnStart,
  SsoProtocol,
} from '../sso-protocol.js';
import { describeRefusal } from '../trace/describe-refusal.js';
import { LoginTraceService } from '../trace/login-trace.service.js';
import { OpenIdAnswerJudge } from './openid-answer-judge.js';
import { OpenIdDiscoveryService } from './openid-discovery.service.js';
import { attributeRequest } from './openid-attributes.js';
import { isOpenIdAnswer } from './openid-message.js';
import { IDENTIFIER_SELECT, OPENID_NS } from './openid-names.js';
import { requestIdOf, returnUrl } from './openid-urls.js';

/** OpenID 2.0: the alternative that a marketplace may be configured for (protocol §5). */
@Injectable()
export class OpenIdProtocol extends SsoProtocol {
  readonly #logger = new Logger('MaestranoSso');

  constructor(
    private readonly transactions: LoginTransactionService,
    private readonly discovery: OpenIdDiscoveryService,
    private readonly judge: OpenIdAnswerJudge,
    private readonly traces: LoginTraceService,
    @Inject(MAESTRANO_OPTIONS) private readonly options: { readonly sso?: SsoOptions },
  ) {
    super();
  }

  /** The provider returns to the init path, with GET or POST (protocol §5). */
  override isAnswer(answer: Pick<SignOnAnswer, 'method' | 'query' | 'body'>): boolean {
    return isOpenIdAnswer(answer);
  }

  /** @throws OpenIdDiscoveryError when the marketplace's provider cannot be found. */
  override async begin(marketplace: Marketplace, start: SignOnStart): Promise<SignOnRedirect> {
    const endpoint = await this.discovery.endpoint(marketplace);
    const { id } = await this.transactions.begin(marketplace, start);
    const url = new URL(endpoint);
    const passed = Object.entries(passableParameters(start.params)).filter(
      ([name]) => !name.toLowerCase().startsWith('openid.'),
    );
    const request = {
      ...Object.fromEntries(passed),
      'openid.ns': OPENID_NS,
      'openid.mode': 'checkid_setup',
      'openid.claimed_id': IDENTIFIER_SELECT,
      'openid.identity': IDENTIFIER_SELECT,
      'openid.return_to': returnUrl(marketplace, id),
      'openid.realm': `${marketplace.sso.idm}/`,
      ...attributeRequest(),
    };
    for (const [name, value] of Object.entries(request)) url.searchParams.set(name, value);
    return { url: url.href, requestId: id };
  }

  override async complete(marketplace: Marketplace, answer: SignOnAnswer): Promise<SignOnLogin> {
    const checks = new CheckList();
    const traceCode = this.traces.newCode(marketplace.name);
    const policy = resolveSsoPolicy(this.options.sso, marketplace.name);
    const progress = { requestId: null as string | null };
    try {
      const accepted = await this.judge.judge(marketplace, answer, policy, checks, progress);
      await this.#record(marketplace, traceCode, checks, progress.requestId, null);
      const { token, recheckAt } = mapSession(accepted.attributes);
      const { transaction } = accepted;
      return {
        profile: mapProfile(marketplace, accepted.attributes),
        sessionToken: token,
        recheckAt,
        transaction,
        traceCode,
      };
    } catch (error) {
      if (!(error instanceof CheckFailed)) throw error;
      const refusal = new SsoError(error.code, {
        marketplace: marketplace.name,
        checks: checks.checks,
        traceCode,
        requestId: requestIdOf(answer.query),
      });
      this.#logger.warn(describeRefusal(refusal));
      await this.#record(marketplace, traceCode, checks, progress.requestId, refusal);
      throw refusal;
    }
  }

  async #record(
    { name }: Marketplace,
    code: string,
    { checks }: CheckList,
    requestId: string | null,
    refusal: SsoError | null,
  ): Promise<void> {
    await this.traces.record({
      code,
      marketplace: name,
      at: new Date().toISOString(),
      accepted: refusal === null,
      began: requestId !== null,
      refusal: refusal?.code ?? null,
      requestId,
      clockOffsetMs: null,
      checks,
    });
  }
}
