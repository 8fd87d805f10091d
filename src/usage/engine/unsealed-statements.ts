import type { UsageStatement } from '../statement/usage-statement.js';
import type { SealStep, SeriesSnapshot } from '../store/usage-records.js';
import type { UsageStore } from '../store/usage-store.js';
import type { MeterSettings } from '../usage-settings.js';
import { openPeriods } from './open-periods.js';
import { StatementPlanner } from './statement-plan.js';
import { sealStep } from './usage-closer.js';
import type { KnownCompany } from './usage-company.js';

/** Statements of one subject that are computed ahead at most: weeks of ten years. */
const MAX_STATEMENTS = 520;

/** What is computed, and as of when. */
export interface UnsealedOptions {
  readonly store: UsageStore;
  readonly meter: MeterSettings;
  readonly company: KnownCompany;
  readonly now: number;
  /** With the present period, although it is not over. */
  readonly open: boolean;
}

/**
 * The statements that a close would seal now, one after the other, each as if those before it were there. Reads, and writes
 * nothing.
 *
 * @throws MaestranoUsageError `usage.currency`
 */
export async function unsealedStatements(
  snapshot: SeriesSnapshot,
  { store, meter, company, now, open }: UnsealedOptions,
): Promise<readonly UsageStatement[]> {
  const { opened, state } = openPeriods(snapshot, meter, company, now);
  const periods = [...snapshot.periods, ...opened].toSorted((one, other) => one.n - other.n);
  let present: SeriesSnapshot = { ...snapshot, series: { ...snapshot.series, state }, periods };
  const statements: UsageStatement[] = [];
  const corrected = new Set<string>();
  for (let turn = 0; turn < MAX_STATEMENTS; turn += 1) {
    const planner = new StatementPlanner(store, present, meter, { now, trialEnd: company.trialEnd, open });
    const plan = await planner.plan();
    // Facts stay unclaimed here, so that what is nothing but corrections would be planned again and again.
    if (!plan || (!plan.regular && corrected.has(plan.chain.id))) break;
    if (!plan.regular) corrected.add(plan.chain.id);
    const { step, statement } = sealStep(present, meter, company, plan, now);
    const isNew = plan.regular !== null || plan.lines.length > 0 || statements.length === 0;
    if (isNew) statements.push({ ...statement, status: 'open', held: null });
    present = after(present, step);
  }
  return statements;
}

/** What a snapshot would be after a step. */
function after(
  { series, periods, earliest }: SeriesSnapshot,
  { state, stated = [] }: SealStep,
): SeriesSnapshot {
  const changes = new Map(stated.map((change) => [change.n, change]));
  return {
    series: { ...series, state },
    periods: periods.map((period) => ({ ...period, ...changes.get(period.n) })),
    earliest,
  };
}
