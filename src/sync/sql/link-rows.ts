import { hash } from 'node:crypto';

import type { JsonColumn } from '../../sql/sql-dialect.js';
import { MAX_KEY_BYTES, storeKey } from '../../stores/store-key.js';
import { encodeText } from '../../stores/stored-text.js';
import type { SyncLink } from '../store/sync-link.js';
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
    body: toText(link),
  };
}

/** Values that JSON does not have; sent values of intents may be such. */
const KINDS = ['bigint', 'bytes'] as const;

/** JSON with big integers and bytes in it, and null for what is not there. */
export function toText(value: unknown): string {
  return JSON.stringify(value, (_name, one: unknown) => {
    if (one === undefined) return null;
    if (typeof one === 'bigint') return { [`$${KINDS[0]}`]: one.toString() };
    if (one instanceof Uint8Array) return { [`$${KINDS[1]}`]: Buffer.from(one).toString('base64') };
    return one;
  });
}

/** The value of {@link toText}. */
export function fromText<T>(text: string): T {
  return JSON.parse(text, (_name, one: unknown) => {
    if (typeof one !== 'object' || one === null) return one;
    const entries = Object.entries(one);
    const [name, value] = entries[0] ?? [];
    if (entries.length !== 1 || typeof value !== 'string') return one;
    if (name === `$${KINDS[0]}`) return BigInt(value);
    return name === `$${KINDS[1]}` ? new Uint8Array(Buffer.from(value, 'base64')) : one;
  }) as T;
}
