import { MaestranoUsageError } from '../../errors/usage.error.js';
import { AMOUNT_PLACES, parseExact } from '../exact/exact-decimal.js';
import type { UsageStatement } from '../statement/usage-statement.js';
import type { SealStep, SeriesRow, SeriesSnapshot } from '../store/usage-records.js';
import type { MeterSettings } from '../usage-settings.js';
import { openPeriods } from './open-periods.js';
import { removableAt } from './sweep-facts.js';
import { makeStatement, partsOf, readStatement } from './seal-statement.js';
import { dueAt, isChainOver, StatementPlanner, type StatementPlan } from './statement-plan.js';
import { type SentStatement, StatementSender, stepOf } from './statement-sender.js';
import { type KnownCompany, NOBODY } from './usage-company.js';
import type { UsageCall, UsageContext } from './usage-context.js';

/** Passes over one subject: one for each statement, and for each time that somebody was quicker. */
const MAX_PASSES = 600;

/** Never. */
const NEVER = Number.MAX_SAFE_INTEGER;

/** What came of closing one subject. */
export interface ClosedSeries {
  readonly series: SeriesRow;
  readonly sealed: readonly UsageStatement[];
  readonly sent: readonly SentStatement[];
}

/** Closes one subject (usage §5.1): seals what is due, and sends what is sealed. */
export class UsageCloser {
  readonly #sender: StatementSender;

  constructor(private readonly context: UsageContext) {
    this.#sender = new StatementSender(context);
  }

  /**
   * @param company what is known of the company by now; null where nobody could be asked: then only what is sealed is
   * sent.
   * @throws MaestranoUsageError `usage.currency`, `usage.contention`
   */
  async close(
    id: string,
    company: KnownCompany | null,
    options: UsageCall & { readonly send: boolean },
  ): Promise<ClosedSeries | null> {
    const sealed: UsageStatement[] = [];
    const sent: SentStatement[] = [];
    for (let pass = 0; pass < MAX_PASSES; pass += 1) {
      const snapshot = await this.context.store.load(id);
      if (!snapshot) return null;
      if (options.send) sent.push(...(await this.#sender.send(snapshot, company, options)));
      const { series } = snapshot;
      if (!company || options.signal?.aborted) return { series, sealed, sent };
      const meter = this.context.settings.meters.get(series.meter);
      // Its usage is kept until the meter is there again.
      if (!meter) return { series, sealed, sent };
      if (await this.#open(snapshot, meter, company)) continue;
      const statement = await this.#seal(snapshot, meter, company);
      if (statement === 'nothing') return { series, sealed, sent };
      if (statement !== 'lost') sealed.push(statement);
    }
    throw new MaestranoUsageError('usage.contention');
  }

  /** Opens periods that are missing; whether there were any, or somebody else opened them. */
  async #open(snapshot: SeriesSnapshot, meter: MeterSettings, company: KnownCompany): Promise<boolean> {
    const { now, store } = this.context;
    const { series } = snapshot;
    const { opened, state } = openPeriods(snapshot, meter, company, now());
    if (opened.length === 0) return false;
    await store.seal([{ ...stepOf(snapshot), state: { ...state, company: known(company, series) }, opened }]);
    return true;
  }

  async #seal(
    snapshot: SeriesSnapshot,
    meter: MeterSettings,
    company: KnownCompany,
  ): Promise<UsageStatement | 'nothing' | 'lost'> {
    const { store, now: clock, emit } = this.context;
    const now = clock();
    const { series } = snapshot;
    const planner = new StatementPlanner(store, snapshot, meter, {
      now,
      trialEnd: company.trialEnd,
      open: false,
    });
    const plan = await planner.plan();
    if (!plan) {
      const nextDue = this.#nextDue(snapshot, now);
      const step = stepOf(snapshot);
      if (nextDue !== series.nextDue) {
        await store.seal([{ ...step, state: { ...step.state, company: known(company, series) }, nextDue }]);
      }
      return 'nothing';
    }
    const { step, statement } = sealStep(snapshot, meter, company, plan, now);
    if (!(await store.seal([step]))) return 'lost';
    if (isChainOver(snapshot, plan) && parseExact(statement.closing, AMOUNT_PLACES) < 0n) {
      const { marketplace, group, meter: name } = series;
      const { currency, seq, closing } = statement;
      const about = { marketplace, group, meter: name, currency, amount: closing, statement: seq };
      await emit({ type: 'usage.creditLeft', ...about });
    }
    return statement;
  }

  /** When to look at the subject again by itself. */
  #nextDue({ series, periods, earliest }: SeriesSnapshot, now: number): number {
    const { leftAt } = series;
    if (leftAt !== null) {
      // For what comes late, then to remove its facts.
      const graces = periods.map(({ grace }) => grace);
      const last = periods.at(-1)?.ends ?? leftAt;
      const moments = [leftAt + Math.max(0, ...graces), removableAt(last, this.context.settings)];
      return moments.find((at) => at > now) ?? NEVER;
    }
    const next = periods.find(({ sealedBy }) => sealedBy === null);
    if (!next)
      return earliest === null && periods.length === 0 ? 0 : Math.max(now, periods.at(-1)?.ends ?? 0);
    return dueAt(next, null);
  }
}

/** What is kept of a company: what was known before, where nobody could be asked. */
function known(company: KnownCompany, { state }: SeriesRow): KnownCompany | null {
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
    company: known(company, series),
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
  return { step, statement: readStatement(made.row) };
}
