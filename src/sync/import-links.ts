import { randomUUID } from 'node:crypto';

import { type ErasedContext, withoutErased } from './engine/erased.js';
import type { HeldLease } from './engine/held-lease.js';
import { dueNow, newLink, type SyncDirection, type SyncLink, type SyncSide } from './store/sync-link.js';
import type { SyncScope, SyncStore } from './store/sync-store.js';

/** Two records that belong together, as somebody else knew it. */
export interface SyncImportedLink {
  readonly app: string;
  readonly connec: string;
  /** Whether changes of the application go to Connec!; true by default. */
  readonly toConnec?: boolean;
  /** Whether changes of Connec! go to the application; true by default. */
  readonly toApp?: boolean;
  /** Whether nothing goes either way; false by default. */
  readonly inactive?: boolean;
}

/** What became of links that were taken over. */
export interface SyncImportResult {
  readonly linked: number;
  /** Pairs that were linked already. */
  readonly known: number;
  /** Pairs of which a record was erased on request of a person: they stay apart. */
  readonly erased: number;
  /** Pairs of which one record is linked to another one: nothing was changed. */
  readonly conflicts: readonly { readonly app: string; readonly connec: string }[];
}

/** Links of one commit. */
const STEP = 100;

/**
 * Takes links over. Neither side is read or written: the next run compares both records, and writes nothing where they are
 * equal, since nobody knows what they were when they last agreed.
 */
export async function importLinks(
  store: SyncStore,
  guard: HeldLease,
  { scope, entity }: { readonly scope: SyncScope; readonly entity: string },
  links: readonly SyncImportedLink[],
): Promise<SyncImportResult> {
  let [linked, known, erased] = [0, 0, 0];
  const conflicts: { app: string; connec: string }[] = [];
  const seen = { app: new Map<string, string>(), connec: new Set<string>() };
  const hasErased = (await store.stream(scope, entity)).erased > 0;
  for (let start = 0; start < links.length; start += STEP) {
    // A large company has more than fits into one lease.
    await guard.check();
    const all = links.slice(start, start + STEP);
    const step = await withoutErasedPairs({ store, scope, entity: { name: entity }, hasErased }, all);
    erased += all.length - step.length;
    const refs = step.flatMap(({ app, connec }) => [{ app }, { connec }]);
    const found = await store.links(scope, entity, refs);
    const changed: SyncLink[] = [];
    const removed: string[] = [];
    for (const [index, one] of step.entries()) {
      const { app, connec } = one;
      const [byApp = null, byConnec = null] = found.slice(2 * index, 2 * index + 2);
      const taken = seen.app.has(app) || seen.connec.has(connec);
      const isKnown = byApp !== null && byApp.key === byConnec?.key;
      // The table of the connector has no unique index: a row may stand in it twice.
      if (isKnown || seen.app.get(app) === connec) known += 1;
      else if (taken || (byApp?.connec.id ?? null) !== null || (byConnec?.app.id ?? null) !== null) {
        conflicts.push({ app, connec });
      } else {
        seen.app.set(app, connec);
        seen.connec.add(connec);
        changed.push(pairOf(one, byApp, byConnec));
        if (byApp !== null && byConnec !== null) removed.push(byConnec.key);
      }
    }
    linked += changed.length;
    if (changed.length > 0) await guard.commit({ entity, links: changed, removed });
  }
  return { linked, known, erased, conflicts };
}

async function withoutErasedPairs(
  context: ErasedContext,
  links: readonly SyncImportedLink[],
): Promise<readonly SyncImportedLink[]> {
  const by = async (side: SyncSide): Promise<ReadonlySet<string>> => {
    const records = links.map((link) => ({ id: link[side] }));
    return new Set((await withoutErased(context, side, records)).map(({ id }) => id));
  };
  const [apps, connecs] = [await by('app'), await by('connec')];
  return links.filter(({ app, connec }) => apps.has(app) && connecs.has(connec));
}

function pairOf(one: SyncImportedLink, byApp: SyncLink | null, byConnec: SyncLink | null): SyncLink {
  const link = byApp ?? newLink(byConnec?.key ?? `imported-${randomUUID()}`, { app: one.app });
  const connec = byConnec?.connec ?? newLink('', { connec: one.connec }).connec;
  const pair = { ...link, connec, hold: null, matchKeys: [], waitsFor: null, direction: directionOf(one) };
  return dueNow(pair, 'operator', Date.now());
}

function directionOf({ toConnec = true, toApp = true, inactive = false }: SyncImportedLink): SyncDirection {
  if (inactive || (!toConnec && !toApp)) return 'none';
  if (!toConnec) return 'toApp';
  return toApp ? 'both' : 'toConnec';
}
