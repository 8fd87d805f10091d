import { hash } from 'node:crypto';

import type { ConnecRecords } from '../connec/connec-records.js';
import { MaestranoSyncError } from '../../errors/sync.error.js';
import { withValueAt } from '../merge/values.js';
import { newLink, type SyncLink, type SyncSide, withSide } from '../store/sync-link.js';
import type { SyncScope, SyncStore } from '../store/sync-store.js';
import type { HeldLease } from './held-lease.js';
import type { SyncEntity } from '../fields/entity-definition.js';

/** What was done about a person's record. Holds no id of it. */
export interface SyncErasure {
  readonly entity: string;
  readonly at: Date;
  /** Whether the record at Connec! was archived by it. */
  readonly archived: boolean;
}

/** What erasing a record comes to. */
export interface SyncErasable {
  readonly app: string | null;
  readonly connec: string | null;
  /** Whether the record at Connec! is archived by it. */
  readonly archives: boolean;
  /** Entries of its history that go. */
  readonly history: number;
}

/** Ids of a record: those of both sides, and the one that we gave it at Connec!. */
type IdKind = SyncSide | 'external';

/** What erasing stands on. */
interface EraseFacts {
  readonly sides: { readonly scope: SyncScope; readonly connec: ConnecRecords };
  readonly guard: HeldLease;
  readonly entity: SyncEntity;
}

/** The link of a record that the application deleted already, by the id under which Connec! knows it; null for any other. */
export async function erasing(
  store: SyncStore,
  scope: SyncScope,
  { entity, app }: { readonly entity: string; readonly app?: string },
): Promise<SyncLink | null> {
  if (app === undefined) return null;
  const [present, former] = await store.links(scope, entity, [{ app }, { external: app }]);
  return !present && former && former.gone !== null ? former : null;
}

/**
 * Forgets everything that is kept of a pair of records but digests of their ids.
 *
 * @throws MaestranoSyncError `sync.sideAway`, `sync.rejectedByConnec`: nothing was erased
 */
export async function eraseLink(
  facts: EraseFacts,
  { key, app, connec, externalId, intents }: SyncLink,
  how: 'archive' | 'unlink',
): Promise<SyncErasure> {
  const { sides, guard, entity } = facts;
  const { scope } = sides;
  const isOpen = connec.id === null && intents.some(({ side }) => side === 'connec');
  if (how === 'archive' && isOpen) throw unknownOutcome(facts, 'created');
  const archived = how === 'archive' && connec.id !== null && (await archiveErased(facts, connec.id));
  const stream = await guard.stream(entity.name);
  const isOther = ({ id }: { readonly id: string }): boolean => id !== app.id && id !== connec.id;
  const ids = [
    ['app', app.id],
    ['connec', connec.id],
    ['external', externalId ?? app.id],
  ] as const;
  await guard.commit({
    entity: entity.name,
    removed: [key],
    links: ids.flatMap(([kind, id]) =>
      id === null ? [] : [tombstone(scope, entity.name, kind, id, kind === 'app' ? app.born : null)],
    ),
    stream: {
      ...stream,
      erased: stream.erased + 1,
      appAnchors: stream.appAnchors.filter(isOther),
      connecAnchors: stream.connecAnchors.filter(isOther),
    },
  });
  return { entity: entity.name, at: new Date(), archived };
}

/**
 * What is kept of a record that was erased: a link without sides, found by the digest of one of its ids. With a digest of when it
 * came into being: another record may get the id.
 */
function tombstone(
  scope: SyncScope,
  entity: string,
  kind: IdKind,
  id: string,
  born: string | null,
): SyncLink {
  const now = Date.now();
  const name = erasedId(scope, entity, kind, id);
  const empty = newLink(name, {});
  return {
    ...(born === null ? empty : withSide(empty, 'app', { born: erasedId(scope, entity, 'born', born) })),
    externalId: name,
    direction: 'none',
    hold: {
      kind: 'ignored',
      code: 'sync.erased',
      fields: [],
      reason: '',
      since: now,
      seen: { app: '', connec: '' },
    },
  };
}

/** Where records that were erased are looked for. */
export interface ErasedContext {
  readonly store: SyncStore;
  readonly scope: SyncScope;
  readonly entity: { readonly name: string };
  /** Whether a record of the entity was ever erased; taken for true where it is not known. */
  readonly hasErased?: boolean;
}

/** Of records that were read, those that were not erased. */
export async function withoutErased<R extends { readonly id: string; readonly born?: string | null }>(
  context: ErasedContext,
  side: SyncSide,
  records: readonly R[],
): Promise<readonly R[]> {
  const { scope, entity } = context;
  const found = await tombstones(
    context,
    side,
    records.map(({ id }) => id),
  );
  return records.filter(({ id, born = null }) => {
    const erased = found.get(id);
    if (!erased) return true;
    const mark = erased.app.born;
    return mark !== null && born !== null && mark !== erasedId(scope, entity.name, 'born', born);
  });
}

/** Which of these ids, under which Connec! may know our records, are those of records that were erased. */
export async function erasedNames(
  context: ErasedContext,
  externalIds: readonly string[],
): Promise<ReadonlySet<string>> {
  return new Set((await tombstones(context, 'external', externalIds)).keys());
}

/** What is kept of those that were erased, by id. */
async function tombstones(
  { store, scope, entity, hasErased = true }: ErasedContext,
  kind: IdKind,
  ids: readonly string[],
): Promise<ReadonlyMap<string, SyncLink>> {
  if (!hasErased || ids.length === 0) return new Map();
  const refs = ids.map((id) => ({ external: erasedId(scope, entity.name, kind, id) }));
  const found = await store.links(scope, entity.name, refs);
  return new Map(found.flatMap((link, index) => (link ? [[ids[index]!, link] as const] : [])));
}

/**
 * Archives the record of an erased one at Connec!.
 *
 * @returns false where Connec! does not have it any more
 * @throws MaestranoSyncError `sync.sideAway`, `sync.rejectedByConnec`
 */
async function archiveErased(erase: EraseFacts, id: string): Promise<boolean> {
  const { sides, guard, entity } = erase;
  await guard.check('connec');
  const changes = Object.entries(entity.archived).reduce<Record<string, unknown>>(
    (all, [path, value]) => withValueAt(all, path, value),
    {},
  );
  const [written] = await sides.connec.write(entity.resource, [
    { kind: 'update', id, externalId: null, changes },
  ]);
  const facts = { marketplace: sides.scope.marketplace, group: sides.scope.group, entity: entity.name };
  switch (written?.kind) {
    case 'done':
      return true;
    case 'notFound':
      return false;
    case 'rejected':
      throw new MaestranoSyncError('sync.rejectedByConnec', { ...facts, message: `${written.reason}.` });
    default:
      throw unknownOutcome(erase, 'archived');
  }
}

function unknownOutcome({ sides, entity }: EraseFacts, what: 'archived' | 'created'): MaestranoSyncError {
  return new MaestranoSyncError('sync.sideAway', {
    marketplace: sides.scope.marketplace,
    group: sides.scope.group,
    entity: entity.name,
    message: `Nobody knows whether Connec! ${what} the record; nothing was erased.`,
    remedy:
      what === 'archived' ? 'Call erase() again.' : 'Call erase() again after the next runs, which find out.',
  });
}

/** A digest from which nobody reads the id; different for every company and entity. */
function erasedId(scope: SyncScope, entity: string, kind: IdKind | 'born', id: string): string {
  const text = JSON.stringify([scope.app, scope.marketplace, scope.group, entity, kind, id]);
  return `erased:${hash('sha256', text, 'base64url')}`;
}
