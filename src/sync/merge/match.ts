import type { MatchKey, SyncEntity, SyncNormaliser } from '../fields/entity-definition.js';
import type { SyncLink, SyncSide } from '../store/sync-link.js';
import type { Convert, SideRecord } from './side-record.js';
import { canonical, digest, isEmpty } from './values.js';

/** What was found for a record that is on one side only. */
export type Match =
  | { readonly kind: 'none' }
  /** The only record of the other side that is the same, and the same as no other. */
  | { readonly kind: 'pair'; readonly other: SyncLink }
  /** More than one record on either side could be meant. */
  | { readonly kind: 'ambiguous'; readonly links: readonly SyncLink[] };

const NORMALISERS: Readonly<Record<SyncNormaliser, (value: unknown) => unknown>> = {
  exact: (value) => value,
  text: (value) => (typeof value === 'string' ? spaced(value).toLowerCase() : value),
  email: (value) => (typeof value === 'string' ? value.normalize('NFC').trim().toLowerCase() : value),
  phone: (value) => (typeof value === 'string' ? value.replace(/[^\d+]/gu, '').replace(/^00/u, '+') : value),
};

/** Digests of the values by which a record is recognised; none of a key of which a field is empty. */
export function matchKeysOf(entity: SyncEntity, record: SideRecord, convert: Convert): readonly string[] {
  return entity.match.flatMap((key, index) => {
    const values = valuesOf(entity, key, record, convert);
    return values === null ? [] : [digest([index, ...values])];
  });
}

function valuesOf(
  entity: SyncEntity,
  key: MatchKey,
  record: SideRecord,
  convert: Convert,
): readonly unknown[] | null {
  const values: unknown[] = [];
  for (const { field, as } of key) {
    const rule = entity.rules.find(({ name }) => name === field);
    if (rule === undefined) return null;
    const raw = record.values[field];
    const converted = record.side === 'app' ? convert(rule, 'app', raw) : { value: raw };
    if ('waitsFor' in converted) return null;
    const value = NORMALISERS[as](converted.value);
    if (isEmpty(value)) return null;
    values.push(canonical(value));
  }
  return values;
}

/** Which side a record is on that is on one side only; null for every other link. */
export function halfOf(link: SyncLink): SyncSide | null {
  if (link.gone !== null || link.intents.length > 0) return null;
  if (link.app.id !== null && link.connec.id === null && !link.connec.seen) return 'app';
  if (link.connec.id !== null && link.app.id === null && !link.app.seen) return 'connec';
  return null;
}

/**
 * Decides whom a record of one side is the same as, among all links that share a key with it or with one of those.
 * Two records of one side with the same key are never told apart by the engine.
 */
export function match(link: SyncLink, sharing: readonly SyncLink[]): Match {
  const side = halfOf(link);
  if (side === null || link.matchKeys.length === 0) return { kind: 'none' };
  const halves = sharing.filter((other) => other.key !== link.key && halfOf(other) !== null);
  const others = halves.filter((other) => halfOf(other) !== side);
  if (others.length === 0) return { kind: 'none' };
  const [other] = others;
  if (halves.length === 1 && other) return { kind: 'pair', other };
  return { kind: 'ambiguous', links: halves };
}

function spaced(text: string): string {
  return text.normalize('NFC').replace(/\s+/gu, ' ').trim();
}
