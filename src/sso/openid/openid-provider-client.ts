import { MaestranoError } from '../../errors/maestrano.error.js';
import { OpenIdDiscoveryError } from '../../errors/openid.error.js';
import type { HttpTarget } from '../../http/http.types.js';
import type { MaestranoHttp } from '../../http/maestrano-http.service.js';
import type { Marketplace } from '../../interfaces/marketplace.interface.js';
import { type Association, exchangedAssociation, plainAssociation } from './association.js';
import { readKeyValues } from './key-value.js';
import { FIELD_PREFIX, OPENID_NS, type OpenIdMessage } from './openid-message.js';

const TTL_MS = 60 * 60_000;
const TIMEOUT_MS = 5_000;
const MAX_DOCUMENT_BYTES = 65_536;
const MAX_REPLY_BYTES = 16_384;
/** How long a provider that gave no association is not asked for one again, in milliseconds. */
const NONE_FOR_MS = 60_000;

interface Discovery {
  readonly endpoint: Promise<string>;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
}

interface Agreed {
  readonly association: Promise<Association | null>;
  /** When another is to be agreed upon, by `performance.now()`. */
  until: number;
}

/** What a provider replied when it was asked whether it made a response. */
export type ProviderReply =
  | { readonly answered: true; readonly confirmed: boolean; readonly seen: string }
  | { readonly answered: false; readonly seen: string };

/**
 * Calls a marketplace's OpenID provider (protocol §5): where its endpoint is, by which key its responses are judged, and
 * whether it made a response.
 */
export class OpenIdProviderClient {
  /** Goes with its snapshot: a changed configuration is discovered anew. */
  readonly #known = new WeakMap<Marketplace, Discovery>();
  readonly #agreed = new WeakMap<Marketplace, Agreed>();

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
   * The key by which the provider's responses are judged without asking it, and which logins that begin now bring along.
   * The newest is used for half its life, so that there is as much left for them.
   *
   * @returns null where the provider offers none that may be used: its responses are then confirmed by itself.
   */
  association(marketplace: Marketplace, endpoint: string): Promise<Association | null> {
    const known = this.#agreed.get(marketplace);
    if (known && known.until > performance.now()) return known.association;
    const agreed: Agreed = {
      until: performance.now() + NONE_FOR_MS,
      association: this.#associate(marketplace, endpoint),
    };
    this.#agreed.set(marketplace, agreed);
    agreed.association.then(
      (association) => {
        if (association) agreed.until = performance.now() + (association.expiresAt - Date.now()) / 2;
      },
      () => this.#agreed.delete(marketplace),
    );
    return agreed.association;
  }

  /** Asks the provider whether it made a response: one call, whatever comes of it. */
  async verify(marketplace: Marketplace, endpoint: string, message: OpenIdMessage): Promise<ProviderReply> {
    const { status, text, seen } = await this.#post(marketplace, endpoint, [
      ...message,
      ['mode', 'check_authentication'],
    ]);
    // Too busy, or in trouble with this message: no word on the message itself.
    if (status === null || status >= 500 || status === 429 || status === 408)
      return { answered: false, seen };
    const values = readKeyValues(status === 200 ? text : '');
    const confirmed = values.get('is_valid') === 'true';
    if (confirmed) await this.#forget(marketplace, values.get('invalidate_handle'));
    if (status !== 200) return { answered: true, confirmed: false, seen };
    return { answered: true, confirmed, seen: confirmed ? 'confirmed' : 'not confirmed' };
  }

  /** The provider itself says that it does not know the key any more, as after a restart. */
  async #forget(marketplace: Marketplace, handle: string | null | undefined): Promise<void> {
    const agreed = this.#agreed.get(marketplace);
    const association = await agreed?.association;
    if (association && association.handle === handle && this.#agreed.get(marketplace) === agreed) {
      this.#agreed.delete(marketplace);
    }
  }

  async #associate(marketplace: Marketplace, endpoint: string): Promise<Association | null> {
    const encrypted = new URL(endpoint).protocol === 'https:';
    for (const make of encrypted ? [plainAssociation, exchangedAssociation] : [exchangedAssociation]) {
      const { fields, accept } = make();
      const { status, text } = await this.#post(
        marketplace,
        endpoint,
        Object.entries({ ns: OPENID_NS, ...fields }),
      );
      const values = readKeyValues(text);
      const association = status === 200 ? accept(values, Date.now()) : null;
      // Only a provider that said it cannot do this is asked for something else.
      if (association || values.get('error_code') !== 'unsupported-type') return association;
    }
    return null;
  }

  /**
   * Past the limiter, whose breaker all logins would share: how many calls there are is for the callers to bound.
   *
   * @returns null for the status when no response came.
   */
  async #post(
    marketplace: Marketplace,
    endpoint: string,
    fields: Iterable<readonly [string, string]>,
  ): Promise<{ readonly status: number | null; readonly text: string; readonly seen: string }> {
    const form = new URLSearchParams();
    for (const [field, value] of fields) form.set(FIELD_PREFIX + field, value);
    const { pathname, search } = new URL(endpoint);
    try {
      const { status, text } = await this.http.request(targetOf(marketplace), {
        method: 'POST',
        path: pathname + search,
        operation: 'POST openid/provider/:id',
        headers: { accept: 'text/plain' },
        body: form,
        attempts: 1,
        timeoutMs: TIMEOUT_MS,
        deadlineMs: TIMEOUT_MS,
        maxResponseBytes: MAX_REPLY_BYTES,
        unlimited: true,
      });
      return { status, text, seen: `status ${status}` };
    } catch (error) {
      if (!(error instanceof MaestranoError)) throw error;
      return { status: null, text: '', seen: `no response (${error.code})` };
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
