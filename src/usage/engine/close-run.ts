import { MaestranoError } from '../../errors/maestrano.error.js';
import { MaestranoUsageError } from '../../errors/usage.error.js';
import type { UsageStatement } from '../statement/usage-statement.js';
import type { SeriesSnapshot, StatementStatus, UsageSubject } from '../store/usage-records.js';
import type { SubjectFilter } from '../store/usage-store.js';
import { sweepFacts } from './sweep-facts.js';
import { unsealedStatements } from './unsealed-statements.js';
import { UsageCloser } from './usage-closer.js';
import type { KnownCompany } from './usage-company.js';
import type { UsageCall, UsageContext } from './usage-context.js';

/** Subjects of one look at the store, and those that are closed at the same time. */
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
      const waiting = [...ids];
      const work = async (): Promise<void> => {
        for (let id = waiting.shift(); id !== undefined && !this.call.signal?.aborted; id = waiting.shift()) {
          await this.one(id);
        }
      };
      await Promise.all(Array.from({ length: AT_ONCE }, work));
      this.#companies.clear();
      if (ids.length < PAGE || this.call.signal?.aborted) return this.report;
      after = ids.at(-1)!;
    }
  }

  /** Closes one subject; what fails is in the report. */
  async one(id: string): Promise<void> {
    const snapshot = await this.context.store.load(id);
    if (!snapshot) return;
    this.#looked += 1;
    const { marketplace, group, meter } = snapshot.series;
    const subject = { marketplace, group, meter };
    try {
      const company = await this.#companyOf(snapshot);
      if (this.call.dryRun) return await this.#foresee(snapshot, company);
      const closed = await this.#closer.close(id, company, { ...this.call, send: true });
      if (!closed) return;
      this.#add(subject, closed.sealed);
      for (const { statement, status, error } of closed.sent) {
        const { chain, seq } = statement;
        this.#sent.push({ ...subject, chain, seq, status, error });
      }
      const { sealed, series } = closed;
      if (sealed.length > 0 || series.leftAt !== null) {
        await sweepFacts(this.context, (await this.context.store.load(id))!);
      }
    } catch (error) {
      // One company never keeps the others from being closed.
      const known = error instanceof MaestranoError;
      this.#failed.push({
        ...subject,
        error: known ? error : new MaestranoUsageError('usage.failed', { ...subject, cause: error }),
      });
    }
  }

  /** Adds what would be sealed. */
  async #foresee(snapshot: SeriesSnapshot, company: KnownCompany | null): Promise<void> {
    const { store, settings, now } = this.context;
    const { marketplace, group, meter: name } = snapshot.series;
    const meter = settings.meters.get(name);
    if (!company || !meter) return;
    const options = { store, meter, company, now: now(), open: false };
    this.#add({ marketplace, group, meter: name }, await unsealedStatements(snapshot, options));
  }

  /** Adds what was sealed elsewhere. */
  #add(subject: UsageSubject, statements: readonly UsageStatement[]): void {
    for (const { chain, seq, billed } of statements) this.#sealed.push({ ...subject, chain, seq, billed });
  }

  /** As it is by now; of one that left, as it was. Null when only sending is possible, which is then reported. */
  async #companyOf({ series }: SeriesSnapshot): Promise<KnownCompany | null> {
    const { marketplace, group, meter, leftAt, state } = series;
    if (leftAt !== null && state.company) return state.company;
    const name = JSON.stringify([marketplace, group]);
    const asked = this.#companies.get(name) ?? this.context.company({ marketplace, group }, this.call);
    this.#companies.set(name, asked);
    try {
      const company = await asked;
      if (company) return company;
      this.#failed.push({
        marketplace,
        group,
        meter,
        error: new MaestranoUsageError('usage.unknownGroup', { marketplace, group, meter }),
      });
    } catch (error) {
      if (!(error instanceof MaestranoError)) throw error;
      this.#failed.push({ marketplace, group, meter, error });
    }
    return null;
  }
}
