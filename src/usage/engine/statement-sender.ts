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
} from '../store/usage-records.js';
import { MAX_TRIES, type UsageCall, type UsageContext } from './usage-context.js';
import type { KnownCompany } from './usage-company.js';
import { addAmounts } from './chain-amounts.js';

const DAY_MS = 86_400_000;

/** How long a statement waits for a card (usage §3.6), in milliseconds. */
const CARD_WAIT_MS = 90 * DAY_MS;

/** As long as `createOnce` remembers a key by default: what is older is not sent by itself (usage §5.2). */
const STALE_MS = 400 * DAY_MS;

/** Statements of one series that are on their way at once. */
const MANY = 1_000;

/** What came of sending. */
export interface SentStatement {
  readonly statement: FoundStatement;
  readonly status: StatementStatus;
  /** Why it is not a bill yet; null when it is. */
  readonly error: MaestranoError | null;
}

/** Turns sealed statements into bills: with what was sealed, and nothing else (usage §5.1 step 1). */
export class StatementSender {
  constructor(private readonly context: UsageContext) {}

  /** Sends what is on its way; `company` is as it is by now, and null where nobody knows. */
  async send(
    snapshot: SeriesSnapshot,
    company: KnownCompany | null,
    call: UsageCall,
  ): Promise<readonly SentStatement[]> {
    const { store } = this.context;
    const status: readonly StatementStatus[] = ['sealed', 'cancelling', 'held'];
    const found = await store.statements(snapshot.series.id, { status, limit: MANY });
    const sent: SentStatement[] = [];
    for (const statement of found.toReversed()) {
      if (call.signal?.aborted) break;
      if (statement.status === 'cancelling') await this.cancel(statement, call);
      else if (statement.status === 'sealed') sent.push(await this.#sendOne(snapshot, statement, call));
      else if (statement.progress.held === 'company' && company) {
        const ready = await this.#lookForCompany(snapshot, statement, company);
        if (ready) sent.push(await this.#sendOne(snapshot, ready, call));
      } else if (statement.progress.held === 'card' && company) {
        const ready = await this.#lookForCard(snapshot, statement, company);
        if (ready) sent.push(await this.#sendOne(snapshot, ready, call));
      }
    }
    return sent;
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
        bills[index] = { ...bill, id: await billing.createOnce(marketplace, key, input, call) };
      } catch (error) {
        return this.#failed(statement, bills, error, series.leftAt !== null);
      }
    }
    await this.#mark(statement, 'billed', {
      ...statement.progress,
      bills,
      since: now(),
      error: null,
      fields: {},
    });
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
    return { statement, status, error };
  }

  async #stale(statement: FoundStatement): Promise<SentStatement> {
    const error = 'usage.stale';
    if (
      statement.progress.error !== error &&
      (await this.#mark(statement, 'sealed', { ...statement.progress, error }))
    )
      await this.#emit(statement, error);
    return { statement, status: 'sealed', error: null };
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
    const { chain, seq, status } = statement;
    const mark: StatementMark = { chain, seq, from: [status], to, progress };
    return this.context.store.mark(statement.series, mark);
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
