import { ConfigurationError } from '../../errors/configuration.error.js';
import type { DeveloperPlatformOptions } from '../../interfaces/marketplace-options.interface.js';
import { normaliseHost, normalisePath } from '../../utils/address.js';
import { Secret } from '../../utils/secret.js';

/** The official environment variables (protocol §2.2). */
export type DeveloperPlatformEnvironment = Readonly<Record<string, string | undefined>>;

/** Where to ask, and as whom. */
export interface DeveloperPlatformSettings {
  readonly origin: string;
  /** Ends in `/marketplaces`. */
  readonly path: string;
  readonly apiKey: string;
  readonly apiSecret: Secret;
}

const DEFAULT_HOST = 'https://developer.maestrano.com';
const DEFAULT_API_PATH = '/api/config/v1';

/**
 * Options first, then the official environment variables, then the defaults (protocol §2.2).
 *
 * @returns null when the platform is switched off, or neither option nor credentials in the environment name it.
 * @throws ConfigurationError (`configuration.options`) when credentials are missing or the URL is unusable.
 */
export function resolveDeveloperPlatform(
  options: DeveloperPlatformOptions | false | undefined,
  environment: DeveloperPlatformEnvironment,
): DeveloperPlatformSettings | null {
  if (options === false) return null;
  const pick = (option: string | undefined, variable: string): string =>
    option?.trim() || environment[variable]?.trim() || '';
  const apiKey = pick(options?.apiKey, 'MNO_DEVPL_ENV_KEY');
  const apiSecret = pick(options?.apiSecret, 'MNO_DEVPL_ENV_SECRET');
  if (options === undefined && !apiKey && !apiSecret) return null;
  if (!apiKey) throw missing('developerPlatform.apiKey', 'MNO_DEVPL_ENV_KEY');
  if (!apiSecret) throw missing('developerPlatform.apiSecret', 'MNO_DEVPL_ENV_SECRET');
  if (apiKey.includes(':')) {
    throw unusable('developerPlatform.apiKey', 'It holds a colon, so it cannot travel in a Basic header.');
  }
  const host = pick(options?.host, 'MNO_DEVPL_HOST') || DEFAULT_HOST;
  const apiPath = pick(options?.apiPath, 'MNO_DEVPL_API_PATH') || DEFAULT_API_PATH;
  return { ...platformUrl(host, apiPath), apiKey, apiSecret: new Secret(apiSecret) };
}

/** All readings of the path that the official SDKs have lead to one URL (protocol §2.2). */
export function platformUrl(host: string, apiPath: string): { origin: string; path: string } {
  const base = normaliseHost(host, true);
  if ('reason' in base) throw unusable('developerPlatform.host', `${base.reason} ${base.remedy}`);
  const read = normalisePath(apiPath, '');
  if ('reason' in read) throw unusable('developerPlatform.apiPath', `${read.reason} ${read.remedy}`);
  const path = read.path.replace(/\/+$/, '');
  const { origin } = new URL(base.url);
  const whole = base.url.slice(origin.length) + path;
  return { origin, path: whole.endsWith('/marketplaces') ? whole : `${whole}/marketplaces` };
}

function missing(option: string, variable: string): ConfigurationError {
  return new ConfigurationError('configuration.options', {
    message: `The developer platform needs ${option}, which is missing.`,
    remedy: `Set ${option} or the environment variable ${variable}; developerPlatform: false leaves the platform alone.`,
  });
}

function unusable(option: string, why: string): ConfigurationError {
  return new ConfigurationError('configuration.options', {
    message: `The option ${option} is unusable.`,
    remedy: why,
  });
}
