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
import { JudgePool } from './judge-pool.js';
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
import { describeOldLibraries, OLD_LIBRARIES_REMEDY, verifierLibraries } from './verifier-libraries.js';

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
  readonly #pool: JudgePool | null;
  #engine: Promise<Engine> | undefined;

  constructor(
    private readonly transactions: LoginTransactionService,
    private readonly traces: LoginTraceService,
    @Inject(MAESTRANO_OPTIONS) private readonly options: { readonly sso?: SsoOptions },
  ) {
    checkSsoOptions(options.sso);
    this.#pool = options.sso?.workers ? new JudgePool(options.sso.workers) : null;
  }

  /** Loads what the first login needs, without holding up the start. */
  async onApplicationBootstrap(): Promise<void> {
    void this.#load().then(() => this.#warnOfOldLibraries());
    await this.#pool?.start();
  }

  async onModuleDestroy(): Promise<void> {
    await Promise.all([this.#engine, this.#pool?.close()]);
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
      checks: this.createCheckList(),
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

  /** Overridden by tests which show that every check is needed. */
  protected createCheckList(): CheckList {
    return new CheckList();
  }

  async #judge(validation: SamlValidation, progress: Progress): Promise<SamlLogin> {
    const { marketplace, samlResponse } = validation;
    const { checks } = progress;
    const policy = resolveSsoPolicy(this.options.sso, marketplace.name);
    const parties = partiesOf(marketplace);

    const task: JudgeTask = { samlResponse, parties, policy, sso: marketplace.sso, now: Date.now() };
    const openLogin = (inResponseTo: string | null, into: CheckList): Promise<LoginTransaction> =>
      findOpenLogin(this.transactions, validation, { inResponseTo }, policy, into);
    const response = this.#pool
      ? await this.#pool.read(task, (id) => nullIfRefused(openLogin(id, checks.another())), checks)
      : (await this.#load()).readResponse(task, checks);
    progress.response = response;

    const transaction = await openLogin(response.inResponseTo, checks);
    progress.transaction = transaction;
    checks.require(
      'sso.destination',
      response.destination === null || response.destination === parties.consumeUrl,
      parties.consumeUrl,
      response.destination ?? 'none',
    );

    const assertion = await response.judge(transaction, checks);

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

  /** After loading, so that it holds up nothing either; once a start. */
  #warnOfOldLibraries(): void {
    const old = describeOldLibraries(verifierLibraries());
    if (old !== null) this.#logger.warn(`${old}. ${OLD_LIBRARIES_REMEDY}`);
  }

  /** node-saml and its relatives take 150 ms to load: not at start-up, and only where SAML is used. */
  #load(): Promise<Engine> {
    this.#engine ??= import('./engine.js');
    return this.#engine;
  }
}

/** What a response names before it is read strictly is worth a look; what comes of it is told later. */
function nullIfRefused(login: Promise<LoginTransaction>): Promise<LoginTransaction | null> {
  return login.catch((error: unknown) => {
    if (error instanceof CheckFailed) return null;
    throw error;
  });
}

function partiesOf(marketplace: Marketplace): SamlParties {
  return {
    consumeUrl: consumeUrl(marketplace),
    providerUrl: identityProviderUrl(marketplace),
    applicationId: marketplace.api.id,
    nameIdFormat: marketplace.sso.nameIdFormat,
  };
}
