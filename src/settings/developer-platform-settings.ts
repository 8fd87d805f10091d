import type { DeveloperPlatformOptions } from '../interfaces/marketplace-options.interface.js';
import { normaliseHost, normalisePath } from '../utils/address.js';
import { Secret } from '../utils/secret.js';
import { toBoolean } from '../utils/values.js';
import { invisibleIn, trimInvisible } from '../utils/visible-text.js';
import { describeFound, type Place, type Rule } from './option-reader.js';
import { group, type RulesFor, text } from './rules.js';

/** Where to ask for marketplaces, and as whom. */
export interface DeveloperPlatformSettings {
  readonly origin: string;
  /** Ends in `/marketplaces`. */
  readonly path: string;
  readonly apiKey: string;
  readonly apiSecret: Secret;
}

/** The option and the official variable (protocol §2.2) of the same meaning. */
const VARIABLES = {
  host: 'MNO_DEVPL_HOST',
  apiPath: 'MNO_DEVPL_API_PATH',
  apiKey: 'MNO_DEVPL_ENV_KEY',
  apiSecret: 'MNO_DEVPL_ENV_SECRET',
} as const;

const DEFAULT_HOST = 'https://developer.maestrano.com';
const DEFAULT_API_PATH = '/api/config/v1';

const WRITTEN = group({
  host: text(null),
  apiPath: text(null),
  environmentName: text(null),
  apiKey: text(null, { concealed: true }),
  apiSecret: text(null, { concealed: true }),
} satisfies RulesFor<DeveloperPlatformOptions>);

/**
 * Options first, then the official variables, then the defaults (protocol §2.2). Null where the platform is switched
 * off, or neither the option nor credentials in the variables name it.
 */
export const developerPlatform: Rule<DeveloperPlatformSettings | null> = {
  takes: 'true, false, or an object of options',
  read(found, place) {
    const wanted = toBoolean(found);
    if (wanted === false) return null;
    const before = place.count;
    const written = WRITTEN.read(wanted ? undefined : found, place);
    if (place.count > before) return null;
    const pick = (name: keyof typeof VARIABLES): Picked => {
      const option = written[name];
      if (option) return { value: option, place: place.at(name, null) };
      const value = trimInvisible(place.context.environment[VARIABLES[name]] ?? '');
      if (value === '') return { value, place: place.at(name, null) };
      // A wrong value is named where it stands.
      const variable = place.named(VARIABLES[name]);
      reportInvisible(value, variable);
      return { value, place: variable };
    };
    const [apiKey, apiSecret] = [pick('apiKey'), pick('apiSecret')];
    if (found === undefined && apiKey.value === '' && apiSecret.value === '') return null;
    if (apiKey.value === '') reportMissing(apiKey.place, VARIABLES.apiKey);
    if (apiSecret.value === '') reportMissing(apiSecret.place, VARIABLES.apiSecret);
    if (apiKey.value.includes(':')) {
      const remedy = 'Copy it again: with a colon it cannot travel in a Basic header.';
      apiKey.place.report('It holds a colon.', describeFound(apiKey.value, false), remedy);
    }
    const url = platformUrl(pick('host'), pick('apiPath'));
    return url && { ...url, apiKey: apiKey.value, apiSecret: new Secret(apiSecret.value) };
  },
};

/** A text, and where it was found. */
interface Picked {
  readonly value: string;
  readonly place: Place;
}

/** All readings of the path that the official SDKs have lead to one URL (protocol §2.2). */
function platformUrl(host: Picked, apiPath: Picked): { origin: string; path: string } | null {
  const base = normaliseHost(host.value || DEFAULT_HOST, true);
  const read = normalisePath(apiPath.value || DEFAULT_API_PATH, '');
  // Neither is shown: credentials in a URL are one of the reasons.
  if ('reason' in base) host.place.report(base.reason, describeFound(host.value, false), base.remedy);
  if ('reason' in read) apiPath.place.report(read.reason, describeFound(apiPath.value, false), read.remedy);
  if ('reason' in base || 'reason' in read) return null;
  const path = read.path.replace(/\/+$/, '');
  const { origin } = new URL(base.url);
  const whole = base.url.slice(origin.length) + path;
  return { origin, path: whole.endsWith('/marketplaces') ? whole : `${whole}/marketplaces` };
}

function reportInvisible(value: string, place: Place): void {
  const found = invisibleIn(value);
  if (found.length === 0) return;
  place.report(
    `It holds characters that nobody sees: ${found.join(', ')}.`,
    describeFound(value, false),
    'Type it anew, or copy it from a plain text.',
  );
}

function reportMissing(place: Place, variable: string): void {
  place.report(
    'The developer platform needs it.',
    null,
    `Set ${place.path} or the environment variable ${variable}; developerPlatform: false leaves the platform alone.`,
  );
}
