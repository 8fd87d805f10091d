import { MaestranoConfigurationError } from '../../errors/configuration.error.js';
import type { DeveloperPlatformSettings } from '../../settings/developer-platform-settings.js';
import { parseForeignJson } from '../../utils/foreign-json.js';
import type { Secret } from '../../utils/secret.js';
import { MarketplaceSource, UNCHANGED } from './marketplace-source.js';

/** One request to the developer platform (protocol §2.1). */
export interface ConfigurationRequest {
  /** Scheme, host and port. */
  readonly origin: string;
  /** Absolute path. */
  readonly path: string;
  readonly user: string;
  readonly password: Secret;
  readonly headers: Readonly<Record<string, string>>;
  /** Larger responses are rejected. */
  readonly maxResponseBytes: number;
  readonly signal: AbortSignal;
}

/** What came back, whatever the status. */
export interface ConfigurationResponse {
  readonly status: number;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

/** Makes the one call this layer needs; the HTTP client lies above it. One attempt, no redirects. */
export abstract class ConfigurationFetcher {
  abstract fetch(request: ConfigurationRequest): Promise<ConfigurationResponse>;
}

/** Ten thousand marketplaces are 25 MB. */
const MAX_RESPONSE_BYTES = 64 * 1024 * 1024;

/** Fetches all marketplaces of one environment from the developer platform (protocol §2). */
export class DeveloperPlatformSource extends MarketplaceSource {
  #etag: string | null = null;
  #loadedEtag: string | null = null;

  constructor(
    private readonly settings: DeveloperPlatformSettings,
    private readonly fetcher: ConfigurationFetcher,
  ) {
    super();
  }

  /**
   * @throws MaestranoConfigurationError `configuration.sourceCredentials`, `configuration.sourceStatus` or
   * `configuration.sourceBody`; errors of the HTTP client pass through.
   */
  async load(signal: AbortSignal): Promise<unknown> {
    const { origin, path, apiKey, apiSecret } = this.settings;
    const response = await this.fetcher.fetch({
      origin,
      path,
      user: apiKey,
      password: apiSecret,
      headers: { accept: 'application/json', ...(this.#etag ? { 'if-none-match': this.#etag } : {}) },
      maxResponseBytes: MAX_RESPONSE_BYTES,
      signal,
    });
    if (response.status === 304 && this.#etag) return UNCHANGED;
    if (response.status < 200 || response.status > 299) throw this.#statusError(response.status);
    const body = this.#parse(response);
    this.#loadedEtag = response.headers['etag'] ?? null;
    return body;
  }

  override accepted(): void {
    this.#etag = this.#loadedEtag;
  }

  #parse({ text }: ConfigurationResponse): unknown {
    try {
      return parseForeignJson(text);
    } catch {
      const kind = /^\s*</.test(text) ? 'an HTML page' : text.trim() === '' ? 'nothing' : 'broken JSON';
      throw new MaestranoConfigurationError('configuration.sourceBody', {
        message: `The developer platform responded with ${kind}.`,
        remedy: `Check that ${this.#url} is the platform's API, and no proxy or login page responds for it.`,
      });
    }
  }

  #statusError(status: number): MaestranoConfigurationError {
    if (status === 401 || status === 403) {
      return new MaestranoConfigurationError('configuration.sourceCredentials', {
        message: `The developer platform rejected the environment's credentials (${status}).`,
        remedy: 'Check MNO_DEVPL_ENV_KEY and MNO_DEVPL_ENV_SECRET against the environment on the platform.',
      });
    }
    return new MaestranoConfigurationError('configuration.sourceStatus', {
      message: `The developer platform responded with status ${status}.`,
      remedy: `Check that ${this.#url} is right; a status from 500 passes by itself.`,
    });
  }

  get #url(): string {
    return this.settings.origin + this.settings.path;
  }
}
