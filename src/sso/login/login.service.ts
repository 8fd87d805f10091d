import {
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
} from '@nestjs/common';

import { SsoError } from '../../errors/sso.error.js';
import type { Marketplace } from '../../interfaces/marketplace.interface.js';
import type { SsoOptions } from '../../interfaces/sso-options.interface.js';
import { MAESTRANO_OPTIONS } from '../../maestrano.constants.js';
import { consumeUrl, identityProviderUrl } from '../../marketplace/marketplace-urls.js';
import { describeRefusal } from '../trace/describe-refusal.js';
import { LoginTraceService } from '../trace/login-trace.service.js';
import { checkSsoOptions } from './check-sso-options.js';
import { CheckFailed, CheckList } from './check-list.js';
import type { LoginTransaction } from './login-transaction.interface.js';
import { LoginTransactionService } from './login-transaction.service.js';
import { findOpenLogin } from './open-login.js';
import { mapProfile, mapSession } from './profile-mapper.js';
import { passableParameters } from './request-parameters.js';
import type { ResponseHead } from './response-structure.js';
import type { JudgeTask } from './response-judge.js';
import type { SamlParties } from './saml-engine.js';
import type { SamlLogin, SamlValidation } from './saml-login.interface.js';
import { parseSamlInstant } from './saml-instant.js';
import { resolveSsoPolicy } from './sso-policy.js';

type Engine = typeof import('./engine.js');

/** Where the judging of one response stands. */
interface Progress {
  readonly checks: CheckList;
  readonly traceCode: string;
  response: ResponseHead | null;
  transaction: LoginTransaction | null;
}

/** Builds SAML requests and judges responses (protocol §4.3 to §4.8, saml §3). */
@Injectable()
export class SamlService implements OnApplicationBootstrap, OnModuleDestroy {
  readonly #logger = new Logger(SamlService.name);
  #engine: Promise<Engine> | undefined;

  constructor(
    private readonly transactions: LoginTransactionService,
    private readonly traces: LoginTraceService,
    @Inject(MAESTRANO_OPTIONS) private readonly options: { readonly sso?: SsoOptions },
  ) {
    checkSsoOptions(options.sso);
  }

  /** Loads what the first login needs, without holding up the start. */
  onApplicationBootstrap(): void {
    // Whoever needs it is told what went wrong.
    this.#load().catch(() => undefined);
  }

  async onModuleDestroy(): Promise<void> {
    await this.#engine?.catch(() => undefined);
  }

  /**
   * Where the browser is sent to sign in.
   *
   * @param params passed on to the identity provider; names of the binding itself and long values are left out.
   */
  async loginUrl(
    marketplace: Marketplace,
    transaction: LoginTransaction,
    params: Readonly<Record<string, string>>,
  ): Promise<string> {
    const engine = await this.#load();
    return engine.authnRequestUrl(partiesOf(marketplace), transaction.id, passableParameters(params));
  }

  /**
   * Judges what the provider posted. The login under way is used up only when everything else has passed, so that
   * garbage cannot end somebody's login.
   *
   * @throws {@link SsoError} with the code of the first failing check.
   */
  async validate(validation: SamlValidation): Promise<SamlLogin> {
    const { marketplace } = validation;
    const progress: Progress = {
      checks: new CheckList(),
      traceCode: this.traces.newCode(marketplace.name),
      response: null,
      transaction: null,
    };
    try {
      const login = await this.#judge(validation, progress);
      await this.#record(marketplace, progress, null);
      return login;
    } catch (error) {
      if (!(error instanceof CheckFailed)) throw error;
      const { checks } = progress.checks;
      const refusal = new SsoError(error.code, {
        marketplace: marketplace.name,
        checks,
        traceCode: progress.traceCode,
        requestId: progress.response?.inResponseTo ?? null,
      });
      await this.#record(marketplace, progress, refusal);
      throw refusal;
    }
  }

  async #judge(validation: SamlValidation, progress: Progress): Promise<SamlLogin> {
    const { marketplace, samlResponse } = validation;
    const { checks } = progress;
    const policy = resolveSsoPolicy(this.options.sso, marketplace.name);
    const parties = partiesOf(marketplace);

    const task: JudgeTask = { samlResponse, parties, policy, sso: marketplace.sso, now: Date.now() };
    const engine = await this.#load();
    const response = engine.readResponse(task, checks);
    progress.response = response;

    const transaction = await findOpenLogin(this.transactions, validation, response, policy, checks);
    progress.transaction = transaction;
    checks.require(
      'sso.destination',
      response.destination === null || response.destination === parties.consumeUrl,
      parties.consumeUrl,
      response.destination ?? 'none',
    );

    const assertion = await engine.judgeResponse(task, response, transaction, checks);

    const taken = await this.transactions.take(marketplace, transaction.id);
    checks.require(
      'sso.requestUsed',
      taken !== null,
      'an open login',
      taken ? 'an open login' : 'a finished one',
    );
    const fresh = await this.transactions.claim(marketplace, assertion.id, assertion.validUntil);
    checks.require('sso.replay', fresh, 'a new assertion', fresh ? 'a new assertion' : 'a copy');

    const session = mapSession(assertion.attributes);
    return {
      profile: mapProfile(marketplace, assertion.attributes),
      sessionToken: session.token,
      recheckAt: session.recheckAt,
      transaction,
      traceCode: progress.traceCode,
    };
  }

  async #record(marketplace: Marketplace, progress: Progress, refusal: SsoError | null): Promise<void> {
    const { response, transaction, traceCode, checks } = progress;
    if (refusal) this.#logger.warn(describeRefusal(refusal));
    const verified = checks.hasPassed('sso.signature');
    const issuedAt = verified ? parseSamlInstant(response?.issueInstant ?? undefined) : null;
    const now = Date.now();
    await this.traces.record({
      code: traceCode,
      marketplace: marketplace.name,
      at: new Date(now).toISOString(),
      accepted: refusal === null,
      began: transaction !== null,
      refusal: refusal?.code ?? null,
      requestId: transaction?.id ?? null,
      clockOffsetMs: issuedAt === null ? null : issuedAt - now,
      checks: refusal ? refusal.checks : checks.outline,
    });
  }

  /** node-saml and its relatives take 150 ms to load: not at start-up, and only where SAML is used. */
  #load(): Promise<Engine> {
    this.#engine ??= import('./engine.js');
    return this.#engine;
  }
}

function partiesOf(marketplace: Marketplace): SamlParties {
  return {
    consumeUrl: consumeUrl(marketplace),
    providerUrl: identityProviderUrl(marketplace),
    applicationId: marketplace.api.id,
    nameIdFormat: marketplace.sso.nameIdFormat,
  };
}
