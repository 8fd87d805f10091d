import type { ConfigurationProblem } from '../../errors/configuration.error.js';
import type {
  Marketplace,
  MarketplaceApi,
  MarketplaceApp,
  MarketplaceConnec,
  MarketplaceSso,
  MarketplaceWebhooks,
} from '../../interfaces/marketplace.interface.js';
import { Secret } from '../../utils/secret.js';
import { toBoolean } from '../../utils/values.js';
import { sealMarketplace } from '../marketplace-serialiser.js';
import { type EnvironmentPreset, findPreset } from './environment-presets.js';
import {
  flattenParameters,
  isKnownParameter,
  knownBeside,
  SECTIONS,
  SUBSCRIPTIONS,
} from './parameter-names.js';
import { ParameterReader, type ReadingContext } from './parameter-reader.js';
import { printable, ProblemCollector } from './problem-collector.js';
import { type CertificateCache, type IdpTrust, readTrust } from './trust-reader.js';

/** One entry of the configuration, read. */
export interface ReadEntry {
  /** Null when the entry has no usable name. */
  readonly name: string | null;
  /** Null when something is missing that nothing works without. */
  readonly marketplace: Marketplace | null;
  readonly problems: readonly ConfigurationProblem[];
}

/** Part of routes, store keys and injection tokens. */
const NAME = /^[\p{L}\p{N}][\p{L}\p{N}._~-]{0,99}$/u;

/** Reads one entry of any generation and spelling into a frozen snapshot (protocol §1.7). Never throws. */
export function readEntry(
  entry: object,
  context: ReadingContext,
  cache: CertificateCache = new Map(),
  fallbackName: string | null = null,
): ReadEntry {
  const problems = new ProblemCollector();
  const parameters = flattenParameters(entry, () =>
    problems.report({
      code: 'configuration.entry',
      message: 'The entry holds too many values, or is nested too deeply: some of it is not read.',
      remedy: 'Leave out what is no parameter of a marketplace.',
    }),
  );
  const reader = new ParameterReader(parameters, problems, context);
  const name = readName(reader, fallbackName);
  if (name === null) return { name, marketplace: null, problems: problems.problems };
  problems.marketplace = name;
  const marketplace = readMarketplace(reader, name, cache);
  reportUnknownKeys(reader);
  return { name, marketplace, problems: problems.problems };
}

function readName(reader: ParameterReader, fallback: string | null): string | null {
  const name = reader.text('marketplace') ?? fallback;
  if (name !== null && NAME.test(name)) return name;
  reader.problems.report({
    code: 'configuration.name',
    key: 'marketplace',
    ...(name === null ? {} : { found: name }),
    message:
      name === null ? 'The entry has no name.' : 'The name holds characters that cannot stand in a route.',
    remedy: 'Name the marketplace with letters, digits, ".", "_", "~" and "-", such as "maestrano-uat".',
  });
  return null;
}

function readMarketplace(reader: ParameterReader, name: string, cache: CertificateCache): Marketplace | null {
  const environment = reader.text('environment');
  const preset = findPreset(environment, name);
  const app = readApp(reader);
  const api = readApi(reader, preset);
  const connec = readConnec(reader, preset);
  const webhooks = readWebhooks(reader, name);
  const nid = reader.text('nid');
  // Read even when the rest is unusable, so that everything wrong is reported at once.
  const hosts = { appHost: app?.host ?? 'http://localhost', apiHost: api?.host ?? 'http://localhost' };
  const sso = readSso(reader, { marketplace: name, ...hosts, preset }, cache);
  if (!app || !api) return null;
  return sealMarketplace({ name, nid, environment, app, api, sso, connec, webhooks });
}

function reportUnknownKeys(reader: ParameterReader): void {
  for (const [name, found] of reader.parameters) {
    if (SECTIONS.has(name)) {
      reader.problems.report({
        code: 'configuration.value',
        key: name,
        found: typeof found === 'object' ? found : typeof found,
        message: 'The section is not an object.',
        remedy: 'Write an object with the parameters of the section.',
      });
    } else if (!isKnownParameter(name)) {
      reader.problems.report({
        code: 'configuration.unknownKey',
        severity: 'warning',
        key: printable(name),
        message: 'This parameter is unknown.',
        remedy: spellingRemedy(name),
      });
    }
  }
}

function spellingRemedy(name: string): string {
  const known = knownBeside(name);
  return `Check its spelling, or remove it.${known.length > 0 ? ` Known here: ${known.join(', ')}.` : ''}`;
}

const MAX_CREDENTIAL_LENGTH = 1_000;
const MAX_KEYS = 8;

/** Reads the `app` section; null without a usable host. */
function readApp(reader: ParameterReader): MarketplaceApp | null {
  const host = reader.host('app.host', null, true);
  if (!reader.has('app.host')) reader.missing('app.host', 'the marketplace is left out');
  const paths = {
    synchronizationStartPath: reader.path('app.synchronization_start_path', null),
    synchronizationTogglePath: reader.path('app.synchronization_toggle_path', null),
    synchronizationStatusPath: reader.path('app.synchronization_status_path', null, ['cld-uid']),
  };
  return host === null ? null : { host, ...paths };
}

/** Reads the `api` section; null when id, key or host is missing or unusable. */
function readApi(reader: ParameterReader, preset: EnvironmentPreset | null): MarketplaceApi | null {
  const id = reader.text('api.id');
  const keys = readKeys(reader);
  const host = reader.host('api.host', preset?.apiHost ?? null);
  const path = reader.path('api.base', '/api/v1/');
  const base = /[^/]\/$/.test(path) ? path : `${path.replace(/\/+$/, '')}/`;
  for (const key of ['api.id', 'api.host'] as const) {
    if (!reader.has(key) && !(key === 'api.host' && preset))
      reader.missing(key, 'the marketplace is left out');
  }
  if (keys.length === 0) reader.missing('api.key', 'the marketplace is left out');
  if (id !== null && (id.includes(':') || id.length > MAX_CREDENTIAL_LENGTH)) {
    reader.problems.report({
      code: 'configuration.value',
      key: 'api.id',
      message: 'The id holds a colon or is too long, so it cannot travel in a Basic header.',
      remedy: 'Copy the id alone: id and key are two parameters.',
    });
    return null;
  }
  warnOfTlsSwitch(reader);
  return id === null || host === null || keys.length === 0 ? null : { id, keys, host, base };
}

function readKeys(reader: ParameterReader): Secret[] {
  const texts = [...new Set([...reader.texts('api.key'), ...reader.texts('api.keys')])];
  const usable = texts.filter((text) => text.length <= MAX_CREDENTIAL_LENGTH).slice(0, MAX_KEYS);
  if (usable.length < texts.length) {
    reader.problems.report({
      code: 'configuration.value',
      key: 'api.key',
      message: `Keys beyond ${MAX_KEYS}, or of more than ${MAX_CREDENTIAL_LENGTH} characters, are left out.`,
      remedy: 'Remove the keys of past rotations.',
    });
  }
  return usable.map((text) => new Secret(text));
}

function warnOfTlsSwitch(reader: ParameterReader): void {
  if (reader.flag('api.verify_ssl_certs', true) !== false) return;
  reader.problems.report({
    code: 'configuration.tlsVerification',
    severity: 'warning',
    key: 'api.verify_ssl_certs',
    found: false,
    message: 'The switch is ignored: TLS certificates are always verified.',
    remedy: 'Remove it; for a private certificate authority use the http.ca option.',
  });
}

/** Reads the `connec` section; without a usable host the feature is off. */
function readConnec(reader: ParameterReader, preset: EnvironmentPreset | null): MarketplaceConnec {
  const enabled = reader.flag('connec.enabled', true) === true;
  const host = reader.host('connec.host', preset?.connecHost ?? null);
  if (enabled && host === null && !reader.has('connec.host') && reader.hasSection('connec')) {
    reader.missing('connec.host', 'Connec! is off', 'Add connec.host, or connec.enabled: false.');
  }
  return {
    enabled: enabled && host !== null,
    host: enabled ? host : null,
    basePath: readBasePath(reader, preset),
    reportsPath: readReportsPath(reader),
    timeoutMs: reader.seconds('connec.timeout', preset?.connecTimeout ?? 60),
  };
}

/** PHP's first generation split the path in two: `/api` and `/v2` (protocol §1.2). */
function readBasePath(reader: ParameterReader, preset: EnvironmentPreset | null): string {
  const base = reader.path('connec.base_path', preset?.connecBasePath ?? '/api/v2').replace(/\/+$/, '');
  const version = reader.path('connec.v2_path', '').replace(/\/+$/, '');
  return base.endsWith(version) ? base : base + version;
}

/** The presets' `/reports` was relative to `/api`, where the reports are (protocol §9.9). */
function readReportsPath(reader: ParameterReader): string {
  const path = reader.path('connec.reports_path', '/api/reports').replace(/\/+$/, '');
  return path === '/reports' ? '/api/reports' : path;
}

/** Reads the `webhooks` section; a template that cannot be used is replaced by the conventional one. */
function readWebhooks(reader: ParameterReader, marketplace: string): MarketplaceWebhooks {
  const prefix = `/${reader.context.routePrefix}`;
  const suffix = encodeURIComponent(marketplace);
  return {
    account: {
      groupPath: reader.path('webhooks.account.group_path', `${prefix}/account/groups/:id/${suffix}`, ['id']),
      groupUserPath: reader.path(
        'webhooks.account.group_user_path',
        `${prefix}/account/groups/:group_id/users/:id/${suffix}`,
        ['group_id', 'id'],
      ),
    },
    connec: {
      notificationPath: reader.path(
        'webhooks.connec.notification_path',
        `${prefix}/connec/notifications/${suffix}`,
      ),
      initializationPath: reader.path('webhooks.connec.initialization_path', null),
      externalIds: reader.flag('webhooks.connec.external_ids', false) === true,
      subscriptions: readSubscriptions(reader),
    },
  };
}

/** One for all: most marketplaces of the dynamic generation have none. */
const NO_SUBSCRIPTIONS: Readonly<Record<string, boolean>> = Object.freeze({});

function readSubscriptions(reader: ParameterReader): Readonly<Record<string, boolean>> {
  const subscriptions: [string, boolean][] = [];
  for (const [name, value] of reader.parameters) {
    if (!name.startsWith(`${SUBSCRIPTIONS}.`)) continue;
    const entity = name.slice(SUBSCRIPTIONS.length + 1);
    const wanted = toBoolean(value);
    if (wanted !== null) subscriptions.push([entity, wanted]);
  }
  // fromEntries defines properties, so that an entity named __proto__ is only a name.
  return subscriptions.length === 0 ? NO_SUBSCRIPTIONS : Object.fromEntries(subscriptions);
}

/** What the single sign-on section needs to know of the others. */
interface SsoDefaults {
  readonly marketplace: string;
  readonly appHost: string;
  readonly apiHost: string;
  readonly preset: EnvironmentPreset | null;
}

const PERSISTENT = 'urn:oasis:names:tc:SAML:2.0:nameid-format:persistent';

/** Reads the `sso` section; what is wrong with it switches SSO off and leaves the rest of the marketplace alone. */
function readSso(reader: ParameterReader, defaults: SsoDefaults, cache: CertificateCache): MarketplaceSso {
  const wanted = reader.flag('sso.enabled', true);
  const slo = reader.flag('sso.slo_enabled', true);
  const protocol = reader.choice('sso.protocol', ['saml', 'openid'], 'saml');
  const creationMode = reader.choice('sso.creation_mode', ['real', 'virtual'], 'real');
  const idm = reader.host('sso.idm', defaults.appHost, true);
  const idp = reader.host('sso.idp', defaults.apiHost);
  const prefix = `/${reader.context.routePrefix}`;
  const suffix = encodeURIComponent(defaults.marketplace);
  const initPath = reader.path('sso.init_path', `${prefix}/auth/saml/init/${suffix}`);
  const consumePath = reader.path('sso.consume_path', `${prefix}/auth/saml/consume/${suffix}`);
  const trust = readTrust(reader, defaults.preset, cache);
  // Guessing one of these would send users, or trust responses, of the wrong kind.
  const understood = idm !== null && idp !== null && protocol !== null && creationMode !== null;
  const enabled =
    wanted === true && understood && (protocol === 'openid' || isTrustSufficient(reader, trust));
  return {
    enabled,
    sloEnabled: enabled && slo !== false,
    protocol: protocol ?? 'saml',
    creationMode: creationMode ?? 'real',
    idm: idm ?? defaults.appHost,
    initPath,
    consumePath,
    idp: idp ?? defaults.apiHost,
    nameIdFormat: reader.text('sso.name_id_format') ?? PERSISTENT,
    ...trust,
  };
}

function isTrustSufficient(reader: ParameterReader, trust: IdpTrust): boolean {
  if (trust.certificates.length > 0) return true;
  const remedy =
    'Add sso.x509_certificate, or sso.enabled: false when users do not sign in through this marketplace.';
  if (trust.fingerprints.length === 0) {
    reader.missing('sso.x509_certificate', 'logins cannot be verified and SSO is off', remedy);
    return false;
  }
  reader.problems.report({
    code: 'configuration.fingerprintOnly',
    severity: 'warning',
    key: 'sso.x509_certificate',
    message: 'Only a fingerprint is there: logins must bring the certificate themselves.',
    remedy: 'Add sso.x509_certificate.',
  });
  return true;
}
