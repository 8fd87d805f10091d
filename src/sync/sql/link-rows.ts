import { hash } from 'node:crypto';

import type { JsonColumn } from '../../sql/sql-dialect.js';
import { MAX_KEY_BYTES, storeKey } from '../../stores/store-key.js';
import { encodeText } from '../../stores/stored-text.js';
import { isRecord } from '../../utils/values.js';
import { newLink, type SyncLink } from '../store/sync-link.js';
import type { SyncScope } from '../store/sync-store.js';

/** Columns of a row of `sync_link` beside scope and entity, as they travel in JSON. */
export const LINK_COLUMNS = {
  link_key: 'key',
  app_id: 'key',
  connec_id: 'key',
  external_id: 'key',
  due_at: 'integer',
  hold_kind: 'key',
  waits_for: 'key',
  gone: 'integer',
  body: 'text',
} as const satisfies Readonly<Record<string, JsonColumn>>;

/** The scope as one text that begins with the application. */
export function scopeKey({ app, marketplace, group }: SyncScope): string {
  return storeKey('sync', app, marketplace, group);
}

/** A text of any length as a column of keys takes it; what is too long is replaced by its digest. */
export function keyText(text: string): string {
  const encoded = encodeText(text);
  if (Buffer.byteLength(encoded) <= MAX_KEY_BYTES) return encoded;
  return `#${hash('sha256', text, 'base64url')}`;
}

/** A link as the row that it is kept as. */
export function rowOf(link: SyncLink): Readonly<Record<keyof typeof LINK_COLUMNS, string | number | null>> {
  const optional = (text: string | null): string | null => (text === null ? null : keyText(text));
  return {
    link_key: keyText(link.key),
    app_id: optional(link.app.id),
    connec_id: optional(link.connec.id),
    external_id: optional(link.externalId),
    due_at: link.dueAt === null ? null : Math.ceil(link.dueAt),
    hold_kind: link.hold?.kind ?? null,
    waits_for: optional(link.waitsFor),
    gone: link.gone === null ? 0 : 1,
    body: linkText(link),
  };
}

/** Values that JSON does not have; only sent values of intents may be such. */
const KINDS = ['bigint', 'bytes'] as const;

/** What a link has of which nothing is known: that is not kept. */
const EMPTY = newLink('', {}, 0);

/** A link as JSON, without what is as in {@link EMPTY}: most of a link that is at rest. */
export function linkText(link: SyncLink): string {
  const app = withoutEmpty(link.app, EMPTY.app);
  const connec = withoutEmpty(link.connec, EMPTY.connec);
  const kept = { ...withoutEmpty(link, EMPTY), app, connec };
  if (link.intents.length === 0) return JSON.stringify(kept);
  const intents = link.intents.map((intent) => ({ ...intent, sent: toJson(intent.sent) }));
  return JSON.stringify({ ...kept, intents });
}

function withoutEmpty<T extends object>(whole: T, empty: T): Partial<T> {
  const kept: Partial<T> = {};
  for (const name of Object.keys(whole) as (keyof T)[]) {
    const [value, known] = [whole[name], empty[name]];
    if (value === known || (isContainer(known) && isContainer(value) && Object.keys(value).length === 0))
      continue;
    kept[name] = value;
  }
  return kept;
}

/** A list or an object. */
function isContainer(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

/** The link of {@link linkText}. */
export function linkOf(text: string): SyncLink {
  const kept = JSON.parse(text) as Partial<SyncLink>;
  const link: SyncLink = {
    ...EMPTY,
    ...kept,
    app: { ...EMPTY.app, ...kept.app },
    connec: { ...EMPTY.connec, ...kept.connec },
  };
  if (link.intents.length === 0) return link;
  return {
    ...link,
    intents: link.intents.map((intent) => ({
      ...intent,
      sent: fromJson(intent.sent) as Readonly<Record<string, unknown>>,
    })),
  };
}

/** The value with big integers and bytes as JSON takes them, and null for what is not there. */
function toJson(value: unknown): unknown {
  if (value === undefined) return null;
  if (typeof value === 'bigint') return { [`$${KINDS[0]}`]: value.toString() };
  if (value instanceof Uint8Array) return { [`$${KINDS[1]}`]: Buffer.from(value).toString('base64') };
  if (Array.isArray(value)) return value.map(toJson);
  // What has a form of its own in JSON, as dates have, keeps it.
  if (!isRecord(value) || typeof value['toJSON'] === 'function') return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, toJson(one)]));
}

function fromJson(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(fromJson);
  if (!isRecord(value)) return value;
  const entries = Object.entries(value);
  const [name, one] = entries[0] ?? [];
  if (entries.length === 1 && typeof one === 'string') {
    if (name === `$${KINDS[0]}`) return BigInt(one);
    if (name === `$${KINDS[1]}`) return new Uint8Array(Buffer.from(one, 'base64'));
  }
  return Object.fromEntries(entries.map(([inner, item]) => [inner, fromJson(item)]));
}
