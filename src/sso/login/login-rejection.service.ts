import { Inject, Injectable } from '@nestjs/common';

import { MaestranoAdapterError } from '../../errors/adapter.error.js';
import { OpenIdDiscoveryError } from '../../errors/openid.error.js';
import { MaestranoSessionError } from '../../errors/session.error.js';
import { MaestranoStoreError } from '../../errors/store.error.js';
import type { SsoErrorCode } from '../../errors/sso-error-codes.js';
import type { Marketplace } from '../../interfaces/marketplace.interface.js';
import type { LoginDenial } from '../../interfaces/sso-options.interface.js';
import type { SsoSettings } from '../../settings/maestrano-settings.js';
import { SSO_SETTINGS } from '../../settings/settings.providers.js';
import { initUrl, unauthorizedUrl } from '../../marketplace/marketplace-urls.js';
import type { HttpExchange } from '../../routing/http-exchange.js';
import { acceptsHtml } from '../../session/page-request.js';
import { PersonPages } from '../../session/person-pages.service.js';
import { deniedMessage } from './denied-page.js';
import { LoginBinding, type PendingLogin } from './login-binding.service.js';
import { ReturnTo } from './return-to.service.js';

/** Why a login did not succeed. */
export type RejectionCause = Pick<LoginDenial, 'code'> &
  Partial<Pick<LoginDenial, 'traceCode' | 'restart' | 'reason'>> & {
    /** The login that the response names. */
    readonly requestId?: string | null;
    /** Status of the response, where the code does not say it. */
    readonly status?: number;
  };

/** Rejections of logins that may have succeeded in another tab, or a moment ago. */
const RESUMABLE: ReadonlySet<string> = new Set<SsoErrorCode>([
  'sso.requestUsed',
  'sso.requestUnknown',
  'sso.requestNotBound',
]);

/** Seconds after which a browser may try again what the application could not do for the moment. */
const RETRY_AFTER_S = '5';

/** Responds to a login that did not succeed: begins again, sends to the application's page, or shows ours. */
@Injectable()
export class LoginRejection {
  constructor(
    private readonly binding: LoginBinding,
    private readonly returnTo: ReturnTo,
    @Inject(SSO_SETTINGS) private readonly settings: SsoSettings,
    private readonly pages: PersonPages,
  ) {}

  async respond(exchange: HttpExchange, marketplace: Marketplace, cause: RejectionCause): Promise<void> {
    const { code, traceCode = null, restart = false, reason = null, requestId = null } = cause;
    const login = requestId === null ? null : this.binding.find(exchange, marketplace, requestId);
    const { signInUrl, resumeUrl } = this.#addresses(marketplace, login);
    const status = cause.status ?? statusOf(code, restart);
    const denial: LoginDenial = {
      code,
      traceCode,
      marketplace: marketplace.name,
      status,
      restart,
      signInUrl,
      reason,
    };
    exchange.setHeader('Cache-Control', 'no-store');
    if (status === 503) exchange.setHeader('Retry-After', RETRY_AFTER_S);
    if (restart && this.binding.mayRestart(exchange, marketplace)) {
      this.binding.restart(exchange, marketplace);
      const resumes = login !== null && RESUMABLE.has(code);
      if (resumes) this.binding.renew(exchange, marketplace, login);
      exchange.redirect(resumes ? resumeUrl : signInUrl);
    } else if (this.settings.deniedUrl !== null) {
      exchange.redirect(await ownPage(this.settings.deniedUrl, denial, marketplace));
    } else if (acceptsHtml(exchange.request)) {
      const words = this.pages.wordsFor(exchange, marketplace);
      this.pages.send(exchange, status, deniedMessage(denial, unauthorizedUrl(marketplace), words));
    } else {
      exchange.json(status, {
        statusCode: status,
        error: 'The login was rejected.',
        code,
        trace: traceCode,
        signInUrl,
      });
    }
  }

  /**
   * Where a login begins again, and leads to the page that this browser wanted with the rejected one. The response only
   * chooses among the browser's own logins, and their addresses are checked as when they first came.
   */
  #addresses(marketplace: Marketplace, login: PendingLogin | null) {
    const address = login?.address ?? null;
    const allowed = this.returnTo.parse(address, marketplace) !== null;
    const parameters = { return_to: allowed ? address : null };
    return {
      signInUrl: initUrl(marketplace, parameters),
      resumeUrl: initUrl(marketplace, { ...parameters, resume: login?.requestId ?? null }),
    };
  }
}

async function ownPage(
  deniedUrl: NonNullable<SsoSettings['deniedUrl']>,
  denial: LoginDenial,
  marketplace: Marketplace,
): Promise<string> {
  if (typeof deniedUrl === 'function') return deniedUrl(denial);
  // A path is one of the application's, wherever it is mounted.
  const { host } = marketplace.app;
  const url = new URL(deniedUrl.startsWith('/') ? host + deniedUrl : deniedUrl);
  url.searchParams.set('code', denial.code);
  if (denial.traceCode !== null) url.searchParams.set('trace', denial.traceCode);
  return url.href;
}

/** Rejections for which neither the response nor the person is to blame. */
const PROVIDER_FAILED: ReadonlyMap<string, number> = new Map<SsoErrorCode, number>([
  ['openid.discovery', 502],
  ['openid.unavailable', 503],
]);

/**
 * 400 for what is no response of an identity provider at all, 401 where another try helps, 502 and 503 where the provider
 * failed, 403 for the rest.
 */
function statusOf(code: string, restart: boolean): number {
  const failed = PROVIDER_FAILED.get(code);
  if (failed !== undefined) return failed;
  if (code.startsWith('sso.input') || code === 'openid.input') return 400;
  return restart ? 401 : 403;
}

/**
 * Whether nobody can log in for the moment: the store is away, the session was not saved, an adapter took too long, or the
 * marketplace's provider was not found.
 */
export function isTemporary(
  error: unknown,
): error is MaestranoAdapterError | MaestranoSessionError | MaestranoStoreError | OpenIdDiscoveryError {
  if (error instanceof OpenIdDiscoveryError) return true;
  const own =
    error instanceof MaestranoAdapterError ||
    error instanceof MaestranoSessionError ||
    error instanceof MaestranoStoreError;
  return own && error.httpStatus === 503;
}
