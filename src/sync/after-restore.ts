import { held } from './engine/decide.js';
import type { GroupSides, SyncEngine } from './engine/sync-engine.js';
import { otherSide } from './merge/side-record.js';
import { dueNow, newLink, type SyncLink, type SyncSide, withSide } from './store/sync-link.js';

/** What a person says of a side that was restored from a backup. */
export type SyncRestoreAnswer = 'theOther' | 'theRestored' | 'byField';

/** The link as it is after the decision of a person; links of one side only stay as they are. */
export async function afterRestore(
  engine: SyncEngine,
  sides: GroupSides,
  entity: string,
  link: SyncLink,
  { side, right }: { readonly side: SyncSide; readonly right: SyncRestoreAnswer },
): Promise<SyncLink> {
  if (link.gone !== null) return link;
  if (link.app.id === null || link.connec.id === null) return side === 'app' ? withoutAbove(link) : link;
  const now = Date.now();
  const other = otherSide(side);
  const forgot = {
    ...withSide(link, side, { version: null, missingSince: null, former: {} }),
    externalConfirmed: false,
  };
  const due = dueNow({ ...forgot, hold: null, intents: [] }, 'operator', now);
  const restored = await engine.sideOf(sides, entity, link, side);
  if (restored === null) {
    // Created again where the other side is right, or nobody: what the restored side had is not there any more.
    if (right !== 'theRestored') {
      return withSide(withSide(due, side, newLink('', {})[side]), other, { base: {} });
    }
    return side === 'app' ? due : held(due, { app: null, connec: null }, 'vanished', 'sync.vanished', now);
  }
  if (right === 'byField') return withSide(withSide(due, side, { base: {} }), other, { base: {} });
  // The losing side is taken for unchanged as it is, the winning one for changed in everything.
  const [winner, loser] = right === 'theOther' ? [other, side] : [side, other];
  const digests = loser === side ? restored.digests : await engine.digestsOf(sides, entity, link, loser);
  if (Object.keys(digests).length === 0) return due;
  return withSide(withSide(due, loser, { base: digests }), winner, { base: {} });
}

/** A record whose create got no response may have a version below those that were known: a person knows that by now. */
function withoutAbove(link: SyncLink): SyncLink {
  return { ...link, intents: link.intents.map((intent) => ({ ...intent, above: undefined })) };
}
