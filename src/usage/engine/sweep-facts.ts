import type { SeriesSnapshot } from '../store/usage-records.js';
import { readFacts } from './measure-periods.js';
import { effectiveFacts } from '../rating/fact-values.js';
import type { UsageSettings } from '../usage-settings.js';
import type { UsageContext } from './usage-context.js';

/** Longer than any transaction that records is open, in milliseconds: 7 days. */
const MARGIN_MS = 7 * 86_400_000;

/** Facts that one sweep removes at most, and at once. */
const [MOST, SOME] = [100_000, 1_000];

/** When facts of a period that ended then may be removed, in milliseconds. */
export function removableAt(ends: number, { keepFacts }: Pick<UsageSettings, 'keepFacts'>): number {
  return ends + keepFacts + MARGIN_MS;
}

/**
 * Removes facts of periods that cannot change any more (usage §4): a fact that would change them is too old to be
 * accepted. Of levels the last one of each key stays, since it holds on, until the company leaves.
 */
export async function sweepFacts(context: UsageContext, snapshot: SeriesSnapshot): Promise<number> {
  const { settings, store, now } = context;
  const { series, periods } = snapshot;
  const meter = settings.meters.get(series.meter);
  // What its facts mean is known when it is there again.
  if (!meter) return 0;
  const firstKept = periods.findIndex(
    ({ ends, sealedBy }) => sealedBy === null || removableAt(ends, settings) > now(),
  );
  const before = periods[(firstKept < 0 ? periods.length : firstKept) - 1]?.ends;
  if (before === undefined) return 0;
  const holdOn = meter.aggregate === 'timeWeighted' && series.leftAt === null;
  const keep = holdOn ? await lastLevels(context, series.id, before) : [];
  let removed = 0;
  while (removed < MOST) {
    const some = await store.sweep(series.id, { before, keep, limit: SOME });
    removed += some;
    if (some < SOME) break;
  }
  return removed;
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
