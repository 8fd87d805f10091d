import type { JsonObject } from '../../interfaces/marketplace-input.interface.js';
import {
  flattenParameters,
  isKnownParameter,
  SUBSCRIPTIONS,
} from '../../marketplace/normaliser/parameter-names.js';
import type { ImportNote, SdkName } from './imported-source.js';
import { SDK_DEFAULTS } from './sdk-defaults.js';

/** One marketplace on its way from an SDK's configuration to ours. */
export interface ImportedMarketplace {
  readonly name: string;
  /** By canonical parameter (protocol §1.2), without what means nothing here. */
  readonly parameters: ReadonlyMap<string, unknown>;
  /** What was added or dropped so that the application goes on as before. */
  readonly notes: readonly ImportNote[];
}

/** Parameters that only the SDKs have a use for. */
const DROPPED = new Set([
  'marketplace',
  'api.token',
  'api.version',
  'api.lang',
  'api.lang_version',
  'api.group_id',
]);

/** Brings the parameters of an SDK to canonical names and writes down what the SDK would have filled in. */
export function importMarketplace(name: string, entry: JsonObject, sdk: SdkName): ImportedMarketplace {
  const parameters = new Map<string, unknown>();
  const notes: ImportNote[] = [];
  for (const [key, value] of flattenParameters(entry)) {
    if (DROPPED.has(key)) continue;
    if (key === 'api.verify_ssl_certs') continue;
    if (isKnownParameter(key)) parameters.set(key, value);
    else notes.push({ subject: key, theirs: 'set', ours: 'not known here, left out' });
  }
  joinLegacyConnecPath(parameters);
  for (const [key, value] of Object.entries(SDK_DEFAULTS[sdk])) {
    if (parameters.has(key)) continue;
    parameters.set(key, value);
    notes.push({
      subject: key,
      theirs: `"${value}" by default`,
      ours: 'written down, so that nothing changes',
    });
  }
  return { name, parameters, notes };
}

/** The first PHP generation keeps the version apart: `/api` and `/v2` (protocol §1.4). */
function joinLegacyConnecPath(parameters: Map<string, unknown>): void {
  const [base, version] = [parameters.get('connec.base_path'), parameters.get('connec.v2_path')];
  parameters.delete('connec.v2_path');
  if (typeof base !== 'string' || typeof version !== 'string') return;
  const trimmed = base.replace(/\/+$/, '');
  if (!trimmed.endsWith(version)) parameters.set('connec.base_path', trimmed + version);
}

/** The parameters as nested objects in our spelling: `sso.init_path` becomes `{ sso: { initPath } }`. */
export function toInput({ name, parameters }: ImportedMarketplace): Record<string, unknown> {
  const input: Record<string, unknown> = { marketplace: name };
  for (const [key, value] of parameters) {
    const isSubscription = key.startsWith(`${SUBSCRIPTIONS}.`);
    const parts = isSubscription ? SUBSCRIPTIONS.split('.') : key.split('.').slice(0, -1);
    let section = input;
    for (const part of parts) section = (section[part] ??= {}) as Record<string, unknown>;
    section[isSubscription ? key.slice(SUBSCRIPTIONS.length + 1) : camelCase(key.split('.').at(-1)!)] = typed(
      key,
      value,
    );
  }
  return input;
}

/** Properties and XML hold texts only: switches and times become what they mean. */
function typed(key: string, value: unknown): unknown {
  if (typeof value !== 'string') return value;
  const isSwitch = /\.(?:enabled|slo_enabled|external_ids)$/.test(key) || key.startsWith(`${SUBSCRIPTIONS}.`);
  if (isSwitch && /^(?:true|false)$/i.test(value)) return value.toLowerCase() === 'true';
  return key === 'connec.timeout' && Number.isFinite(Number(value)) ? Number(value) : value;
}

function camelCase(name: string): string {
  return name.replace(/_([a-z0-9])/g, (_, character: string) => character.toUpperCase());
}
