import type { Marketplace, MarketplaceSso } from '../../../src/interfaces/marketplace.interface.js';
import type { SsoOptions } from '../../../src/interfaces/sso-options.interface.js';
import { MaestranoSsoError } from '../../../src/errors/sso.error.js';
import type { SsoErrorCode } from '../../../src/errors/sso-error-codes.js';
import { consumeUrl } from '../../../src/marketplace/marketplace-urls.js';
import { CheckList } from '../../../src/sso/login/check-list.js';
import type { LoginService, VerifiedLogin } from '../../../src/sso/login/login.service.js';
import {
  type LoginTransaction,
  type LoginTransactionService,
  newLogin,
} from '../../../src/sso/login/login-transaction.service.js';
import { SamlProtocol } from '../../../src/sso/saml/saml.protocol.js';
import type { LoginTraceService } from '../../../src/sso/trace/login-trace.service.js';
import type { MaestranoStore } from '../../../src/stores/maestrano-store.js';
import { MemoryStore } from '../../../src/stores/memory-store.js';
import { errorOf } from '../error-of.js';
import { loginServices } from '../login-services.js';
import { registeredMarketplace } from '../marketplaces.js';
import { formField, responseSpec, signedResponse, type ResponseSpec } from './response-builder.js';
import { testKey } from './test-keys.js';

/** A registered marketplace whose identity provider holds the key `provider`. */
export function samlMarketplace(sso: Partial<MarketplaceSso> = {}, name = 'lab'): Marketplace {
  const api = { id: 'app-1', host: 'https://hub.example.com' };
  const marketplace = registeredMarketplace(name, { api });
  const own = { certificates: [testKey('provider').certificate], fingerprints: [], ...sso };
  return { ...marketplace, sso: { ...marketplace.sso, ...own } };
}

/** Runs what is given as a build would that lacks the named checks: they are made, and pass whatever they find. */
export async function withoutChecks<T>(codes: readonly SsoErrorCode[], run: () => Promise<T>): Promise<T> {
  const { expect } = CheckList.prototype;
  CheckList.prototype.expect = function (code, passed, ...texts) {
    expect.call(this, code, passed || codes.includes(code), ...texts);
  };
  try {
    return await run();
  } finally {
    CheckList.prototype.expect = expect;
  }
}

/** What a test may give a {@link SamlBench}. */
export interface SamlBenchParts {
  readonly marketplace?: Marketplace;
  readonly sso?: SsoOptions;
  readonly store?: MaestranoStore;
}

/** Logins by SAML on a memory store, without Nest around them. */
export class SamlBench {
  readonly marketplace: Marketplace;
  readonly store: MaestranoStore;
  readonly transactions: LoginTransactionService;
  readonly traces: LoginTraceService;
  readonly logins: LoginService;

  constructor({ marketplace = samlMarketplace(), sso = {}, store = new MemoryStore() }: SamlBenchParts = {}) {
    this.marketplace = marketplace;
    this.store = store;
    const { logins, transactions, traces } = loginServices({ saml: new SamlProtocol() }, { sso, store });
    this.logins = logins;
    this.transactions = transactions;
    this.traces = traces;
  }

  /** A login that has left for the identity provider. */
  async begin(returnTo: string | null = null): Promise<LoginTransaction> {
    const { transaction } = newLogin(this.marketplace, { returnTo, params: {} });
    await this.transactions.save(transaction);
    return transaction;
  }

  /** A login that began with this very request ID. */
  async beginAs(id: string): Promise<void> {
    await this.transactions.save({
      ...newLogin(this.marketplace, { returnTo: null, params: {} }).transaction,
      id,
    });
  }

  spec(requestId: string, overrides: Partial<ResponseSpec> = {}): ResponseSpec {
    const { sso, api } = this.marketplace;
    const issuer = `${sso.idp}${api.base}auth/saml?SAMLRequest=nZJRS8MwEMe%2F`;
    return responseSpec({ now: Date.now(), acs: consumeUrl(this.marketplace), requestId, issuer }, overrides);
  }

  validate(samlResponse: unknown, boundRequestIds: readonly string[] | null = null): Promise<VerifiedLogin> {
    const body = { SAMLResponse: samlResponse };
    const response = { method: 'POST', query: new URLSearchParams(), body, boundRequestIds };
    return this.logins.verify(this.marketplace, response);
  }

  /** Begins a login and responds to it in a way that must be rejected. */
  rejection(overrides: Partial<ResponseSpec>): Promise<MaestranoSsoError> {
    return errorOf(this.login(overrides), MaestranoSsoError);
  }

  /** Begins a login and responds to it. */
  async login(overrides: Partial<ResponseSpec> = {}): Promise<VerifiedLogin> {
    const { id } = await this.begin();
    return this.validate(formField(signedResponse(this.spec(id, overrides))), [id]);
  }
}
