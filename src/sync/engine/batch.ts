import { dueNow, type SyncFailedCall, type SyncLink, type SyncSide } from '../store/sync-link.js';
import type { SyncHistoryEntry, SyncNotice, SyncStream } from '../store/sync-store.js';
import type { SideRecord } from '../merge/side-record.js';
import { held, type Look } from './decide.js';
import type { AppSideRecord, ConnecSide } from './records.js';
import type { References } from './references.js';
import type { RunContext } from './run-context.js';

/** Everything of one batch of links that is decided together. */
export interface Batch {
  readonly context: RunContext;
  readonly references: References;
  /** The links as they are by now. */
  readonly links: Map<string, SyncLink>;
  /** The links as they were kept last. */
  readonly kept: Map<string, SyncLink>;
  readonly looks: ReadonlyMap<string, Look>;
  /** Records as the responses to their writes showed them, by the keys of their links. */
  readonly responses: { readonly app: Map<string, AppSideRecord>; readonly connec: Map<string, ConnecSide> };
  /** Records that the application created: their ids, and the keys of their links. */
  readonly created: { readonly id: string; readonly key: string }[];
  readonly history: SyncHistoryEntry[];
  /** A side turned out to be away: what was not sent stays due, and the run ends. */
  away: boolean;
  /** The side of which a response showed that it was restored meanwhile; null while none did. */
  restored: SyncSide | null;
  /** Stamps of records of Connec! before our writes, of which the responses show values that they had earlier: see `mayBeRestored`. */
  readonly formerAgain: number[];
  /** Records as the sides showed them in their responses. */
  readonly written: { readonly app: SideRecord[]; readonly connec: SideRecord[] };
  /** What the responses tell of fields. */
  readonly notices: SyncNotice[];
  /** Largest version that the application showed so far. */
  appHighest: number;
}

export async function commit(batch: Batch, stream?: SyncStream): Promise<void> {
  const history = batch.history.splice(0);
  const links = [...batch.links.values()].filter((link) => batch.kept.get(link.key) !== link);
  for (const link of links) batch.kept.set(link.key, link);
  const { entity, guard } = batch.context;
  await guard.commit({ entity: entity.name, links, history, ...(stream ? { stream } : {}) });
}

/** Times in a row that the outcome of a record's writes may be unknown before a person has to look. */
const ATTEMPTS = 8;
/** The longest time that a record rests. */
const LONGEST_REST = 3_600_000;

/**
 * The outcome of a write is not known: it may still arrive, so that nobody looks before it cannot. Where the failure was
 * about the record, not about a side that is away, it rests longer each time, and is given up in the end.
 *
 * @param failed the call of the source, where it was one
 */
export function rest(batch: Batch, link: SyncLink, about: 'record' | 'side', failed?: SyncFailedCall): void {
  const { counters, settings } = batch.context;
  counters.unknown += 1;
  const now = batch.context.now();
  const attempts = about === 'record' ? link.attempts + 1 : link.attempts;
  const longer = Math.min(LONGEST_REST, settings.restMs * 2 ** Math.max(0, attempts - 1));
  const restUntil = now + Math.max(settings.restMs, longer);
  const resting = { ...link, attempts, restUntil };
  if (attempts < ATTEMPTS) {
    batch.links.set(link.key, { ...dueNow(resting, 'retry', now), dueAt: restUntil });
    return;
  }
  counters.rejected += 1;
  const facts = failed ? { reason: `The last ${failed.call} ended with ${failed.error}` } : {};
  const quarantined = held(resting, batch.looks.get(link.key)!, 'quarantined', 'sync.undecided', now, facts);
  batch.links.set(link.key, { ...quarantined, attempts });
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
  const quarantined = held(without(link, side), one, 'quarantined', code, batch.context.now(), {
    reason,
    fields,
  });
  batch.links.set(link.key, { ...quarantined, attempts: link.attempts + 1 });
}

/** With what the newest intent for the application ended with. */
export function failedWith(link: SyncLink, failed: SyncFailedCall): SyncLink {
  const index = link.intents.findLastIndex(({ side }) => side === 'app');
  const intent = link.intents[index];
  return intent === undefined ? link : { ...link, intents: link.intents.with(index, { ...intent, failed }) };
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
