import type {
  MarketplaceApi,
  MarketplaceApp,
  MarketplaceConnec,
  MarketplaceWebhooks,
} from '../../interfaces/marketplace.interface.js';
import { Secret } from '../../utils/secret.js';
import { toBoolean } from './coercion.js';
import type { EnvironmentPreset } from './environment-presets.js';
import { SUBSCRIPTIONS } from './parameter-names.js';
import type { ParameterReader } from './parameter-reader.js';

const MAX_CREDENTIAL_LENGTH = 1_000;
const MAX_KEYS = 8;

/** Reads the `app` section; null without a usable host. */
export function readApp(reader: ParameterReader): MarketplaceApp | null {
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
export function readApi(reader: ParameterReader, preset: EnvironmentPreset | null): MarketplaceApi | null {
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
export function readConnec(reader: ParameterReader, preset: EnvironmentPreset | null): MarketplaceConnec {
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
export function readWebhooks(reader: ParameterReader, marketplace: string): MarketplaceWebhooks {
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
