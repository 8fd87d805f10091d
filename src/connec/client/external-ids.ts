import { isRecord } from '../../utils/values.js';

/** One system's id of a record (protocol §9.7). */
export interface ExternalId {
  readonly id: string;
  /** `connec` for the platform's own. */
  readonly provider: string;
  /** Which account at the provider: `org-…` for the platform, an id of your choice for your own. */
  readonly realm: string;
}

/** Whose ids: the application's name and the customer's account in it. */
export type ExternalIdOwner = Pick<ExternalId, 'provider' | 'realm'>;

const CONNEC_PROVIDER = 'connec';

/** The platform's id, whether the record came with a plain id or with external ids; null when there is none. */
export function connecId(id: unknown): string | null {
  if (typeof id === 'string') return id === '' ? null : id;
  return entriesOf(id).find((entry) => entry.provider === CONNEC_PROVIDER)?.id ?? null;
}

/** The application's own id of a record; null for a record it was never linked to, and for plain ids. */
export function ownId(id: unknown, owner: ExternalIdOwner): string | null {
  return (
    entriesOf(id).find((entry) => entry.provider === owner.provider && entry.realm === owner.realm)?.id ??
    null
  );
}

/** The form to send: `[{ id, provider, realm }]`. Links a record when sent as its `id` (protocol §9.7). */
export function toExternalIds(id: string, owner: ExternalIdOwner): ExternalId[] {
  return [{ id, provider: owner.provider, realm: owner.realm }];
}

/** What stood at a path before {@link unfoldReferences} replaced it: what an update of the record sends again. */
export interface PlatformReference {
  /** As it was given, such as `lines.item_id`. */
  readonly path: string;
  /** The application's own id of what is referred to. */
  readonly own: string;
  /** The ids of all systems, as the platform sent them. */
  readonly ids: readonly unknown[];
}

/** A record whose references were unfolded, and which of them have no id of the application. */
export interface UnfoldedRecord<T> {
  readonly record: T;
  /** Paths of references that the application does not know yet: take the record up again at the next round. */
  readonly missing: readonly string[];
  /** The platform's own ids, for {@link foldReferences} when the record is sent back. Plain data that can be stored. */
  readonly references: readonly PlatformReference[];
}

/**
 * Outgoing: replaces own ids at the paths with the platform's array form. Paths are field names joined by dots;
 * arrays on the way are walked through: `['organization_id', 'lines.item_id']`. Own ids are texts or numbers; empty
 * references and arrays of ids stay as they are.
 *
 * @param references of {@link unfoldReferences}: what is unchanged keeps the ids of all systems. Without them only the
 *   application's own are sent, and an update of lines loses the platform's.
 */
export function foldReferences<T extends object>(
  record: T,
  paths: readonly string[],
  owner: ExternalIdOwner,
  references: readonly PlatformReference[] = [],
): T {
  let folded: unknown = record;
  for (const path of paths) {
    const known = new Map(
      references.flatMap(({ path: of, own, ids }) => (of === path ? [[own, ids] as const] : [])),
    );
    folded = replaceAt(folded, path.split('.'), (value) => {
      const own = ownIdOf(value);
      return own === null ? value : (known.get(own) ?? toExternalIds(own, owner));
    });
  }
  return folded as T;
}

/**
 * Incoming: replaces the platform's arrays at the paths with the application's own ids. A reference without one
 * stays as it came, so that sending the record back loses nothing, and is reported in `missing`.
 */
export function unfoldReferences<T extends object>(
  record: T,
  paths: readonly string[],
  owner: ExternalIdOwner,
): UnfoldedRecord<T> {
  const missing = new Set<string>();
  const references: PlatformReference[] = [];
  let unfolded: unknown = record;
  for (const path of paths) {
    unfolded = replaceAt(unfolded, path.split('.'), (value) => {
      if (!Array.isArray(value) || value.length === 0) return value;
      const own = ownId(value, owner);
      if (own === null) missing.add(path);
      else references.push({ path, own, ids: value });
      return own ?? value;
    });
  }
  return { record: unfolded as T, missing: [...missing], references };
}

function entriesOf(id: unknown): ExternalId[] {
  if (!Array.isArray(id)) return [];
  return id.filter((entry): entry is ExternalId => isRecord(entry) && typeof entry.id === 'string');
}

/** An own id as the application keeps it; null for what is none. */
function ownIdOf(value: unknown): string | null {
  if (typeof value === 'string') return value === '' ? null : value;
  return Number.isFinite(value) || typeof value === 'bigint' ? String(value) : null;
}

/** A copy with the value at the path replaced; what the path does not reach is shared, not copied. */
function replaceAt(target: unknown, path: readonly string[], replace: (value: unknown) => unknown): unknown {
  const [field, ...rest] = path;
  if (field === undefined) return replace(target);
  if (Array.isArray(target)) return target.map((element: unknown) => replaceAt(element, path, replace));
  if (!isRecord(target) || !Object.hasOwn(target, field)) return target;
  return { ...target, [field]: replaceAt(target[field], rest, replace) };
}
