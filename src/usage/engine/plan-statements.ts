import type { FactSpan, FactSums, SeriesSnapshot } from '../store/usage-records.js';
import type { UsageStore } from '../store/usage-store.js';
import type { MeterSettings } from '../usage-settings.js';
import { StatementDraft } from './statement-draft.js';
import type { PlanOptions, StatementPlan } from './statement-plan.js';

/** A subject, and what to plan for. */
export interface PlanRequest {
  readonly snapshot: SeriesSnapshot;
  readonly meter: MeterSettings;
  readonly options: PlanOptions;
}

/** A plan, null where there is nothing to state; or why there is none. */
export type PlanResult = { readonly plan: StatementPlan | null } | { readonly error: unknown };

/**
 * Computes what a close would state of each subject now, in their order (usage §5.1 step 2): sums of all subjects are read
 * in two calls at most, and one subject's failure is its own. Reads, and writes nothing.
 */
export async function planStatements(
  store: UsageStore,
  requests: readonly PlanRequest[],
): Promise<readonly PlanResult[]> {
  const drafts = requests.map(({ snapshot, meter, options }) => new StatementDraft(snapshot, meter, options));
  const open = await sumsOf(
    store,
    drafts.map(({ openSpans }) => openSpans),
    true,
  );
  const spans = drafts.map((draft, index) => draft.look(open[index]!));
  const stated = await sumsOf(store, spans, false);
  const results: PlanResult[] = [];
  for (const [index, draft] of drafts.entries()) {
    try {
      results.push({ plan: await draft.plan(store, stated[index]!) });
    } catch (error) {
      results.push({ error });
    }
  }
  return results;
}

/** Sums of lists of spans, in one call. */
async function sumsOf(
  store: UsageStore,
  lists: readonly (readonly FactSpan[])[],
  open: boolean,
): Promise<readonly (readonly FactSums[])[]> {
  const spans = lists.flatMap((list) => list.map(({ series, from, to }) => ({ series, from, to })));
  const sums = spans.length === 0 ? [] : await store.sums(spans, { open });
  let begin = 0;
  return lists.map(({ length }) => {
    begin += length;
    return sums.slice(begin - length, begin);
  });
}
