import { MaestranoUsageError } from '../errors/usage.error.js';
import { batchesOf, batchesOfStream } from '../utils/batches.js';
import { formatExact, QUANTITY_PLACES } from './exact/exact-decimal.js';
import { checkMeters } from './engine/check-meters.js';
import { CloseRun, type UsageCloseReport } from './engine/close-run.js';
import { CompanyDeparture, type LeavingCompany } from './engine/company-departure.js';
import { companyReturned } from './engine/company-return.js';
import { meterOf } from './engine/read-fact.js';
import { readStatement } from './engine/seal-statement.js';
import { unsealedStatements } from './engine/unsealed-statements.js';
import { type UsageBalance, type UsageBalancePage, UsageBalances } from './engine/usage-balances.js';
import { UsageBooks, type UsageKnownFact, type UsageVerification } from './engine/usage-books.js';
import type { UsageContext } from './engine/usage-context.js';
import { type UsageOverTime, usageOverTime } from './engine/usage-over-time.js';
import { UsageRecorder } from './engine/usage-recorder.js';
import { StatementDecisions } from './engine/statement-decisions.js';
import type { UsageCorrection, UsageFact, UsageRecorded, UsageRecordResult } from './meters/usage-fact.js';
import type { UsageStatement } from './statement/usage-statement.js';
import type { SeriesRow, StatementStatus } from './store/usage-records.js';
import type { SubjectFilter } from './store/usage-store.js';
import {
  findChain,
  findStatement,
  findSubject,
  type UsageChainRef,
  type UsageStatementRef,
} from './usage-references.js';

/** Facts that are recorded at once, unless asked for otherwise, and at most. */
const [BATCH, MAX_BATCH] = [500, 1_000];

/** Rows of one look at the store; companies whose balances are looked at together. */
const [PAGE, COMPANIES] = [500, 2_000];

/** How long a leaving company's bills are sent for, in milliseconds (usage §0 row 10). */
const SEND_WITHIN_MS = 2_000;

/** What a run of `close()` is about; everything that is due by default. */
export interface UsageCloseOptions {
  readonly marketplace?: string;
  readonly group?: string;
  readonly meter?: string;
  /** As if it were this time; now by default. */
  readonly now?: Date;
  /** Computes what would be sealed, and writes and sends nothing; false by default. */
  readonly dryRun?: boolean;
  /** Ends the run after what it is doing. */
  readonly signal?: AbortSignal;
}

/** Everything that the metering of usage can do; `MaestranoUsage` is it as a Nest provider. */
export class UsageOperations {
  readonly #recorder: UsageRecorder;
  readonly #books: UsageBooks;
  readonly #balances: UsageBalances;
  readonly #decisions: StatementDecisions;

  constructor(private readonly context: UsageContext) {
    this.#recorder = new UsageRecorder(context);
    this.#books = new UsageBooks(context);
    this.#balances = new UsageBalances(context);
    this.#decisions = new StatementDecisions(context);
  }

  /** Names of the meters. */
  get meters(): readonly string[] {
    return [...this.context.settings.meters.keys()];
  }

  /**
   * Records one use, once for its id (usage §3.1). With `tx`, the fact is there exactly when that transaction of yours
   * commits, and needs no retry; without, call again with the same fact until it is answered.
   *
   * @throws MaestranoUsageError what `recordMany` reports
   */
  async record(fact: UsageFact, options: { readonly tx?: unknown } = {}): Promise<UsageRecorded> {
    const [result] = await this.#recorder.record([fact], options);
    if (result!.result === 'refused') throw result!.error;
    return result!.result;
  }

  /**
   * Records many uses, with one result each, in their order; a bad one never loses the others.
   *
   * @param options `historical`: what lies before the company's first period is known from then on, and never charged.
   * `batch`: facts of one round trip, 500 by default and 1,000 at most.
   */
  async *recordMany(
    facts: Iterable<UsageFact> | AsyncIterable<UsageFact>,
    options: { readonly tx?: unknown; readonly historical?: boolean; readonly batch?: number } = {},
  ): AsyncGenerator<UsageRecordResult, void, undefined> {
    const size = Math.max(1, Math.min(MAX_BATCH, options.batch ?? BATCH));
    const batches = Symbol.asyncIterator in facts ? batchesOfStream(facts, size) : batchesOf(facts, size);
    for await (const batch of batches) {
      for (const result of await this.#recorder.record(batch, options)) yield result;
    }
  }

  /**
   * Gives a fact another quantity, or takes it away; the last correction holds. What was stated already comes right in the
   * next statement.
   *
   * @throws MaestranoUsageError `usage.unknownStatement`, `usage.conflict`, `usage.quantity`
   */
  async correct(correction: UsageCorrection, options: { readonly tx?: unknown } = {}): Promise<void> {
    await this.#recorder.correct(correction, options);
  }

  /**
   * The next statement as it would be by now, with the present period if none is due. Nothing is written or sent.
   *
   * @throws MaestranoUsageError `usage.unknownStatement` where nothing was ever recorded; `usage.unknownGroup`, `usage.currency`
   */
  async preview(ref: UsageChainRef, options: { readonly at?: Date } = {}): Promise<UsageStatement> {
    const { marketplace, group } = ref;
    const meter = meterOf(this.context.settings, ref.meter);
    const snapshot = await findSubject(this.context.store, ref);
    const company = await this.context.company({ marketplace, group }, {});
    const about = { marketplace, group, meter: meter.name };
    if (!company) throw new MaestranoUsageError('usage.unknownGroup', about);
    const now = options.at?.getTime() ?? this.context.now();
    const { store } = this.context;
    const [next] = await unsealedStatements({ snapshot, meter, company }, { store, now, open: true });
    if (!next) throw new MaestranoUsageError('usage.unknownStatement', about);
    return next;
  }

  /**
   * Seals what is due, and sends what is sealed (usage §5.1): by itself every hour, unless `schedule` is `off`. Any number of
   * processes may do so at once, and a process that dies leaves nothing undone. Given a company or a meter, late facts are
   * stated at once instead of with the next regular statement.
   */
  async close(options: UsageCloseOptions = {}): Promise<UsageCloseReport> {
    const { now, signal, marketplace, group, meter, dryRun = false } = options;
    const context = now ? { ...this.context, now: () => now.getTime() } : this.context;
    const run = new CloseRun(context, { ...(signal && { signal }), dryRun });
    return run.run({
      ...(marketplace !== undefined && { marketplace }),
      ...(group !== undefined && { group }),
      ...(meter !== undefined && { meter }),
    });
  }

  /**
   * The last close of a company that leaves (usage §5.5): everything is sealed in the store, then sent for some time. What
   * could not be sent by then goes out with the next `close()`. Usage after it is refused.
   */
  async finish(
    company: LeavingCompany,
    options: { readonly sendWithinMs?: number } = {},
  ): Promise<UsageCloseReport> {
    this.#recorder.forget(company);
    const { sendWithinMs = SEND_WITHIN_MS } = options;
    return new CompanyDeparture(this.context).finish(company, sendWithinMs);
  }

  /**
   * Takes the usage of a company that left and is a customer again under the same id: in a new chain, to which nothing is carried
   * over (usage §5.5). Called by itself when somebody signs in through it within 90 days; nothing happens for one that is there.
   */
  async returned(company: LeavingCompany): Promise<void> {
    await companyReturned(this.context, company);
    this.#recorder.forget(company);
  }

  /** @throws MaestranoUsageError `usage.unknownStatement` */
  async statement(ref: { readonly bill: string } | UsageStatementRef): Promise<UsageStatement> {
    if (!('bill' in ref)) return readStatement((await findStatement(this.context.store, ref)).statement);
    const found = await this.context.store.statementOfBill(ref.bill);
    if (!found) throw new MaestranoUsageError('usage.unknownStatement');
    return readStatement(found);
  }

  /** Statements of a subject's chains, newest first. */
  async *statements(
    filter: {
      readonly marketplace?: string;
      readonly group?: string;
      readonly meter?: string;
      readonly status?: StatementStatus;
    } = {},
  ): AsyncGenerator<UsageStatement, void, undefined> {
    const { status, ...subjects } = filter;
    for await (const series of this.#series(subjects)) {
      const query = { limit: PAGE, ...(status !== undefined && { status: [status] }) };
      for (const chain of series.state.chains.toReversed()) {
        for (let before: number | undefined; ;) {
          const more = { ...query, chain: chain.id, ...(before !== undefined && { before }) };
          const page = await this.context.store.statements(series.id, more);
          for (const one of page) yield readStatement(one);
          if (page.length < PAGE) break;
          before = page.at(-1)!.seq;
        }
      }
    }
  }

  /** Facts that a statement states, as long as they are kept. */
  async *facts(
    ref: UsageStatementRef,
  ): AsyncGenerator<UsageFact & { readonly corrects: string | null }, void, undefined> {
    const { snapshot, chain } = await findStatement(this.context.store, ref);
    const { marketplace, group, meter } = ref;
    const own = snapshot.periods.filter((period) => period.chain === chain.id);
    const range = { from: own[0]!.starts, to: own.at(-1)!.ends };
    for (let after: string | null = null; ;) {
      const page = await this.context.store.facts(snapshot.series.id, { ...range, after, limit: PAGE });
      for (const { id, at, key, statement, corrects, quantity } of page) {
        if (statement !== ref.seq) continue;
        const named = key === '' ? {} : { key };
        yield {
          marketplace,
          group,
          meter,
          id,
          at: new Date(at),
          quantity: formatExact(quantity, QUANTITY_PLACES),
          corrects,
          ...named,
        };
      }
      if (page.length < PAGE) return;
      after = page.at(-1)!.id;
    }
  }

  /** Usage by local day or by period, and what it costs, from facts that are still kept; nothing of days to come. */
  async usage(
    ref: UsageChainRef,
    from: Date,
    to: Date,
    by: 'day' | 'period',
  ): Promise<readonly UsageOverTime[]> {
    meterOf(this.context.settings, ref.meter);
    const snapshot = await findSubject(this.context.store, ref);
    return usageOverTime(this.context, snapshot, { from: from.getTime(), to: to.getTime(), by });
  }

  /**
   * What every chain carries on, and what of it is stated and not billed. Up to 2,000 companies and meters are looked at
   * together, with as many calls to the store as one.
   */
  async balances(
    filter: { readonly marketplace?: string; readonly group?: string; readonly meter?: string } = {},
  ): Promise<readonly UsageBalance[]> {
    const balances: UsageBalance[] = [];
    for (let after: string | null = null; ;) {
      const page: readonly SeriesRow[] = await this.context.store.list(filter, after, COMPANIES);
      balances.push(...(await this.#balances.of(page)));
      if (page.length < COMPANIES) return balances;
      after = page.at(-1)!.id;
    }
  }

  /** A page of {@link UsageOperations.balances}: of 50 companies and meters at a time, in the order they first came in. */
  async balancePage(
    filter: { readonly marketplace?: string; readonly group?: string; readonly meter?: string },
    { after = null, limit = 50 }: { readonly after?: string | null; readonly limit?: number } = {},
  ): Promise<UsageBalancePage> {
    const size = Math.max(1, Math.min(PAGE, limit));
    const found = await this.context.store.list(filter, after, size + 1);
    const page = found.slice(0, size);
    const balances = await this.#balances.of(page);
    return { balances, next: found.length > size ? (page.at(-1)?.id ?? null) : null };
  }

  /**
   * Statements that wait for a person, the oldest first: held or refused ones, those whose time for a card ran out, and
   * stale ones.
   */
  async waiting(options: { readonly limit?: number } = {}): Promise<readonly UsageStatement[]> {
    return this.#books.waiting(Math.max(1, Math.min(MAX_BATCH, options.limit ?? PAGE)));
  }

  /** A fact by its id, as it counts by now; null where there is none, or none any more. */
  async fact(
    subject: { readonly marketplace: string; readonly group: string; readonly meter: string },
    id: string,
  ): Promise<UsageKnownFact | null> {
    return this.#books.fact(await findSubject(this.context.store, subject), id);
  }

  /** Some uses that a statement states, of its own period: a look, where `facts()` has all. At most `limit`, 50 by default. */
  async someUses(ref: UsageStatementRef, limit = 50): Promise<readonly UsageFact[]> {
    const { snapshot, statement } = await findStatement(this.context.store, ref);
    return this.#books.someUses(snapshot, statement, Math.max(1, Math.min(PAGE, limit)));
  }

  /**
   * Takes the newest bill of a chain back, until a day before it is invoiced; its amount is in the opening of the next
   * statement.
   *
   * @throws MaestranoUsageError `usage.invoiced`, `usage.status`, `usage.held`, `usage.refused`
   */
  async reopen(ref: UsageStatementRef): Promise<UsageStatement> {
    return this.#decisions.reopen(ref);
  }

  /** Lets a statement that is held go out. @throws MaestranoUsageError `usage.status`, `usage.refused` */
  async approve(ref: UsageStatementRef): Promise<UsageStatement> {
    return this.#decisions.release(ref, ['held']);
  }

  /** Sends a refused, stale or expired statement again. @throws MaestranoUsageError `usage.status`, `usage.held` */
  async retry(ref: UsageStatementRef): Promise<UsageStatement> {
    return this.#decisions.release(ref, ['refused', 'expired', 'sealed']);
  }

  /** Gives a statement up that cannot be billed. @throws MaestranoUsageError `usage.status` */
  async writeOff(ref: UsageStatementRef, reason: string): Promise<UsageStatement> {
    return this.#decisions.writeOff(ref, reason);
  }

  /**
   * Moves an amount from one chain to another of the same currency, with a statement in both; a negative one moves a credit.
   *
   * @param amount decimal text in the main unit.
   * @throws MaestranoUsageError `usage.currency`, `usage.quantity`
   */
  async transfer(from: UsageChainRef, to: UsageChainRef, amount: string): Promise<void> {
    await this.#decisions.transfer(from, to, amount);
  }

  /**
   * Looks whether statements and facts of a chain are as they were sealed, and its bills at the marketplace as they were made.
   *
   * @param options `bills`: false leaves the marketplace out; true by default, with a request for each bill.
   * @throws MaestranoError where the marketplace cannot be asked
   */
  async verify(
    ref: UsageChainRef,
    { bills = true }: { readonly bills?: boolean } = {},
  ): Promise<UsageVerification> {
    const { snapshot, chain } = await findChain(this.context.store, ref);
    return this.#books.verify(snapshot, chain, { bills });
  }

  /**
   * Compares the meters with what is billed and opened by them; resolves with what a person should know of.
   *
   * @throws MaestranoUsageError `usage.priceChanged`
   */
  protected checkMeters(): Promise<readonly string[]> {
    return checkMeters(this.context);
  }

  async *#series(filter: SubjectFilter): AsyncGenerator<SeriesRow, void, undefined> {
    for (let after: string | null = null; ;) {
      const page: readonly SeriesRow[] = await this.context.store.list(filter, after, PAGE);
      yield* page;
      if (page.length < PAGE) return;
      after = page.at(-1)!.id;
    }
  }
}
