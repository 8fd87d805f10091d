import type { Marketplace } from '../../../src/interfaces/marketplace.interface.js';
import type { LoginService } from '../../../src/sso/login/login.service.js';
import type { SsoResponse } from '../../../src/sso/login/sso-protocol.js';
import { OpenIdProtocol } from '../../../src/sso/openid/openid.protocol.js';
import type { LoginTraceService } from '../../../src/sso/trace/login-trace.service.js';
import { MemoryStore } from '../../../src/stores/memory-store.js';
import { httpClient } from '../http-client.js';
import { loginServices } from '../login-services.js';
import { registeredMarketplace } from '../marketplaces.js';
import type { OpenIdProvider } from './openid-provider.js';

/** A login that began, and what the provider makes of it. */
export interface BegunLogin {
  readonly requestId: string;
  /** Where the browser was sent. */
  readonly url: string;
  /** The browser's request with the provider's response, as it comes back; `tamper` changes it on its way. */
  response(tamper?: (query: URLSearchParams) => void): SsoResponse;
  /** The same without the binding cookie. */
  stray(tamper?: (query: URLSearchParams) => void): SsoResponse;
}

/** Instances of one application at a provider, without Nest around them. */
export class OpenIdLogins {
  readonly marketplace: Marketplace;
  readonly store = new MemoryStore();
  readonly logins: LoginService;
  readonly traces: LoginTraceService;

  constructor(private readonly provider: OpenIdProvider) {
    this.marketplace = registeredMarketplace('uat', {
      api: { host: provider.url },
      sso: { protocol: 'openid' },
    });
    const { logins, traces } = this.instance();
    this.logins = logins;
    this.traces = traces;
  }

  /** A further instance, which shares nothing but the store. */
  instance() {
    const http = httpClient({ attempts: 1, timeoutMs: 2_000 });
    const openid = new OpenIdProtocol(http, this.store);
    return loginServices({ openid }, { store: this.store });
  }

  /** @param change what the provider signs. */
  async begin(
    change?: (fields: Map<string, string>) => void,
    logins: LoginService = this.logins,
  ): Promise<BegunLogin> {
    const { url, requestId } = await logins.begin(this.marketplace, { returnTo: '/bills', params: {} });
    const fields = this.provider.respond(new URL(url).searchParams, this.marketplace.api.id, change);
    const stray = (tamper: (query: URLSearchParams) => void = () => undefined): SsoResponse => {
      const query = new URLSearchParams([['maestrano_login', requestId], ...fields]);
      tamper(query);
      return { method: 'GET', query, body: undefined, boundRequestIds: null };
    };
    return {
      requestId,
      url,
      stray,
      response: (tamper) => ({ ...stray(tamper), boundRequestIds: [requestId] }),
    };
  }

  /** What comes of a response: `accepted`, or the code of the rejection. */
  async outcome(response: SsoResponse, logins: LoginService = this.logins): Promise<string> {
    try {
      await logins.verify(this.marketplace, response);
      return 'accepted';
    } catch (error) {
      return (error as { code?: string }).code ?? String(error);
    }
  }
}

/** A signature that nobody made. */
export function forge(query: URLSearchParams, mark: unknown = ''): void {
  query.set('openid.sig', Buffer.from(`forged ${String(mark)}`).toString('base64'));
}
