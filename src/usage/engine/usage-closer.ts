import { MaestranoError } from '../../errors/maestrano.error.js';
import { MaestranoSqlError } from '../../errors/sql.error.js';
import { MaestranoUsageError } from '../../errors/usage.error.js';
import { AMOUNT_PLACES, parseExact } from '../exact/exact-decimal.js';
import type { UsageStatement } from '../statement/usage-statement.js';
import type {
  FoundStatement,
  PeriodRow,
  SealStep,
  SeriesRow,
  SeriesSnapshot,
} from '../store/usage-records.js';
import type { MeterSettings } from '../usage-settings.js';
import { isTooMuch } from './in-halves.js';
import { openPeriods } from './open-periods.js';
import { type PlanResult, planStatements } from './plan-statements.js';
import { afterStep, keptCompany, sealStep } from './seal-step.js';
import { dueAt, isChainOver, type StatementPlan } from './statement-plan.js';
import { type SentStatement, StatementSender, stepOf } from './statement-sender.js';
import { removableAt } from './sweep-facts.js';
import type { KnownCompany } from './usage-company.js';
import type { UsageCall, UsageContext } from './usage-context.js';

/** Passes over subjects: one for each statement, and for each time that somebody was quicker. */
const MAX_PASSES = 600;

/** Never. */
const NEVER = Number.MAX_SAFE_INTEGER;

/** A subject to close. */
export interface CloseSubject {
  readonly snapshot: SeriesSnapshot;
  /** What is known of the company by now; null where nobody could be asked: then only what is sealed is sent. */
  readonly company: KnownCompany | null;
}

/** What came of closing one subject. */
export interface ClosedSeries {
  /** As it is afterwards. */
  readonly snapshot: SeriesSnapshot;
  readonly series: SeriesRow;
  readonly sealed: readonly UsageStatement[];
  readonly sent: readonly SentStatement[];
  /** What kept it from being closed; null where nothing did. */
  readonly error: unknown;
}

/** A subject while it is closed. */
interface Work extends CloseSubject {
  snapshot: SeriesSnapshot;
  readonly sealed: UsageStatement[];
  readonly rows: FoundStatement[];
  readonly sent: SentStatement[];
  isStale: boolean;
  /** Whether something may be sealed that nobody said. */
  isUncertain: boolean;
  isDone: boolean;
  error: unknown;
}

/** A subject with the periods that have to be opened. */
interface Present {
  readonly work: Work;
  readonly meter: MeterSettings;
  readonly present: SeriesSnapshot;
  readonly opened: readonly PeriodRow[];
}

/** What a pass writes of a subject, and what it states. */
interface Written {
  readonly work: Work;
  readonly present: SeriesSnapshot;
  readonly step: SealStep;
  readonly plan: StatementPlan | null;
  readonly statement: UsageStatement | null;
}

/**
 * Closes subjects (usage §5.1): sends what is sealed, seals what is due, and sends that. Many at once cost as many calls to the
 * store as one: reading, sealing and marking are each one call for all of them, and each subject stays a unit of its own, which
 * is sealed or not whatever comes of the others.
 */
export class UsageCloser {
  readonly #sender: StatementSender;

  constructor(private readonly context: UsageContext) {
    this.#sender = new StatementSender(context);
  }

  /** Closes one subject; null when there is none. @throws what kept it from being closed, `usage.currency` for example */
  async close(
    id: string,
    company: KnownCompany | null,
    options: UsageCall & { readonly send: boolean },
  ): Promise<ClosedSeries | null> {
    const snapshot = await this.context.store.load(id);
    if (!snapshot) return null;
    const [closed] = await this.closeAll([{ snapshot, company }], options);
    if (closed!.error !== null) throw closed!.error;
    return closed!;
  }

  /**
   * Closes subjects of different series, in their order; what fails is with the subject it is of.
   *
   * @throws MaestranoSqlError `sql.timeout`, where they are too many for the store to read at once
   */
  async closeAll(
    subjects: readonly CloseSubject[],
    options: UsageCall & { readonly send: boolean },
  ): Promise<readonly ClosedSeries[]> {
    const all = subjects.map((subject): Work => ({
      ...subject,
      sealed: [],
      rows: [],
      sent: [],
      isStale: false,
      isUncertain: false,
      // The usage of a meter that is gone is kept until it is there again.
      isDone: !subject.company || !this.context.settings.meters.has(subject.snapshot.series.meter),
      error: null,
    }));
    if (options.send) {
      const open = await this.#sender.waiting(all.map(({ snapshot }) => snapshot.series.id));
      await this.#send(all, (work) => open.get(work.snapshot.series.id) ?? [], options);
    }
    for (let pass = 0; pass < MAX_PASSES && !options.signal?.aborted; pass += 1) {
      const active = all.filter(({ isDone }) => !isDone);
      if (active.length === 0) break;
      try {
        await this.#reload(active.filter(({ isStale }) => isStale));
        await this.#pass(active.filter(({ isDone }) => !isDone));
      } catch (error) {
        if (!(error instanceof MaestranoError) || (isTooMuch(error) && all.length > 1)) throw error;
        // The store is away: what is sealed by now is sent all the same.
        for (const work of active) if (!work.isDone) end(work, error);
      }
    }
    if (!options.signal?.aborted) {
      for (const work of all) if (!work.isDone) work.error = new MaestranoUsageError('usage.contention');
    }
    if (options.send) {
      const uncertain = all
        .filter(({ isUncertain }) => isUncertain)
        .map(({ snapshot }) => snapshot.series.id);
      const open = await this.#sender.waiting(uncertain);
      await this.#send(all, ({ rows, snapshot }) => open.get(snapshot.series.id) ?? rows, options);
    }
    return all.map(({ snapshot, sealed, sent, error }) => ({
      snapshot,
      series: snapshot.series,
      sealed,
      sent,
      error,
    }));
  }

  async #send(
    all: readonly Work[],
    statementsOf: (work: Work) => readonly FoundStatement[],
    call: UsageCall,
  ): Promise<void> {
    const sendings = all.map((work) => ({ ...work, statements: statementsOf(work) }));
    for (const [index, { sent, error, isStale }] of (await this.#sender.sendAll(sendings, call)).entries()) {
      const work = all[index]!;
      work.sent.push(...sent);
      work.isStale ||= isStale;
      if (error === null) continue;
      work.error ??= error;
      work.isDone = true;
    }
  }

  /** Reads again what somebody else changed. */
  async #reload(works: readonly Work[]): Promise<void> {
    if (works.length === 0) return;
    const found = await this.context.store.loadMany(works.map(({ snapshot }) => snapshot.series.id));
    for (const [index, work] of works.entries()) {
      const snapshot = found[index];
      if (snapshot) work.snapshot = snapshot;
      else work.isDone = true;
      work.isStale = false;
    }
  }

  /** Opens what is missing, and seals the next statement, of each subject. */
  async #pass(works: readonly Work[]): Promise<void> {
    const now = this.context.now();
    const presents = works.flatMap((work): Present[] => {
      try {
        return [this.#present(work, now)];
      } catch (error) {
        end(work, error);
        return [];
      }
    });
    const plans = await planStatements(
      this.context.store,
      presents.map(({ work, meter, present: snapshot }) => ({
        snapshot,
        meter,
        options: { now, trialEnd: work.company!.trialEnd, open: false },
      })),
    );
    const written = presents.flatMap((one, index) => this.#written(one, plans[index]!, now));
    const results = await this.#seal(written);
    for (const [index, { work, present, step, plan, statement }] of written.entries()) {
      const result = results[index];
      if (result instanceof Error) end(work, result);
      else if (!result) work.isStale = true;
      else {
        work.snapshot = afterStep(present, step);
        work.isDone = plan === null && step.opened === undefined;
        if (!statement || !plan) continue;
        work.sealed.push(statement);
        work.rows.push({ ...step.statement!, series: step.series });
        await this.#tellCredit(present, plan, statement);
      }
    }
  }

  /** @throws MaestranoUsageError `usage.currency` */
  #present(work: Work, now: number): Present {
    const { snapshot } = work;
    const company = work.company!;
    const meter = this.context.settings.meters.get(snapshot.series.meter)!;
    const { opened, state } = openPeriods(snapshot, meter, company, now);
    if (opened.length === 0) return { work, meter, present: snapshot, opened };
    const { series } = snapshot;
    const periods = [...snapshot.periods, ...opened].toSorted((one, other) => one.n - other.n);
    const kept = { ...state, company: keptCompany(company, series) };
    return { work, meter, present: { ...snapshot, series: { ...series, state: kept }, periods }, opened };
  }

  /** What has to be written of a subject; nothing where it is closed. */
  #written({ work, meter, present, opened }: Present, planned: PlanResult, now: number): Written[] {
    if ('error' in planned) {
      end(work, planned.error);
      return [];
    }
    const { plan } = planned;
    const company = work.company!;
    const more = opened.length === 0 ? {} : { opened };
    if (plan) {
      const { step, statement } = sealStep(present, meter, company, plan, now);
      return [{ work, present, step: { ...step, ...more }, plan, statement }];
    }
    const nextDue = this.#nextDue(present, now);
    work.isDone = opened.length === 0 && nextDue === present.series.nextDue;
    if (work.isDone) return [];
    const step = stepOf(present);
    const state = { ...step.state, company: keptCompany(company, present.series) };
    return [{ work, present, step: { ...step, ...more, state, nextDue }, plan: null, statement: null }];
  }

  /** Whether each step was sealed; an error where its own fails, whatever comes of the others. */
  async #seal(written: readonly Written[]): Promise<readonly (boolean | Error)[]> {
    const { store } = this.context;
    const steps = written.map(({ step }) => step);
    if (steps.length === 0) return [];
    try {
      return await store.sealEach(steps);
    } catch (error) {
      if (steps.length === 1 || (error instanceof MaestranoSqlError && error.code !== 'sql.failed'))
        throw error;
      // One that cannot be written, whatever it is, does not keep the others from being written; some may be written already.
      for (const { work } of written) work.isUncertain = true;
      const results: (boolean | Error)[] = [];
      for (const step of steps) {
        results.push(await store.seal([step]).catch((reason: unknown) => asError(reason)));
      }
      return results;
    }
  }

  async #tellCredit(
    present: SeriesSnapshot,
    plan: StatementPlan,
    { currency, seq, closing }: UsageStatement,
  ): Promise<void> {
    if (!isChainOver(present, plan) || parseExact(closing, AMOUNT_PLACES) >= 0n) return;
    const { marketplace, group, meter } = present.series;
    const about = { marketplace, group, meter, currency, amount: closing, statement: seq };
    await this.context.emit({ type: 'usage.creditLeft', ...about });
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

/** Ends the work on a subject, with what failed. */
function end(work: Work, error: unknown): void {
  work.error = error;
  work.isDone = true;
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error('The store failed.', { cause: reason });
}
