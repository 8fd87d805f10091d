import { isRecord } from '../../utils/values.js';
import type { SandboxConnecRecord, SandboxExternalId } from '../state/records.js';

type Document = Record<string, unknown>;

/** Provider of Connec!'s own entry in a list of ids (protocol §9.7). */
export const CONNEC_PROVIDER = 'connec';

/** A list of external ids, or null when the value is none. */
export function asExternalIds(value: unknown): SandboxExternalId[] | null {
  if (!Array.isArray(value) || value.length === 0) return null;
  const fits = value.every((one: unknown) => {
    const entry = one as Partial<SandboxExternalId> | null;
    return typeof entry?.id === 'string' && typeof entry.provider === 'string';
  });
  return fits ? (value as SandboxExternalId[]) : null;
}

/** Whether two entries name the same record of the same system. */
export function sameExternalId(one: SandboxExternalId, other: SandboxExternalId): boolean {
  return one.id === other.id && one.provider === other.provider && one.realm === other.realm;
}

/** Every id of a record as Connec! lists them, its own last. */
export function idList(record: SandboxConnecRecord, channel: string): SandboxExternalId[] {
  return [...record.externalIds, { id: record.id, provider: CONNEC_PROVIDER, realm: channel }];
}

/** Fields that point to a record: `organization_id`, and `id` as in `lines[].id`. A document's own id is not in it. */
export function isReference(name: string): boolean {
  return name === 'id' || name.endsWith('_id');
}

/** Replaces every reference in a document. */
export function mapReferences(value: unknown, replace: (reference: unknown) => unknown): unknown {
  if (Array.isArray(value)) return value.map((part) => mapReferences(part, replace));
  if (!isRecord(value)) return value;
  const mapped: Document = {};
  for (const [name, part] of Object.entries(value)) {
    mapped[name] = isReference(name) ? replace(part) : mapReferences(part, replace);
  }
  return mapped;
}
