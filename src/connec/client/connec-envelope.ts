import type { ConnecChanges, ConnecRecordOf } from './connec-resources.interface.js';

/** Fields that the platform sets; sending them back is at best ignored (protocol §9.4). */
const READ_ONLY = new Set(['created_at', 'updated_at', 'group_id', 'channel_id', 'resource_type']);

/** Body of POST and PUT: the plural resource name (or `company`) around the fields to write (protocol §9.3). */
export function toEnvelope<R extends string>(
  resource: R,
  changes: ConnecChanges<R>,
  matchingFields?: readonly (readonly string[])[],
): Record<string, unknown> {
  const fields: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(changes)) {
    if (!READ_ONLY.has(name)) fields[name] = value;
  }
  if (matchingFields) {
    const options = isObject(fields.opts) ? fields.opts : {};
    fields.opts = { ...options, matching_fields: matchingFields };
  }
  return { [resource]: fields };
}

/** The single record of an answer; undefined when the envelope does not hold one. */
export function fromEnvelope<R extends string>(resource: R, data: unknown): ConnecRecordOf<R> | undefined {
  const content = contentOf(resource, data);
  return isObject(content) ? (content as ConnecRecordOf<R>) : undefined;
}

/** The records of a collection's answer; undefined when the envelope does not hold a list. */
export function listFromEnvelope<R extends string>(
  resource: R,
  data: unknown,
): readonly ConnecRecordOf<R>[] | undefined {
  const content = contentOf(resource, data);
  return Array.isArray(content) && content.every(isObject) ? (content as ConnecRecordOf<R>[]) : undefined;
}

function contentOf(resource: string, data: unknown): unknown {
  return isObject(data) && Object.hasOwn(data, resource) ? data[resource] : undefined;
}

/** Whether the value is a JSON object: not null, not a list. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
