import { dueNow, type SyncLink, type SyncSide } from '../store/sync-link.js';
import type { SyncHistoryEntry, SyncStream } from '../store/sync-store.js';
import type { SideRecord } from '../merge/side-record.js';
import { held, type Look } from './decide.js';
import type { References } from './references.js';
import type { RunContext } from './run-context.js';

/** Everything of one batch of links that is decided together. */
export interface Batch {
  readonly context: RunContext;
  readonly references: References;
  /** The links as they are by now. */
  readonly links: Map<string, SyncLink>;
  readonly looks: ReadonlyMap<string, Look>;
  readonly history: SyncHistoryEntry[];
  /** A side turned out to be away: what was not sent stays due, and the run ends. */
  away: boolean;
  /** The side of which a response showed that it was restored meanwhile; null while none did. */
  restored: SyncSide | null;
  /** Records as the sides showed them in their responses. */
  readonly written: { readonly app: SideRecord[]; readonly connec: SideRecord[] };
  /** Largest version that the application showed so far. */
  appHighest: number;
}

export async function commit(batch: Batch, stream?: SyncStream): Promise<void> {
  const history = batch.history.splice(0);
  const links = [...batch.links.values()];
  const { entity, guard } = batch.context;
  await guard.commit({ entity: entity.name, links, history, ...(stream ? { stream } : {}) });
}

/** The outcome of a write is not known: it may still arrive, so that nobody looks before it cannot. */
export function rest(batch: Batch, link: SyncLink): void {
  batch.context.counters.unknown += 1;
  const now = Date.now();
  const restUntil = now + batch.context.settings.restMs;
  batch.links.set(link.key, { ...dueNow({ ...link, restUntil }, 'retry', now), dueAt: restUntil });
}

export function reject(
  batch: Batch,
  link: SyncLink,
  side: SyncSide,
  code: 'sync.rejectedByApp' | 'sync.rejectedByConnec' | 'sync.stolenMatch',
  reason: string,
  fields: readonly string[],
): void {
  batch.context.counters.rejected += 1;
  const one = batch.looks.get(link.key)!;
  const quarantined = held(without(link, side), one, 'quarantined', code, Date.now(), { reason, fields });
  batch.links.set(link.key, { ...quarantined, attempts: link.attempts + 1 });
}

/** Without intents for the side: a write after them was answered. */
export function settledFor(link: SyncLink, side: SyncSide): SyncLink {
  return { ...link, intents: link.intents.filter((intent) => intent.side !== side) };
}

/** Without the newest intent for the side: it certainly did not happen. */
export function without(link: SyncLink, side: SyncSide): SyncLink {
  const index = link.intents.findLastIndex((intent) => intent.side === side);
  return index < 0 ? link : { ...link, intents: link.intents.toSpliced(index, 1) };
}
