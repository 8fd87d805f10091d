import { MaestranoError } from '../../errors/maestrano.error.js';
import { MaestranoUsageError } from '../../errors/usage.error.js';
import type { UsageStatement } from '../statement/usage-statement.js';
import type { SeriesSnapshot, StatementStatus, UsageSubject } from '../store/usage-records.js';
import type { SubjectFilter } from '../store/usage-store.js';
import { inHalves } from './in-halves.js';
import { sweepFacts } from './sweep-facts.js';
import { unsealedOfMany } from './unsealed-statements.js';
import { type ClosedSeries, type CloseSubject, UsageCloser } from './usage-closer.js';
import type { KnownCompany } from './usage-company.js';
import type { UsageCall, UsageContext } from './usage-context.js';

/** Subjects of one look at the store, which are closed together, and companies that are asked for at the same time. */
const [PAGE, AT_ONCE] = [200, 4];

/** A statement that a run made. */
export interface UsageClosedStatement extends UsageSubject {
  readonly chain: string;
  readonly seq: number;
  /** In the main unit, as decimal text. */
  readonly billed: string;
}

/** A statement that a run sent, or tried to. */
export interface UsageSentStatement extends UsageSubject {
  readonly chain: string;
  readonly seq: number;
  readonly status: StatementStatus;
  /** Why it is no bill yet; null when it is. */
  readonly error: MaestranoError | null;
}

/** What a run did; of a dry run `sealed` is what would be, and nothing is sent. */
export interface UsageCloseReport {
  /** Companies times meters that were looked at. */
  readonly looked: number;
  readonly sealed: readonly UsageClosedStatement[];
  readonly sent: readonly UsageSentStatement[];
  /** What could not be closed, and why: nothing of it is lost, the next run tries again. */
  readonly failed: readonly (UsageSubject & { readonly error: MaestranoError })[];
}

/** One run over many subjects. */
export class CloseRun {
  readonly #closer: UsageCloser;
  readonly #companies = new Map<string, Promise<KnownCompany | null>>();
  readonly #sealed: UsageClosedStatement[] = [];
  readonly #sent: UsageSentStatement[] = [];
  readonly #failed: (UsageSubject & { readonly error: MaestranoError })[] = [];
  #looked = 0;

  constructor(
    private readonly context: UsageContext,
    private readonly call: UsageCall & { readonly dryRun?: boolean },
  ) {
    this.#closer = new UsageCloser(context);
  }

  get report(): UsageCloseReport {
    return { looked: this.#looked, sealed: this.#sealed, sent: this.#sent, failed: this.#failed };
  }

  /** Closes what is due, or, with a filter, everything that it lets through. */
  async run(filter: SubjectFilter): Promise<UsageCloseReport> {
    const { store, now } = this.context;
    const isFiltered = Object.values(filter).some((value) => value !== undefined);
    const started = now();
    for (let after: string | null = null; ;) {
      const ids: readonly string[] = isFiltered
        ? (await store.list(filter, after, PAGE)).map(({ id }) => id)
        : await store.due(started, after, PAGE);
      await this.some(ids);
      this.#companies.clear();
      if (ids.length < PAGE || this.call.signal?.aborted) return this.report;
      after = ids.at(-1)!;
    }
  }

  /** Closes some subjects together; what fails is in the report. */
  async some(ids: readonly string[]): Promise<void> {
    if (ids.length === 0 || this.call.signal?.aborted) return;
    const found: SeriesSnapshot[] = [];
    await inHalves(ids, async (some) => {
      found.push(...(await this.context.store.loadMany(some)).filter((one) => one !== null));
    });
    this.#looked += found.length;
    const subjects = new Set(await this.#withCompanies(found));
    try {
      await inHalves([...subjects], async (some) => {
        if (this.call.dryRun) await this.#foresee(some);
        else await this.#close(some);
        for (const one of some) subjects.delete(one);
      });
    } catch (error) {
      // What was done by then is in the store; what is known of it is with the next run.
      for (const { snapshot } of subjects) this.#fail(snapshot, error);
    }
  }

  async #close(subjects: readonly CloseSubject[]): Promise<void> {
    const closed = await this.#closer.closeAll(subjects, { ...this.call, send: true });
    for (const one of closed) this.#report(one);
    await this.#sweep(closed);
  }

  #report({ snapshot, sealed, sent, error }: ClosedSeries): void {
    const subject = subjectOf(snapshot);
    this.#add(subject, sealed);
    for (const { statement, status, error: reason } of sent) {
      const { chain, seq } = statement;
      this.#sent.push({ ...subject, chain, seq, status, error: reason });
    }
    if (error !== null) this.#fail(snapshot, error);
  }

  /** Removes facts that cannot change anything any more. */
  async #sweep(closed: readonly ClosedSeries[]): Promise<void> {
    const changed = closed.filter(
      ({ error, sealed, series }) => error === null && (sealed.length > 0 || series.leftAt !== null),
    );
    const snapshots = changed.map(({ snapshot }) => snapshot);
    try {
      await sweepFacts(this.context, snapshots);
    } catch (error) {
      for (const snapshot of snapshots) this.#fail(snapshot, error);
    }
  }

  /** One company never keeps the others from being closed. */
  #fail(snapshot: SeriesSnapshot, error: unknown): void {
    const subject = subjectOf(snapshot);
    const known = error instanceof MaestranoError;
    this.#failed.push({
      ...subject,
      error: known ? error : new MaestranoUsageError('usage.failed', { ...subject, cause: error }),
    });
  }

  /** Subjects with what is known of their companies, of which a few are asked for at the same time. */
  async #withCompanies(snapshots: readonly SeriesSnapshot[]): Promise<readonly CloseSubject[]> {
    const subjects: CloseSubject[] = [];
    const waiting = [...snapshots.entries()];
    const work = async (): Promise<void> => {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
        const [index, snapshot] = next;
        const isOver = this.call.signal?.aborted === true;
        subjects[index] = { snapshot, company: isOver ? null : await this.#companyOf(snapshot) };
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    return subjects;
  }

  /** Adds what would be sealed. */
  async #foresee(subjects: readonly CloseSubject[]): Promise<void> {
    const { store, settings, now } = this.context;
    const requests = subjects.flatMap(({ snapshot, company }) => {
      const meter = settings.meters.get(snapshot.series.meter);
      return company && meter ? [{ snapshot, meter, company }] : [];
    });
    const results = await unsealedOfMany(requests, { store, now: now(), open: false });
    for (const [index, result] of results.entries()) {
      const { snapshot } = requests[index]!;
      if ('error' in result) this.#fail(snapshot, result.error);
      else this.#add(subjectOf(snapshot), result.statements);
    }
  }

  /** Adds what was sealed, or would be. */
  #add(subject: UsageSubject, statements: readonly UsageStatement[]): void {
    for (const { chain, seq, billed } of statements) this.#sealed.push({ ...subject, chain, seq, billed });
  }

  /** As it is by now; of one that left, as it was. Null when only sending is possible, which is then reported. */
  async #companyOf(snapshot: SeriesSnapshot): Promise<KnownCompany | null> {
    const { marketplace, group, meter, leftAt, state } = snapshot.series;
    if (leftAt !== null && state.company) return state.company;
    const name = JSON.stringify([marketplace, group]);
    const asked = this.#companies.get(name) ?? this.context.company({ marketplace, group }, this.call);
    this.#companies.set(name, asked);
    try {
      const company = await asked;
      if (company) return company;
      this.#fail(snapshot, new MaestranoUsageError('usage.unknownGroup', { marketplace, group, meter }));
    } catch (error) {
      this.#fail(snapshot, error);
    }
    return null;
  }
}

function subjectOf({ series: { marketplace, group, meter } }: SeriesSnapshot): UsageSubject {
  return { marketplace, group, meter };
}
