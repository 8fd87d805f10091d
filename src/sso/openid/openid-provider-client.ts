import { MaestranoError } from '../../errors/maestrano.error.js';
import { OpenIdDiscoveryError } from '../../errors/openid.error.js';
import type { HttpTarget } from '../../http/http.types.js';
import type { MaestranoHttp } from '../../http/maestrano-http.service.js';
import type { Marketplace } from '../../interfaces/marketplace.interface.js';
import type { OpenIdMessage } from './openid-message.js';

const TTL_MS = 60 * 60_000;
const TIMEOUT_MS = 5_000;
const MAX_DOCUMENT_BYTES = 65_536;
const MAX_CONFIRMATION_BYTES = 16_384;

interface Discovery {
  readonly endpoint: Promise<string>;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
}

/** Asks a marketplace's OpenID provider (protocol §5): where its endpoint is, and whether it made a response. */
export class OpenIdProviderClient {
  /** Goes with its snapshot: a changed configuration is discovered anew. */
  readonly #known = new WeakMap<Marketplace, Discovery>();

  constructor(private readonly http: MaestranoHttp) {}

  /**
   * Where the browser is sent, and where responses are verified: its XRDS document is asked for once an hour. An
   * endpoint on a foreign origin is rejected, whoever names it.
   *
   * @throws OpenIdDiscoveryError when the marketplace does not respond, or not as an OpenID 2.0 provider.
   */
  endpoint(marketplace: Marketplace): Promise<string> {
    const known = this.#known.get(marketplace);
    if (known && known.expiresAt > Date.now()) return known.endpoint;
    const found = this.#discover(marketplace);
    // A provider that does not respond now is where it was an hour ago; if not, verification finds out.
    const endpoint = known ? found.catch(() => known.endpoint) : found;
    this.#known.set(marketplace, { endpoint, expiresAt: Date.now() + TTL_MS });
    // A failure is not remembered: the next login asks again.
    endpoint.catch(() => this.#known.delete(marketplace));
    return endpoint;
  }

  /**
   * Direct verification rather than an association: there is no shared secret to keep, rotate or share among instances,
   * and the provider confirms a response only once.
   *
   * @returns `confirmed`, or in a few words what came instead.
   */
  async verify(marketplace: Marketplace, endpoint: string, message: OpenIdMessage): Promise<string> {
    const form = new URLSearchParams();
    for (const [field, value] of message) {
      form.set(`openid.${field}`, field === 'mode' ? 'check_authentication' : value);
    }
    const { pathname, search } = new URL(endpoint);
    try {
      const { status, text } = await this.http.request(targetOf(marketplace), {
        method: 'POST',
        path: pathname + search,
        operation: 'POST openid/provider/:id',
        headers: { accept: 'text/plain' },
        body: form,
        timeoutMs: TIMEOUT_MS,
        deadlineMs: 2 * TIMEOUT_MS,
        maxResponseBytes: MAX_CONFIRMATION_BYTES,
      });
      if (status !== 200) return `status ${status}`;
      return saysValid(text) ? 'confirmed' : 'not confirmed';
    } catch (error) {
      if (error instanceof MaestranoError) return `no response (${error.code})`;
      throw error;
    }
  }

  async #discover(marketplace: Marketplace): Promise<string> {
    const { name, api } = marketplace;
    // Endpoint and discovery document in one.
    const path = `/api/openid/provider/${encodeURIComponent(api.id)}`;
    const document = await this.#fetch(marketplace, path);
    const { endpointOf } = await import('./xrds.js');
    const endpoint = endpointOf(document);
    if (endpoint === null)
      throw new OpenIdDiscoveryError('openid.discovery', {
        marketplace: name,
        seen: `no OpenID 2.0 server in the document of ${api.host}${path}`,
      });
    if (!URL.canParse(endpoint) || new URL(endpoint).origin !== new URL(api.host).origin) {
      throw new OpenIdDiscoveryError('openid.discovery', {
        marketplace: name,
        seen: `an endpoint outside ${api.host}`,
      });
    }
    return endpoint;
  }

  async #fetch(marketplace: Marketplace, path: string): Promise<string> {
    const address = marketplace.api.host + path;
    try {
      const { status, text } = await this.http.request(targetOf(marketplace), {
        method: 'GET',
        path,
        operation: 'GET openid/provider/:id',
        headers: { accept: 'application/xrds+xml' },
        timeoutMs: TIMEOUT_MS,
        deadlineMs: 2 * TIMEOUT_MS,
        maxResponseBytes: MAX_DOCUMENT_BYTES,
      });
      if (status === 200) return text;
      throw new OpenIdDiscoveryError('openid.discovery', {
        marketplace: marketplace.name,
        seen: `status ${status} from ${address}`,
      });
    } catch (error) {
      if (error instanceof OpenIdDiscoveryError || !(error instanceof MaestranoError)) throw error;
      throw new OpenIdDiscoveryError('openid.discovery', {
        marketplace: marketplace.name,
        seen: `no response from ${address} (${error.code})`,
        cause: error,
      });
    }
  }
}

/** The provider takes no credentials. */
function targetOf(marketplace: Marketplace): HttpTarget {
  const { name, api } = marketplace;
  return { name, owner: marketplace, service: 'openid', origin: api.host, credentials: null };
}

/** Lines of `key:value`; a repeated key confirms nothing. */
function saysValid(text: string): boolean {
  const lines = text.split('\n').filter((line) => line.startsWith('is_valid:'));
  return lines.length === 1 && lines[0]?.trimEnd() === 'is_valid:true';
}
