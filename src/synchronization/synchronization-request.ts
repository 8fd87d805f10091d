import type { SynchronizationRequest } from '../adapters/maestrano-synchronization.adapter.js';
import { isPlatformIdentifier } from '../utils/platform-identifier.js';
import { isRecord, toBoolean } from '../utils/values.js';

/** Options and entities looked at; a usual request has a handful. */
const MAX_ITEMS = 200;
const OPTION_FIELD = /^opts\[([^[\]]{1,100})\](\[\])?$/;

type Fields = Readonly<Record<string, unknown>>;

/** The body as a record; an empty one when there is none. */
export function fieldsOf(body: unknown): Fields {
  return isRecord(body) ? body : {};
}

/** The group that the body or, failing that, the query names; null when neither does. */
export function groupUidOf(body: unknown, query: URLSearchParams): string | null {
  const value = fieldsOf(body).group_id ?? query.get('group_id');
  return isPlatformIdentifier(value) ? value : null;
}

/**
 * Reads the options of a start (protocol §10.2). The platform sends a form, `opts[full_sync]=true`, which Express
 * nests and Fastify does not; JSON is understood as well.
 */
export function synchronizationRequestOf(body: unknown): SynchronizationRequest {
  const options = optionsOf(fieldsOf(body));
  return {
    fullSync: toBoolean(options.full_sync) ?? false,
    onlyEntities: textsOf(options.only_entities),
    forced: toBoolean(options.forced) ?? false,
    connecPreemption: toBoolean(options.connec_preemption),
    filter: typeof options.$filter === 'string' && options.$filter !== '' ? options.$filter : null,
    options,
  };
}

function optionsOf(fields: Fields): Fields {
  const options = Object.create(null) as Record<string, unknown>;
  for (const [name, value] of Object.entries(fieldsOf(fields.opts))) options[name] = value;
  for (const [field, value] of Object.entries(fields)) {
    const [, name, list] = OPTION_FIELD.exec(field) ?? [];
    if (name !== undefined) options[name] = list && !Array.isArray(value) ? [value] : value;
  }
  return Object.fromEntries(Object.entries(options).slice(0, MAX_ITEMS));
}

function textsOf(value: unknown): readonly string[] | null {
  const items: unknown[] = Array.isArray(value) ? value : typeof value === 'string' ? value.split(',') : [];
  const texts = items
    .filter((item) => typeof item === 'string' && item !== '')
    .slice(0, MAX_ITEMS) as string[];
  return texts.length > 0 ? texts : null;
}
