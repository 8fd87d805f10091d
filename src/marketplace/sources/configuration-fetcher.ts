import type { Secret } from '../../utils/secret.js';

/** One request to the developer platform (protocol §2.1). */
export interface ConfigurationRequest {
  /** Scheme, host and port. */
  readonly origin: string;
  /** Absolute path. */
  readonly path: string;
  readonly user: string;
  readonly password: Secret;
  readonly headers: Readonly<Record<string, string>>;
  /** Larger answers are refused. */
  readonly maxResponseBytes: number;
  readonly signal: AbortSignal;
}

/** What came back, whatever the status. */
export interface ConfigurationAnswer {
  readonly status: number;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

/** Makes the one call this layer needs; the HTTP client lies above it. One attempt, no redirects. */
export abstract class ConfigurationFetcher {
  abstract fetch(request: ConfigurationRequest): Promise<ConfigurationAnswer>;
}
