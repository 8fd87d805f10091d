import { MaestranoSyncError } from '../errors/sync.error.js';
import { withoutErased } from './engine/erased.js';
import type { HeldLease } from './engine/held-lease.js';
import type { GroupSides, SyncEngine } from './engine/sync-engine.js';
import { wrongRecord } from './record-ref.js';
import { dueNow, newLink, type SyncSide } from './store/sync-link.js';
import type { SyncStore } from './store/sync-store.js';

/** What two records are made one of. */
interface AdoptFacts {
  readonly store: SyncStore;
  readonly engine: SyncEngine;
  readonly sides: GroupSides;
  readonly guard: HeldLease;
}

/**
 * Makes two records one, as a person said.
 *
 * @throws MaestranoSyncError `sync.operation` for an id that neither the store nor its side knows, that was erased, or that is linked
 *   to another one; `sync.sideAway` where a side does not say whether it has it
 */
export async function adoptRecords(
  { store, engine, sides, guard }: AdoptFacts,
  entity: string,
  ids: Readonly<Record<SyncSide, string>>,
): Promise<void> {
  const { scope } = sides;
  for (const side of ['app', 'connec'] as const) {
    const left = await withoutErased({ store, scope, entity: { name: entity } }, side, [{ id: ids[side] }]);
    if (left.length === 0) throw wrongRecord({ entity, [side]: ids[side] }, 'was erased');
  }
  const [app, connec] = await store.links(scope, entity, [{ app: ids.app }, { connec: ids.connec }]);
  if (app?.connec.id && app.connec.id !== ids.connec)
    throw wrongRecord({ entity, app: ids.app }, 'is linked already');
  if (connec?.app.id && connec.app.id !== ids.app)
    throw wrongRecord({ entity, connec: ids.connec }, 'is linked already');
  // One that no list had yet is looked for: a link to what is nowhere would wait for ever.
  if (!app) await mustBeThere({ engine, sides }, entity, 'app', ids.app);
  if (!connec) await mustBeThere({ engine, sides }, entity, 'connec', ids.connec);
  const link = app ?? newLink(connec?.key ?? `adopted-${ids.app}`, { app: ids.app });
  const state = connec?.connec ?? newLink('', { connec: ids.connec }).connec;
  const pair = { ...link, connec: state, hold: null, matchKeys: [], waitsFor: null };
  const removed = app && connec && app.key !== connec.key ? [connec.key] : [];
  await guard.commit({ entity, links: [dueNow(pair, 'operator', Date.now())], removed });
}

async function mustBeThere(
  { engine, sides }: Pick<AdoptFacts, 'engine' | 'sides'>,
  entity: string,
  side: SyncSide,
  id: string,
): Promise<void> {
  const name = side === 'app' ? 'the application' : 'Connec!';
  let there: unknown;
  try {
    there = await engine.sideOf(sides, entity, newLink('', { [side]: id }), side);
  } catch (error) {
    if (!(error instanceof MaestranoSyncError) || error.code !== 'sync.sideAway') throw error;
    throw new MaestranoSyncError('sync.sideAway', {
      message: `Whether ${name} has ${entity} ${id} cannot be found out: ${error.message}`,
      entity,
      cause: error,
    });
  }
  if (there === null)
    throw wrongRecord({ entity, [side]: id }, `is not known: ${name} has no such record either`);
}
