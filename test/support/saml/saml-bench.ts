import type { Marketplace, MarketplaceSso } from '../../../src/interfaces/marketplace.interface.js';
import type { SsoOptions } from '../../../src/interfaces/sso-options.interface.js';
import { SsoError } from '../../../src/errors/sso.error.js';
import type { SsoErrorCode } from '../../../src/errors/sso-error-codes.js';
import { consumeUrl } from '../../../src/marketplace/marketplace-urls.js';
import { CheckList } from '../../../src/sso/saml/check-list.js';
import type { LoginTransaction } from '../../../src/sso/saml/login-transaction.interface.js';
import {
  LoginTransactionService,
  loginTransactionKey,
} from '../../../src/sso/saml/login-transaction.service.js';
import type { SamlLogin } from '../../../src/sso/saml/saml-login.interface.js';
import { SamlService } from '../../../src/sso/saml/saml.service.js';
import { LoginTraceService } from '../../../src/sso/trace/login-trace.service.js';
import type { MaestranoStore } from '../../../src/stores/maestrano-store.js';
import { MemoryStore } from '../../../src/stores/memory-store.js';
import { Secret } from '../../../src/utils/secret.js';
import { formField, responseSpec, signedResponse, type ResponseSpec } from './response-builder.js';
import { testKey } from './test-keys.js';

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

/** The SAML engine on a memory store, without Nest around it. */
export class SamlBench {
  readonly transactions: LoginTransactionService;
  readonly traces: LoginTraceService;
  readonly saml: SamlService;

  constructor(
    readonly marketplace: Marketplace = testMarketplace(),
    sso: SsoOptions = {},
    readonly store: MaestranoStore = new MemoryStore(),
  ) {
    this.transactions = new LoginTransactionService(store, { sso });
    this.traces = new LoginTraceService(store);
    this.saml = new SamlService(this.transactions, this.traces, { sso });
  }

  begin(returnTo: string | null = null): Promise<LoginTransaction> {
    return this.transactions.begin(this.marketplace, { returnTo, params: {} });
  }

  /** A login that began with this very request ID. */
  async beginAs(id: string): Promise<void> {
    const transaction = { ...(await this.begin()), id };
    await this.store.set(
      loginTransactionKey(this.marketplace.name, id),
      JSON.stringify(transaction),
      900_000,
    );
  }

  spec(requestId: string, overrides: Partial<ResponseSpec> = {}): ResponseSpec {
    const { sso, api } = this.marketplace;
    const issuer = `${sso.idp}${api.base}auth/saml?SAMLRequest=nZJRS8MwEMe%2F`;
    return responseSpec({ now: Date.now(), acs: consumeUrl(this.marketplace), requestId, issuer }, overrides);
  }

  validate(samlResponse: unknown, boundRequestIds: readonly string[] | null = null): Promise<SamlLogin> {
    return this.saml.validate({ marketplace: this.marketplace, samlResponse, boundRequestIds });
  }

  /** Begins a login and answers it in a way that must be refused. */
  async refusal(overrides: Partial<ResponseSpec>): Promise<SsoError> {
    const outcome: unknown = await this.login(overrides).catch((error: unknown) => error);
    if (outcome instanceof SsoError) return outcome;
    throw new Error('the login was not refused');
  }

  /** Begins a login and answers it. */
  async login(overrides: Partial<ResponseSpec> = {}): Promise<SamlLogin> {
    const { id } = await this.begin();
    return this.validate(formField(signedResponse(this.spec(id, overrides))), [id]);
  }
}
