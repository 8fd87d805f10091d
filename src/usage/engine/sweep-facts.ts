import type { SeriesSnapshot } from '../store/usage-records.js';
import { readFacts } from './measure-periods.js';
import { effectiveFacts } from '../rating/fact-values.js';
import type { UsageSettings } from '../usage-settings.js';
import type { UsageContext } from './usage-context.js';

/** Longer than any transaction that records is open, in milliseconds: 7 days. */
const MARGIN_MS = 7 * 86_400_000;

/** Facts that one sweep removes at most, and at once. */
const [MOST, SOME] = [100_000, 5_000];

/** When facts of a period that ended then may be removed, in milliseconds. */
export function removableAt(ends: number, { keepFacts }: Pick<UsageSettings, 'keepFacts'>): number {
  return ends + keepFacts + MARGIN_MS;
}

/**
 * Removes facts of periods that cannot change any more (usage §4): a fact that would change them is too old to be
 * accepted. Of levels the last one of each key stays, since it holds on, until the company leaves. What is more than one sweep
 * removes stays for the next.
 */
export async function sweepFacts(context: UsageContext, snapshots: readonly SeriesSnapshot[]): Promise<void> {
  const { settings, store } = context;
  const sweeps: { readonly series: string; readonly before: number }[] = [];
  for (const snapshot of snapshots) {
    const { series } = snapshot;
    const meter = settings.meters.get(series.meter);
    const before = removableBefore(context, snapshot);
    // What its facts mean is known when its meter is there again.
    if (!meter || before === null) continue;
    if (meter.aggregate !== 'timeWeighted' || series.leftAt !== null)
      sweeps.push({ series: series.id, before });
    else {
      const keep = await lastLevels(context, series.id, before);
      await removed((limit) => store.sweep(series.id, { before, keep, limit }));
    }
  }
  if (sweeps.length > 0) await removed((limit) => store.sweepEach(sweeps, limit));
}

/** Until when facts of a subject may be removed; null where none may be. */
function removableBefore({ settings, now }: UsageContext, { periods }: SeriesSnapshot): number | null {
  const firstKept = periods.findIndex(
    ({ ends, sealedBy }) => sealedBy === null || removableAt(ends, settings) > now(),
  );
  return periods[(firstKept < 0 ? periods.length : firstKept) - 1]?.ends ?? null;
}

async function removed(sweep: (limit: number) => Promise<number>): Promise<void> {
  for (let gone = 0; gone < MOST;) {
    const some = await sweep(SOME);
    gone += some;
    if (some < SOME) return;
  }
}

/** Ids of the level of each key that holds at an instant. */
async function lastLevels({ store }: UsageContext, series: string, before: number): Promise<string[]> {
  const facts = await readFacts(store, series, { from: Number.MIN_SAFE_INTEGER, to: before });
  const last = new Map<string, { readonly id: string; readonly at: number }>();
  for (const { id, at, key } of effectiveFacts(facts)) {
    const known = last.get(key);
    if (!known || at > known.at || (at === known.at && id > known.id)) last.set(key, { id, at });
  }
  return [...last.values()].map(({ id }) => id);
}
