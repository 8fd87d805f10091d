import { hash } from 'node:crypto';

import type { ConnecRecords } from '../connec/connec-records.js';
import { MaestranoSyncError } from '../../errors/sync.error.js';
import { withValueAt } from '../merge/values.js';
import { atRest, newLink, type SyncLink, type SyncSide } from '../store/sync-link.js';
import type { SyncScope, SyncStore } from '../store/sync-store.js';
import type { HeldLease } from './held-lease.js';
import type { RunContext } from './run-context.js';
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

/** What erasing stands on. */
interface EraseFacts {
  readonly store: SyncStore;
  readonly sides: { readonly scope: SyncScope; readonly connec: ConnecRecords };
  readonly guard: HeldLease;
  readonly entity: SyncEntity;
}

/**
 * Forgets everything that is kept of a pair of records but digests of their ids.
 *
 * @throws MaestranoSyncError `sync.sideAway`, `sync.rejectedByConnec`: nothing was erased
 */
export async function eraseLink(
  facts: EraseFacts,
  { key, app, connec }: SyncLink,
  how: 'archive' | 'unlink',
): Promise<SyncErasure> {
  const { store, sides, guard, entity } = facts;
  const { scope } = sides;
  const archived = how === 'archive' && connec.id !== null && (await archiveErased(facts, connec.id));
  const stream = await store.stream(scope, entity.name);
  const isOther = ({ id }: { readonly id: string }): boolean => id !== app.id && id !== connec.id;
  const ids = [['app', app.id] as const, ['connec', connec.id] as const];
  await guard.commit({
    entity: entity.name,
    removed: [key],
    links: ids.flatMap(([side, id]) => (id === null ? [] : [tombstone(scope, entity.name, side, id)])),
    stream: {
      ...stream,
      erased: stream.erased + 1,
      appAnchors: stream.appAnchors.filter(isOther),
      connecAnchors: stream.connecAnchors.filter(isOther),
    },
  });
  return { entity: entity.name, at: new Date(), archived };
}

/** What is kept of a record that was erased: a link without sides, found by the digest of one of its ids. */
function tombstone(scope: SyncScope, entity: string, side: SyncSide, id: string): SyncLink {
  const now = Date.now();
  const name = erasedId(scope, entity, side, id);
  return {
    ...atRest(newLink(name, {})),
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

/** Of records that were read, those that were not erased. */
export async function withoutErased<R extends { readonly id: string }>(
  context: RunContext,
  side: SyncSide,
  records: readonly R[],
): Promise<readonly R[]> {
  const { store, scope, entity, hasErased = true } = context;
  if (!hasErased || records.length === 0) return records;
  const refs = records.map(({ id }) => ({ external: erasedId(scope, entity.name, side, id) }));
  const found = await store.links(scope, entity.name, refs);
  return records.filter((_record, index) => found[index] === null);
}

/**
 * Archives the record of an erased one at Connec!.
 *
 * @returns false where Connec! does not have it any more
 * @throws MaestranoSyncError `sync.sideAway`, `sync.rejectedByConnec`
 */
async function archiveErased({ sides, guard, entity }: EraseFacts, id: string): Promise<boolean> {
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
      throw new MaestranoSyncError('sync.sideAway', {
        ...facts,
        message: 'Nobody knows whether Connec! archived the record; nothing was erased.',
        remedy: 'Call erase() again.',
      });
  }
}

/** A digest from which nobody reads the id; different for every company and entity. */
function erasedId(scope: SyncScope, entity: string, side: SyncSide, id: string): string {
  const text = JSON.stringify([scope.app, scope.marketplace, scope.group, entity, side, id]);
  return `erased:${hash('sha256', text, 'base64url')}`;
}
