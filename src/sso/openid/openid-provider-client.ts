import { Injectable } from '@nestjs/common';

import { MaestranoError } from '../../errors/maestrano.error.js';
import { OpenIdDiscoveryError } from '../../errors/openid.error.js';
import { MaestranoHttp } from '../../http/maestrano-http.service.js';
import type { Marketplace } from '../../interfaces/marketplace.interface.js';
import { openIdTarget, providerPath } from './openid-urls.js';

const TTL_MS = 60 * 60_000;
const MAX_BYTES = 65_536;
const TIMEOUT_MS = 5_000;

interface Discovery {
  readonly endpoint: Promise<string>;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
}

/**
 * Finds the endpoint of a marketplace's OpenID provider (protocol §5): its XRDS document is asked for once an hour.
 * An endpoint on a foreign origin is refused, whoever names it.
 */
@Injectable()
export class OpenIdDiscoveryService {
  /** Goes with its snapshot: a changed configuration is discovered anew. */
  readonly #known = new WeakMap<Marketplace, Discovery>();

  constructor(private readonly http: MaestranoHttp) {}

  /**
   * The provider's endpoint: where the browser is sent, and where answers are verified.
   *
   * @throws OpenIdDiscoveryError when the marketplace does not answer, or not as an OpenID 2.0 provider.
   */
  endpoint(marketplace: Marketplace): Promise<string> {
    const known = this.#known.get(marketplace);
    if (known && known.expiresAt > Date.now()) return known.endpoint;
    const found = this.#discover(marketplace);
    // A provider that does not answer now is where it was an hour ago; if not, verification tells.
    const endpoint = known ? found.catch(() => known.endpoint) : found;
    this.#known.set(marketplace, { endpoint, expiresAt: Date.now() + TTL_MS });
    // A failure is not remembered: the next login asks again.
    endpoint.catch(() => this.#known.delete(marketplace));
    return endpoint;
  }

  async #discover(marketplace: Marketplace): Promise<string> {
    const { name, api } = marketplace;
    const own = api.host + providerPath(marketplace);
    const document = await this.#fetch(marketplace, providerPath(marketplace), own);
    const { endpointOf } = await import('./xrds.js');
    const endpoint = endpointOf(document);
    if (endpoint === null)
      throw new OpenIdDiscoveryError(name, `no OpenID 2.0 server in the document of ${own}`);
    if (!URL.canParse(endpoint) || new URL(endpoint).origin !== new URL(api.host).origin) {
      throw new OpenIdDiscoveryError(name, `an endpoint outside ${api.host}`);
    }
    return endpoint;
  }

  async #fetch(marketplace: Marketplace, path: string, own: string): Promise<string> {
    try {
      const { status, text } = await this.http.request(openIdTarget(marketplace), {
        method: 'GET',
        path,
        operation: 'GET openid/provider/:id',
        headers: { accept: 'application/xrds+xml' },
        timeoutMs: TIMEOUT_MS,
        deadlineMs: 2 * TIMEOUT_MS,
        maxResponseBytes: MAX_BYTES,
      });
      if (status === 200) return text;
      throw new OpenIdDiscoveryError(marketplace.name, `status ${status} from ${own}`);
    } catch (error) {
      if (error instanceof OpenIdDiscoveryError || !(error instanceof MaestranoError)) throw error;
      throw new OpenIdDiscoveryError(marketplace.name, `no answer from ${own} (${error.code})`, error);
    }
  }
}
