import type { UsageStatement } from '../statement/usage-statement.js';
import type { SealStep, SeriesRow, SeriesSnapshot } from '../store/usage-records.js';
import type { MeterSettings } from '../usage-settings.js';
import { makeStatement, partsOf } from './seal-statement.js';
import type { StatementPlan } from './statement-plan.js';
import { stepOf } from './statement-sender.js';
import { type KnownCompany, NOBODY } from './usage-company.js';

/** What is kept of a company: what was known before, where nobody could be asked. */
export function keptCompany(company: KnownCompany, { state }: SeriesRow): KnownCompany | null {
  return company === NOBODY ? state.company : company;
}

/** Everything that the sealing of a planned statement changes. */
export function sealStep(
  snapshot: SeriesSnapshot,
  meter: MeterSettings,
  company: KnownCompany,
  plan: StatementPlan,
  now: number,
): { readonly step: SealStep; readonly statement: UsageStatement } {
  const { series, periods } = snapshot;
  const made = makeStatement(series, meter, company, partsOf(plan, series.leftAt), now);
  const isOver = !periods.some(({ sealedBy, n }) => sealedBy === null && n !== plan.regular?.n);
  const state = {
    ...series.state,
    company: keptCompany(company, series),
    chains: series.state.chains.map((chain) => (chain.id === made.chain.id ? made.chain : chain)),
    final: series.leftAt !== null && isOver,
  };
  const step: SealStep = {
    ...stepOf(snapshot),
    state,
    claim: plan.claim,
    statement: made.row,
    stated: plan.stated,
  };
  return { step, statement: made.statement };
}

/** What a snapshot is after a step that was sealed. Its earliest fact may be claimed by now: it is never later. */
export function afterStep(
  { series, periods, earliest }: SeriesSnapshot,
  { state, leftAt, nextDue, stated = [] }: SealStep,
): SeriesSnapshot {
  const changes = new Map(stated.map((change) => [change.n, change]));
  return {
    series: { ...series, version: series.version + 1, state, leftAt, nextDue },
    periods: periods.map((period) => ({ ...period, ...changes.get(period.n) })),
    earliest,
  };
}
