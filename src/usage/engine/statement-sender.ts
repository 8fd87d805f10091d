import { MaestranoAccountError, MaestranoInvalidRequestError } from '../../errors/account.error.js';
import { MaestranoError } from '../../errors/maestrano.error.js';
import { MaestranoUsageError } from '../../errors/usage.error.js';
import type { SealedStatement } from '../statement/usage-statement.js';
import type {
  FoundStatement,
  SeriesSnapshot,
  StatementMark,
  StatementProgress,
  StatementStatus,
  UsageSubject,
} from '../store/usage-records.js';
import { MAX_TRIES, type UsageCall, type UsageContext } from './usage-context.js';
import type { KnownCompany } from './usage-company.js';
import { addAmounts } from './chain-amounts.js';
import { MarkQueue } from './mark-queue.js';
import { Semaphore } from './semaphore.js';

const DAY_MS = 86_400_000;

/** How long a statement waits for a card (usage §3.6), in milliseconds. */
const CARD_WAIT_MS = 90 * DAY_MS;

/** As long as `createOnce` remembers a key by default: what is older is not sent by itself (usage §5.2). */
const STALE_MS = 400 * DAY_MS;

/** Requests to marketplaces at the same time, and subjects whose statements are on their way. */
const [REQUESTS, SUBJECTS] = [4, 50];

/** What came of sending. */
export interface SentStatement {
  readonly statement: FoundStatement;
  readonly status: StatementStatus;
  /** Why it is not a bill yet; null when it is. */
  readonly error: MaestranoError | null;
}

/** What subjects share that are sent at once. */
interface Shared {
  readonly marks: MarkQueue;
  readonly requests: Semaphore;
}

/** Statements of one subject to be sent. */
export interface Sending {
  readonly snapshot: SeriesSnapshot;
  /** As it is by now, and null where nobody knows. */
  readonly company: KnownCompany | null;
  /** The oldest first. */
  readonly statements: readonly FoundStatement[];
}

/** What came of sending those of one subject. */
export interface SendingResult {
  readonly sent: readonly SentStatement[];
  /** What ended it before its time; null where nothing did. */
  readonly error: unknown;
  /** Whether the subject is another by now. */
  readonly isStale: boolean;
}

/** Turns sealed statements into bills: with what was sealed, and nothing else (usage §5.1 step 1). */
export class StatementSender {
  constructor(private readonly context: UsageContext) {}

  /** Statements of subjects that are on their way or wait, by series. */
  async waiting(series: readonly string[]): Promise<ReadonlyMap<string, readonly FoundStatement[]>> {
    if (series.length === 0) return new Map();
    const found = await this.context.store.statementsOf(series, ['sealed', 'cancelling', 'held']);
    const bySeries = new Map<string, FoundStatement[]>(series.map((id) => [id, []]));
    for (const statement of found) bySeries.get(statement.series)?.push(statement);
    return bySeries;
  }

  /** Sends what is on its way of one subject. */
  async send(
    snapshot: SeriesSnapshot,
    company: KnownCompany | null,
    call: UsageCall,
  ): Promise<readonly SentStatement[]> {
    const { id } = snapshot.series;
    const statements = (await this.waiting([id])).get(id) ?? [];
    const [result] = await this.sendAll([{ snapshot, company, statements }], call);
    if (result!.error !== null) throw result!.error;
    return result!.sent;
  }

  /**
   * Sends statements of many subjects, those of each one after the other: a few requests at the same time, and what came of
   * them is written down together. What fails is with the subject it is of.
   */
  async sendAll(sendings: readonly Sending[], call: UsageCall): Promise<readonly SendingResult[]> {
    const results = sendings.map((): { sent: SentStatement[]; error: unknown; isStale: boolean } => ({
      sent: [],
      error: null,
      isStale: false,
    }));
    const shared: Shared = { marks: new MarkQueue(this.context.store), requests: new Semaphore(REQUESTS) };
    const rest = [...sendings.entries()].filter(([, { statements }]) => statements.length > 0);
    const work = async (): Promise<void> => {
      for (let next = rest.shift(); next !== undefined; next = rest.shift()) {
        const [index, sending] = next;
        const result = results[index]!;
        try {
          await this.#sendOf(sending, result, shared, call);
        } catch (error) {
          result.error = error;
        }
      }
    };
    await Promise.all(Array.from({ length: Math.min(SUBJECTS, rest.length) }, work));
    return results;
  }

  async #sendOf(
    { snapshot, company, statements }: Sending,
    result: { readonly sent: SentStatement[]; isStale: boolean },
    shared: Shared,
    call: UsageCall,
  ): Promise<void> {
    for (const statement of statements) {
      if (call.signal?.aborted) return;
      if (statement.status === 'cancelling') {
        result.isStale = true;
        await this.cancel(statement, call);
        continue;
      }
      const ready = await this.#ready(snapshot, statement, company);
      if (ready) result.sent.push(await this.#sendOne(snapshot, ready, shared, call));
    }
  }

  /** A statement that can be sent; null for one that goes on waiting. */
  async #ready(
    snapshot: SeriesSnapshot,
    statement: FoundStatement,
    company: KnownCompany | null,
  ): Promise<FoundStatement | null> {
    if (statement.status === 'sealed') return statement;
    const { held } = statement.progress;
    if (statement.status !== 'held' || !company) return null;
    if (held === 'company') return this.#lookForCompany(snapshot, statement, company);
    return held === 'card' ? this.#lookForCard(snapshot, statement, company) : null;
  }

  /**
   * Takes the bills of a statement back, and its amount into the carry of its chain.
   *
   * @returns `cancelled`, or `billed` when they are invoiced.
   */
  async cancel(statement: FoundStatement, call: UsageCall): Promise<'cancelled' | 'billed'> {
    const { store, billing, now } = this.context;
    const { company, billed } = JSON.parse(statement.body) as SealedStatement;
    const progress = { ...statement.progress, since: now() };
    const mark = { chain: statement.chain, seq: statement.seq, from: ['cancelling'] as const };
    const ids = statement.progress.bills.flatMap(({ id }) => id ?? []);
    for (const [index, id] of ids.entries()) {
      try {
        await billing.cancel(company.marketplace, id, call);
      } catch (error) {
        if (!(error instanceof MaestranoInvalidRequestError) || index > 0) throw error;
        await store.mark(statement.series, { ...mark, to: 'billed', progress });
        return 'billed';
      }
    }
    for (let tries = 0; tries < MAX_TRIES; tries += 1) {
      const snapshot = await store.load(statement.series);
      const { series } = snapshot!;
      const chains = series.state.chains.map((chain) =>
        chain.id === statement.chain
          ? {
              ...chain,
              carry: addAmounts(chain.carry, billed),
              returned: [...chain.returned, statement.seq],
            }
          : chain,
      );
      const done = await store.seal([
        {
          ...stepOf(snapshot!),
          state: { ...series.state, chains },
          mark: { ...mark, to: 'cancelled', progress },
        },
      ]);
      if (done) return 'cancelled';
      const present = await store.statement(statement.series, statement.chain, statement.seq);
      // Somebody else was quicker.
      if (present?.status !== 'cancelling') return present?.status === 'cancelled' ? 'cancelled' : 'billed';
    }
    // It stays `cancelling`: the next run goes on with it.
    throw new MaestranoUsageError('usage.contention');
  }

  async #sendOne(
    { series }: SeriesSnapshot,
    statement: FoundStatement,
    { marks, requests }: Shared,
    call: UsageCall,
  ): Promise<SentStatement> {
    const { billing, now } = this.context;
    const { marketplace } = series;
    if (now() - statement.progress.since > STALE_MS) return this.#stale(statement);
    const sealed = JSON.parse(statement.body) as SealedStatement;
    const bills = [...statement.progress.bills];
    for (const [index, bill] of bills.entries()) {
      if (bill.id !== null) continue;
      const { units, ...payload } = sealed.payload!;
      const { priceCents, description, key } = bill;
      const input = { ...payload, ...(units !== null && { units }), priceCents, description };
      try {
        const id = await requests.run(() => billing.createOnce(marketplace, key, input, call));
        bills[index] = { ...bill, id };
      } catch (error) {
        return this.#failed(statement, bills, error, series.leftAt !== null);
      }
    }
    const progress = { ...statement.progress, bills, since: now(), error: null, fields: {} };
    await marks.add(statement.series, markOf(statement, 'billed', progress));
    return { statement, status: 'billed', error: null };
  }

  /** Refused for what it says: a person decides. Anything else passes, and is tried again. */
  async #failed(
    statement: FoundStatement,
    bills: StatementProgress['bills'],
    error: unknown,
    hasLeft: boolean,
  ): Promise<SentStatement> {
    if (!(error instanceof MaestranoError)) throw error;
    const refused = error instanceof MaestranoInvalidRequestError || error.code === 'account.keyConflict';
    const fields = error instanceof MaestranoAccountError ? error.fields : {};
    const since = refused ? this.context.now() : statement.progress.since;
    const progress = { ...statement.progress, bills, since, error: error.code, fields };
    const status = refused ? 'refused' : 'sealed';
    const changed = refused || error.code !== statement.progress.error || bills.some(({ id }) => id !== null);
    const marked = changed && (await this.#mark(statement, status, progress));
    if (refused && marked) await this.#emit(statement, hasLeft ? 'usage.uncollectable' : 'usage.refused');
    if (!refused) return { statement, status, error };
    const about = subjectOf(statement);
    return {
      statement,
      status,
      error: new MaestranoUsageError('usage.refused', { ...about, fields, cause: error }),
    };
  }

  async #stale(statement: FoundStatement): Promise<SentStatement> {
    const error = 'usage.stale';
    if (
      statement.progress.error !== error &&
      (await this.#mark(statement, 'sealed', { ...statement.progress, error }))
    )
      await this.#emit(statement, error);
    return { statement, status: 'sealed', error: new MaestranoUsageError(error, subjectOf(statement)) };
  }

  /** Released once somebody is known, whose currency it is. */
  async #lookForCompany(
    snapshot: SeriesSnapshot,
    statement: FoundStatement,
    company: KnownCompany,
  ): Promise<FoundStatement | null> {
    const { currency } = JSON.parse(statement.body) as SealedStatement;
    if (company.currency !== null && company.currency !== currency) return null;
    const progress = { ...statement.progress, held: null, since: this.context.now() };
    await this.#mark(statement, 'sealed', progress);
    return { ...statement, series: snapshot.series.id, status: 'sealed', progress };
  }

  async #lookForCard(
    snapshot: SeriesSnapshot,
    statement: FoundStatement,
    { hasCreditCard }: KnownCompany,
  ): Promise<FoundStatement | null> {
    const since = this.context.now();
    if (hasCreditCard !== false) {
      const progress = { ...statement.progress, held: null, since };
      await this.#mark(statement, 'sealed', progress);
      return { ...statement, series: snapshot.series.id, status: 'sealed', progress };
    }
    if (since - statement.progress.since <= CARD_WAIT_MS) return null;
    if (await this.#mark(statement, 'expired', { ...statement.progress, since }))
      await this.#emit(statement, 'usage.expired');
    return null;
  }

  #mark(statement: FoundStatement, to: StatementStatus, progress: StatementProgress): Promise<boolean> {
    return this.context.store.mark(statement.series, markOf(statement, to, progress));
  }

  #emit(
    { body }: FoundStatement,
    type: 'usage.uncollectable' | 'usage.refused' | 'usage.expired' | 'usage.stale',
  ): Promise<void> {
    const { company, meter, currency, billed, seq } = JSON.parse(body) as SealedStatement;
    const { marketplace, group } = company;
    return this.context.emit({
      type,
      marketplace,
      group,
      meter: meter.name,
      currency,
      amount: billed,
      statement: seq,
    });
  }
}

function markOf(
  { chain, seq, status }: FoundStatement,
  to: StatementStatus,
  progress: StatementProgress,
): StatementMark {
  return { chain, seq, from: [status], to, progress };
}

function subjectOf({ body }: FoundStatement): UsageSubject {
  const { company, meter } = JSON.parse(body) as SealedStatement;
  return { marketplace: company.marketplace, group: company.group, meter: meter.name };
}

/** A step that changes nothing yet. */
export function stepOf({ series }: SeriesSnapshot): {
  readonly series: string;
  readonly version: number;
  readonly state: SeriesSnapshot['series']['state'];
  readonly leftAt: number | null;
  readonly nextDue: number;
} {
  const { id, version, state, leftAt, nextDue } = series;
  return { series: id, version, state, leftAt, nextDue };
}
