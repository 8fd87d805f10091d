import type { SyncLink } from '../store/sync-link.js';
import type { SyncRef } from '../store/sync-store.js';

/** By what a link is found, and the column of it. */
export const LINK_COLUMNS = {
  key: 'link_key',
  app: 'app_id',
  connec: 'connec_id',
  external: 'external_id',
} as const;

type IdKind = keyof typeof LINK_COLUMNS;

/** All of them. */
export const ID_KINDS = Object.keys(LINK_COLUMNS) as IdKind[];

/** The id of that kind by which a link is asked for; undefined where it is asked for by another. */
export function idOf(ref: SyncRef, kind: IdKind): string | undefined {
  return (ref as Readonly<Partial<Record<IdKind, string>>>)[kind];
}

/** The id of that kind that a link has. */
export const ID_OF = {
  key: ({ key }: SyncLink): string | null => key,
  app: ({ app }: SyncLink): string | null => app.id,
  connec: ({ connec }: SyncLink): string | null => connec.id,
  external: ({ externalId }: SyncLink): string | null => externalId,
};
