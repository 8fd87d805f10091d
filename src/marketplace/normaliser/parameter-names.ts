import { X509Certificate } from 'node:crypto';

import { decodeText } from '../../utils/foreign-json.js';
import { isRecord } from '../../utils/values.js';
import { trimInvisible } from '../../utils/visible-text.js';

/** Every parameter that is read, by canonical name (protocol §1.2). */
const READ = [
  'marketplace',
  'nid',
  'environment',
  'app.host',
  'app.synchronization_start_path',
  'app.synchronization_toggle_path',
  'app.synchronization_status_path',
  'api.id',
  'api.key',
  'api.keys',
  'api.host',
  'api.base',
  'api.verify_ssl_certs',
  'sso.enabled',
  'sso.slo_enabled',
  'sso.protocol',
  'sso.creation_mode',
  'sso.idm',
  'sso.init_path',
  'sso.consume_path',
  'sso.idp',
  'sso.name_id_format',
  'sso.x509_certificate',
  'sso.x509_fingerprint',
  'connec.enabled',
  'connec.host',
  'connec.base_path',
  'connec.v2_path',
  'connec.reports_path',
  'connec.timeout',
  'webhooks.account.group_path',
  'webhooks.account.group_user_path',
  'webhooks.connec.notification_path',
  'webhooks.connec.initialization_path',
  'webhooks.connec.external_ids',
] as const;

/** Canonical name of a parameter. */
export type ParameterName = (typeof READ)[number];

/** Parameters that official SDKs write or read and that mean nothing here. */
const IGNORED = ['api.token', 'api.version', 'api.lang', 'api.lang_version', 'api.group_id'];

/** Where the entities to subscribe begin. */
export const SUBSCRIPTIONS = 'webhooks.connec.subscriptions';

const KNOWN: ReadonlySet<string> = new Set<string>([...READ, ...IGNORED]);

/** Names that hold further names and never a value of their own. */
export const SECTIONS: ReadonlySet<string> = new Set([
  'app',
  'api',
  'sso',
  'connec',
  'webhooks',
  'webhooks.account',
  'webhooks.connec',
  SUBSCRIPTIONS,
]);

/** Whether a canonical name is one that this or an official SDK uses. */
export function isKnownParameter(name: string): boolean {
  return KNOWN.has(name) || name.startsWith(`${SUBSCRIPTIONS}.`);
}

/** The parameters beside which a name stands, such as all of `sso`. */
export function knownBeside(name: string): string[] {
  const section = name.slice(0, name.lastIndexOf('.') + 1);
  return READ.filter((known) => known.startsWith(section) && !known.slice(section.length).includes('.'));
}

/** Other spellings of whole names: the Ruby and Java generations, and plural lists (protocol §1.3, §1.8). */
const RENAMED: ReadonlyMap<string, string> = new Map([
  ['user_creation_mode', 'sso.creation_mode'],
  ['verify_ssl_certs', 'api.verify_ssl_certs'],
  ['app.environment', 'environment'],
  ['api.account_base', 'api.base'],
  ['api.account_host', 'api.host'],
  ['api.connec_base', 'connec.base_path'],
  ['api.connec_host', 'connec.host'],
  ['api.connect_host', 'connec.host'],
  ['connec.base', 'connec.base_path'],
  ['sso.x509_certificates', 'sso.x509_certificate'],
  ['sso.x509_fingerprints', 'sso.x509_fingerprint'],
  ['webhooks.account.groups_path', 'webhooks.account.group_path'],
  ['webhooks.account.group_users_path', 'webhooks.account.group_user_path'],
  ['webhooks.connec.notifications_path', 'webhooks.connec.notification_path'],
]);

/** Ruby's flat names, in the order in which Ruby tries them (protocol §1.8). */
const FLAT: readonly (readonly [prefix: string, section: string])[] = [
  ['sso_app_', 'sso.'],
  ['sso_', 'sso.'],
  ['app_', 'app.'],
  ['api_', 'api.'],
];

/** The canonical name of a parameter in any spelling; `app_id` is the id of the API, not of the application. */
export function canonicalParameter(name: string): string {
  if (name === 'app_id') return 'api.id';
  let canonical = name;
  if (!name.includes('.')) {
    const flat = FLAT.find(([prefix]) => name.startsWith(prefix));
    if (flat) canonical = flat[1] + name.slice(flat[0].length);
  } else if (name.startsWith('webhook.')) {
    canonical = `webhooks.${name.slice('webhook.'.length)}`;
  }
  return RENAMED.get(canonical) ?? canonical;
}

/** Deeper nesting and more values than any configuration has are left out unread. */
const MAX_DEPTH = 8;
const MAX_LEAVES = 1_000;

/**
 * Lays one entry out flat, by canonical parameter name: nested or dotted, snake_case, camelCase or PascalCase, in
 * both generations' names (protocol §1.7 steps 1, 2, 4 and 5). Nulls and blank texts count as absent. A canonical
 * spelling wins over any other of the same parameter. Buffers, URLs and certificates of Node are texts.
 *
 * @param onUnread called when something is nested too deeply, or there are too many values.
 */
export function flattenParameters(
  entry: object,
  onUnread: () => void = () => undefined,
): Map<string, unknown> {
  const leaves: [string, unknown][] = [];
  if (!collect(entry, '', 0, leaves)) onUnread();
  const parameters = new Map<string, unknown>();
  const exact = new Set<string>();
  for (const [name, value] of leaves) {
    const canonical = canonicalParameter(name);
    if (exact.has(canonical) && canonical !== name) continue;
    if (canonical === name) exact.add(canonical);
    parameters.set(canonical, value);
  }
  return parameters;
}

/** Whether everything was read. */
function collect(value: object, prefix: string, depth: number, leaves: [string, unknown][]): boolean {
  if (depth >= MAX_DEPTH) return false;
  let isWhole = true;
  for (const [key, found] of Object.entries(value) as [string, unknown][]) {
    if (leaves.length >= MAX_LEAVES) return false;
    const name = prefix + key.split('.').map(snakeCase).join('.');
    const child = Array.isArray(found) ? found.map(textual) : textual(found);
    if (child === null || child === undefined || (typeof child === 'string' && trimInvisible(child) === '')) {
      continue;
    }
    // An object holds further parameters.
    if (isRecord(child)) isWhole = collect(child, `${name}.`, depth + 1, leaves) && isWhole;
    else leaves.push([name, child]);
  }
  return isWhole;
}

/** Objects that stand for a text: what `readFileSync` returns without an encoding, URLs, certificates. */
function textual(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof URL) return value.href;
  if (value instanceof X509Certificate) return value.toString();
  const bytes = bytesOf(value);
  if (!bytes) return value;
  // A certificate in DER is no text.
  return bytes[0] === 0x30 && bytes[1] === 0x82 ? Buffer.from(bytes).toString('base64') : decodeText(bytes);
}

/** The bytes of a buffer, also of one that went through JSON. */
function bytesOf(value: object): Uint8Array | null {
  if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  if (value instanceof ArrayBuffer) return new Uint8Array(value);
  const { type, data } = value as { readonly type?: unknown; readonly data?: unknown };
  return type === 'Buffer' && Array.isArray(data) ? Uint8Array.from(data as number[]) : null;
}

/** `initPath`, `InitPath` and `init-path` are `init_path`; `x509Fingerprint` is `x509_fingerprint`. */
export function snakeCase(key: string): string {
  return trimInvisible(key)
    .replace(/([A-Z]+)([A-Z][a-z])/g, '$1_$2')
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replace(/-/g, '_')
    .toLowerCase();
}
