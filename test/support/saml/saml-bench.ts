import type { Marketplace, MarketplaceSso } from '../../../src/interfaces/marketplace.interface.js';
import type { SsoOptions } from '../../../src/interfaces/sso-options.interface.js';
import { MaestranoSsoError } from '../../../src/errors/sso.error.js';
import type { SsoErrorCode } from '../../../src/errors/sso-error-codes.js';
import { consumeUrl } from '../../../src/marketplace/marketplace-urls.js';
import { CheckList } from '../../../src/sso/login/check-list.js';
import { LoginService, SsoProtocols, type VerifiedLogin } from '../../../src/sso/login/login.service.js';
import {
  type LoginTransaction,
  LoginTransactionService,
  newLoginTransaction,
} from '../../../src/sso/login/login-transaction.service.js';
import { SamlProtocol } from '../../../src/sso/saml/saml.protocol.js';
import { LoginTraceService } from '../../../src/sso/trace/login-trace.service.js';
import type { MaestranoStore } from '../../../src/stores/maestrano-store.js';
import { MemoryStore } from '../../../src/stores/memory-store.js';
import { Secret } from '../../../src/utils/secret.js';
import { errorOf } from '../error-of.js';
import { formField, responseSpec, signedResponse, type ResponseSpec } from './response-builder.js';
import { testKey } from './test-keys.js';
import { settingsOf } from '../settings.js';

/** A marketplace snapshot whose identity provider holds the key `provider`. */
export function testMarketplace(sso: Partial<MarketplaceSso> = {}, name = 'lab'): Marketplace {
  return {
    name,
    nid: null,
    environment: null,
    revision: 'r1',
    app: {
      host: 'https://app.example.com',
      synchronizationStartPath: null,
      synchronizationTogglePath: null,
      synchronizationStatusPath: null,
    },
    api: {
      id: 'app-1',
      keys: [new Secret(`key-of-${name}`)],
      host: 'https://hub.example.com',
      base: '/api/v1/',
    },
    sso: {
      enabled: true,
      sloEnabled: true,
      protocol: 'saml',
      creationMode: 'real',
      idm: 'https://app.example.com',
      initPath: `/maestrano/auth/saml/init/${name}`,
      consumePath: `/maestrano/auth/saml/consume/${name}`,
      idp: 'https://hub.example.com',
      nameIdFormat: 'urn:oasis:names:tc:SAML:2.0:nameid-format:persistent',
      certificates: [testKey('provider').certificate],
      fingerprints: [],
      ...sso,
    },
    connec: {
      enabled: true,
      host: 'https://connec.example.com',
      basePath: '/api/v2',
      reportsPath: '/api/reports',
      timeoutMs: 60_000,
    },
    webhooks: {
      account: { groupPath: '/g/:id', groupUserPath: '/g/:group_id/u/:id' },
      connec: { notificationPath: '/n', initializationPath: null, externalIds: false, subscriptions: {} },
    },
  };
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

/** Logins by SAML on a memory store, without Nest around them. */
export class SamlBench {
  readonly transactions: LoginTransactionService;
  readonly traces: LoginTraceService;
  readonly logins: LoginService;

  constructor(
    readonly marketplace: Marketplace = testMarketplace(),
    sso: SsoOptions = {},
    readonly store: MaestranoStore = new MemoryStore(),
  ) {
    const { sso: settings } = settingsOf({ sso });
    this.transactions = new LoginTransactionService(store, settings);
    this.traces = new LoginTraceService(store);
    const protocols = new SsoProtocols(new Map([['saml', new SamlProtocol()]]));
    this.logins = new LoginService(protocols, this.transactions, this.traces, settings);
  }

  /** A login that has left for the identity provider. */
  async begin(returnTo: string | null = null): Promise<LoginTransaction> {
    const transaction = newLoginTransaction(this.marketplace, { returnTo, params: {} });
    await this.transactions.save(transaction);
    return transaction;
  }

  /** A login that began with this very request ID. */
  async beginAs(id: string): Promise<void> {
    await this.transactions.save({
      ...newLoginTransaction(this.marketplace, { returnTo: null, params: {} }),
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
