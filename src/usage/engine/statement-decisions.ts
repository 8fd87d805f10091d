import { MaestranoUsageError } from '../../errors/usage.error.js';
import { AMOUNT_PLACES, exactOrNull, PRICE_PLACES, ONE, parseExact } from '../exact/exact-decimal.js';
import type { UsageStatement } from '../statement/usage-statement.js';
import type { SealStep, StatementProgress, StatementRow, StatementStatus } from '../store/usage-records.js';
import {
  findChain,
  findStatement,
  type FoundChain,
  type UsageChainRef,
  type UsageStatementRef,
} from '../usage-references.js';
import { meterOf } from './read-fact.js';
import { makeStatement, readStatement, type StatementParts } from './seal-statement.js';
import { StatementSender, stepOf } from './statement-sender.js';
import { NOBODY } from './usage-company.js';
import type { UsageContext } from './usage-context.js';

/** Times that an operation is tried, when others write meanwhile. */
const MAX_TRIES = 20;

const DAY_MS = 86_400_000;

/** What persons decide about statements (usage §3.6, §5.4). */
export class StatementDecisions {
  readonly #sender: StatementSender;

  constructor(private readonly context: UsageContext) {
    this.#sender = new StatementSender(context);
  }

  /** Takes the newest bill of a chain back. */
  async reopen(ref: UsageStatementRef): Promise<UsageStatement> {
    const { store, now } = this.context;
    const { snapshot, chain, statement } = await findStatement(store, ref);
    const { marketplace, group, meter } = snapshot.series;
    const about = { marketplace, group, meter };
    const [newest] = await store.statements(snapshot.series.id, {
      chain: chain.id,
      status: ['billed', 'cancelling', 'sealed', 'held', 'refused'],
      limit: 1,
    });
    if (statement.status !== 'billed' || newest?.seq !== statement.seq) {
      throw statusError(about, statement);
    }
    const today = new Date(now());
    const nextInvoices = Date.UTC(today.getUTCFullYear(), today.getUTCMonth() + 1, 1);
    if (nextInvoices - today.getTime() < DAY_MS) {
      const message = 'Invoices are made within a day: a bill that is taken back now may be on one of them.';
      throw new MaestranoUsageError('usage.invoiced', { ...about, message });
    }
    const progress = { ...statement.progress, since: now() };
    await this.#mark(ref, ['billed'], 'cancelling', progress);
    const result = await this.#sender.cancel({ ...statement, status: 'cancelling' }, {});
    if (result === 'billed') throw new MaestranoUsageError('usage.invoiced', about);
    return readStatement((await findStatement(store, ref)).statement);
  }

  /** Has a statement sent, and tries it at once. */
  async release(ref: UsageStatementRef, from: readonly StatementStatus[]): Promise<UsageStatement> {
    const { store, now } = this.context;
    const { statement, snapshot } = await findStatement(store, ref);
    const progress = { ...statement.progress, held: null, since: now(), error: null, fields: {} };
    await this.#mark(ref, from, 'sealed', progress);
    await this.#sender.send(snapshot, null, {});
    return readStatement((await findStatement(store, ref)).statement);
  }

  async writeOff(ref: UsageStatementRef, reason: string): Promise<UsageStatement> {
    const { store, now } = this.context;
    const { statement } = await findStatement(store, ref);
    const progress = { ...statement.progress, held: null, since: now(), reason };
    await this.#mark(ref, ['held', 'refused', 'expired'], 'writtenOff', progress);
    return readStatement((await findStatement(store, ref)).statement);
  }

  /** Moves an amount, with a statement in both chains: both or none. */
  async transfer(from: UsageChainRef, to: UsageChainRef, amount: string): Promise<void> {
    const moved = exactOrNull(amount, PRICE_PLACES);
    const { marketplace, group, meter } = from;
    const about = { marketplace, group, meter };
    if (moved === null || moved === 0n) throw new MaestranoUsageError('usage.quantity', about);
    for (let tries = 0; tries < MAX_TRIES; tries += 1) {
      const [one, other] = [
        await findChain(this.context.store, from),
        await findChain(this.context.store, to),
      ];
      if (one.chain.currency !== other.chain.currency) throw new MaestranoUsageError('usage.currency', about);
      if (one.snapshot.series.id === other.snapshot.series.id)
        throw new MaestranoUsageError('usage.status', about);
      const steps = [this.#moveStep(one, -moved * ONE), this.#moveStep(other, moved * ONE)];
      const inOrder = steps.toSorted((a, b) => Number(a.series) - Number(b.series));
      if (await this.context.store.seal(inOrder)) return;
    }
    throw new MaestranoUsageError('usage.contention', about);
  }

  #moveStep({ snapshot, chain }: FoundChain, amount: bigint): SealStep {
    const { series } = snapshot;
    const now = this.context.now();
    const opening = parseExact(chain.carry, AMOUNT_PLACES);
    const line = {
      kind: 'transfer',
      period: null,
      from: now,
      to: now,
      quantity: 0n,
      amount,
      steps: [],
      share: null,
    } as const;
    const parts: StatementParts = {
      chain,
      lines: [line],
      opening,
      bill: 0n,
      closing: opening + amount,
      period: null,
      regular: false,
      quantity: 0n,
      claimed: { rows: 0, lanes: [0n, 0n] },
      late: new Map(),
    };
    const meter = meterOf(this.context.settings, series.meter);
    const made = makeStatement(series, meter, series.state.company ?? NOBODY, parts, now);
    const chains = series.state.chains.map((one) => (one.id === chain.id ? made.chain : one));
    return { ...stepOf(snapshot), state: { ...series.state, chains }, statement: made.row };
  }

  /** @throws MaestranoUsageError `usage.status`, `usage.held`, `usage.refused` */
  async #mark(
    ref: UsageStatementRef,
    from: readonly StatementStatus[],
    to: StatementStatus,
    progress: StatementProgress,
  ): Promise<void> {
    const { store } = this.context;
    const { snapshot, chain } = await findChain(store, ref);
    const { marketplace, group, meter, id } = snapshot.series;
    const done = await store.mark(id, { chain: chain.id, seq: ref.seq, from, to, progress });
    if (done) return;
    throw statusError({ marketplace, group, meter }, await store.statement(id, chain.id, ref.seq));
  }
}

/** Why a statement is not in the state that an operation is for: what it waits for says more than that. */
function statusError(
  about: { readonly marketplace: string; readonly group: string; readonly meter: string },
  statement: StatementRow | null,
): MaestranoUsageError {
  if (statement?.status === 'held') return new MaestranoUsageError('usage.held', about);
  if (statement?.status !== 'refused') return new MaestranoUsageError('usage.status', about);
  return new MaestranoUsageError('usage.refused', { ...about, fields: statement.progress.fields });
}
