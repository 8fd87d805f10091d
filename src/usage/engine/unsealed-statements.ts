import type { UsageStatement } from '../statement/usage-statement.js';
import type { SeriesSnapshot } from '../store/usage-records.js';
import type { UsageStore } from '../store/usage-store.js';
import type { MeterSettings } from '../usage-settings.js';
import { openPeriods } from './open-periods.js';
import { type PlanResult, planStatements } from './plan-statements.js';
import { afterStep, sealStep } from './seal-step.js';
import type { KnownCompany } from './usage-company.js';

/** Statements of one subject that are computed ahead at most: weeks of ten years. */
const MAX_STATEMENTS = 520;

/** A subject whose statements are computed ahead. */
export interface UnsealedRequest {
  readonly snapshot: SeriesSnapshot;
  readonly meter: MeterSettings;
  readonly company: KnownCompany;
}

/** Of what, and as of when. */
export interface UnsealedOptions {
  readonly store: UsageStore;
  readonly now: number;
  /** With the present period, although it is not over. */
  readonly open: boolean;
}

/** Statements, or why there are none. */
export type UnsealedResult = { readonly statements: readonly UsageStatement[] } | { readonly error: unknown };

/** A subject while its statements are computed. */
interface Ahead extends UnsealedRequest {
  present: SeriesSnapshot;
  readonly statements: UsageStatement[];
  readonly corrected: Set<string>;
  isDone: boolean;
  error: unknown;
}

/**
 * The statements that a close would seal now of each subject, one after the other, each as if those before it were there: all
 * subjects together, so that reading does not grow with their number. Reads, and writes nothing.
 */
export async function unsealedOfMany(
  requests: readonly UnsealedRequest[],
  { store, now, open }: UnsealedOptions,
): Promise<readonly UnsealedResult[]> {
  const all = requests.map((request) => begun(request, now));
  for (let turn = 0; turn < MAX_STATEMENTS; turn += 1) {
    const active = all.filter(({ isDone }) => !isDone);
    if (active.length === 0) break;
    const plans = await planStatements(
      store,
      active.map(({ present: snapshot, meter, company }) => ({
        snapshot,
        meter,
        options: { now, trialEnd: company.trialEnd, open },
      })),
    );
    for (const [index, one] of active.entries()) next(one, plans[index]!, now);
  }
  return all.map(({ error, statements }) => (error === undefined ? { statements } : { error }));
}

/** As {@link unsealedOfMany}, of one subject. @throws MaestranoUsageError `usage.currency` */
export async function unsealedStatements(
  request: UnsealedRequest,
  options: UnsealedOptions,
): Promise<readonly UsageStatement[]> {
  const result = (await unsealedOfMany([request], options))[0]!;
  if ('error' in result) throw result.error;
  return result.statements;
}

function begun(request: UnsealedRequest, now: number): Ahead {
  const { snapshot, meter, company } = request;
  const ahead = { ...request, statements: [], corrected: new Set<string>() };
  try {
    const { opened, state } = openPeriods(snapshot, meter, company, now);
    const periods = [...snapshot.periods, ...opened].toSorted((one, other) => one.n - other.n);
    const present = { ...snapshot, series: { ...snapshot.series, state }, periods };
    return { ...ahead, present, isDone: false, error: undefined };
  } catch (error) {
    return { ...ahead, present: snapshot, isDone: true, error };
  }
}

/** Goes on by one statement. */
function next(one: Ahead, planned: PlanResult, now: number): void {
  if ('error' in planned) {
    one.error = planned.error;
    one.isDone = true;
    return;
  }
  const { plan } = planned;
  // Facts stay unclaimed here, so that what is nothing but corrections would be planned again and again.
  if (!plan || (!plan.regular && one.corrected.has(plan.chain.id))) {
    one.isDone = true;
    return;
  }
  if (!plan.regular) one.corrected.add(plan.chain.id);
  const { step, statement } = sealStep(one.present, one.meter, one.company, plan, now);
  const isNew = plan.regular !== null || plan.lines.length > 0 || one.statements.length === 0;
  if (isNew) one.statements.push({ ...statement, status: 'open', held: null });
  one.present = afterStep(one.present, step);
}
