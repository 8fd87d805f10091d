import { dayOf, isoDay, startOfDay } from '../calendar/local-days.js';
import { formatExact, QUANTITY_PLACES } from '../exact/exact-decimal.js';
import { MaestranoError } from '../../errors/maestrano.error.js';
import type { UsageFact } from '../meters/usage-fact.js';
import type { SealedStatement, UsageStatement } from '../statement/usage-statement.js';
import { factLanes, lanesDigest } from '../store/fact-digest.js';
import type {
  FoundStatement,
  KeptFactRow,
  PeriodRow,
  SeriesRow,
  SeriesSnapshot,
  TimeRange,
  UsageChainState,
} from '../store/usage-records.js';
import type { MeterSettings } from '../usage-settings.js';
import { addAmounts } from './chain-amounts.js';
import { isMeasured, measureFacts, measureTally, readFacts } from './measure-periods.js';
import { digestOf, readStatement } from './seal-statement.js';
import { unsealedStatements } from './unsealed-statements.js';
import type { UsageContext } from './usage-context.js';

/** Statements of one look. */
const PAGE = 1_000;

/** How long is asked for a company that nobody knows yet, in milliseconds. */
const ASK_MS = 2_000;

/** What a chain's money is worth by now. Decimal texts in the main unit. */
export interface UsageBalance {
  readonly marketplace: string;
  readonly group: string;
  readonly meter: string;
  readonly currency: string;
  /** Id of the chain. */
  readonly chain: string;
  /** What is carried on to the next statement: negative for a credit. */
  readonly carry: string;
  /** Stated, and not billed: on its way, held or refused. */
  readonly unsent: string;
  /**
   * Used, and in no statement yet: what the next statements would say by now, without what is carried. Null where it cannot be
   * computed: the company is not known, or the meter has no price in its currency, or is gone.
   */
  readonly open: string | null;
  /** When the company left; null while it is there. */
  readonly leftAt: Date | null;
}

/** Usage of a day or a period. */
export interface UsageOverTime {
  readonly start: Date;
  /** Local date, `2026-09-30`. */
  readonly day: string;
  readonly quantity: string;
  /** What statements say that a period costs, in the main unit; null of a day, and of a period that is not closed. */
  readonly amount: string | null;
}

/** Balances of some companies. */
export interface UsageBalancePage {
  readonly balances: readonly UsageBalance[];
  /** The `after` of the following page; null when nothing follows. */
  readonly next: string | null;
}

/** A fact as it counts by now. */
export interface UsageKnownFact {
  readonly fact: UsageFact;
  /** What its last correction made of it, as decimal text; null where that took it away. */
  readonly present: string | null;
  /** Corrections of it so far. */
  readonly corrections: number;
  /** Number of the statement that states it; null while none does. */
  readonly statement: number | null;
}

/** What came of looking through a chain. */
export interface UsageVerification {
  readonly ok: boolean;
  /** Number of the first statement that is not as it was sealed; null when all are. */
  readonly firstBad: number | null;
  /** In words, without values. */
  readonly problem: string | null;
}

/** Looks at what was stated and billed. Changes nothing. */
export class UsageBooks {
  constructor(private readonly context: UsageContext) {}

  /** Of a subject without a chain yet, one that has no id. */
  async balances(series: SeriesRow): Promise<readonly UsageBalance[]> {
    const { marketplace, group, meter, leftAt, state } = series;
    const unsealed = await this.#unsealed(series);
    const status = ['sealed', 'held', 'refused', 'expired', 'cancelling'] as const;
    const found = await this.context.store.statements(series.id, { status, limit: PAGE });
    const chains: readonly Pick<UsageChainState, 'id' | 'currency' | 'carry'>[] = [
      ...state.chains,
      ...(unsealed ?? [])
        .filter(({ chain }, index, all) => all.findIndex((one) => one.chain === chain) === index)
        .filter(({ chain }) => !state.chains.some(({ id }) => id === chain))
        .map(({ chain, currency }) => ({ id: chain, currency, carry: '0' })),
    ];
    return chains.map(({ id, currency, carry }) => {
      const open = found.filter(({ chain }) => chain === id);
      const amounts = open.map(({ body }) => (JSON.parse(body) as SealedStatement).billed);
      return {
        marketplace,
        group,
        meter,
        currency,
        chain: id,
        carry,
        unsent: addAmounts('0', ...amounts),
        open: unsealed && openOf(unsealed.filter(({ chain }) => chain === id)),
        leftAt: leftAt === null ? null : new Date(leftAt),
      };
    });
  }

  /** Statements that wait for a person, the oldest first. */
  async waiting(limit: number): Promise<readonly UsageStatement[]> {
    const { store } = this.context;
    const held = await store.withStatus(['held', 'refused', 'expired'], limit);
    // Of those on their way only the oldest can be stale.
    const sealed = await store.withStatus(['sealed'], limit);
    const stale = sealed.filter(({ progress }) => progress.error === 'usage.stale');
    return [...held, ...stale]
      .toSorted((one, other) => one.sealedAt - other.sealedAt)
      .slice(0, limit)
      .map(readStatement);
  }

  /** A fact with what became of it; null for one that there is not, or not any more. */
  async fact({ series }: SeriesSnapshot, id: string): Promise<UsageKnownFact | null> {
    const [found] = await this.context.store.find(series.id, [id]);
    if (!found || found.corrects !== null) return null;
    // A correction has the time of what it corrects.
    const sameTime = await readFacts(this.context.store, series.id, { from: found.at, to: found.at + 1 });
    const corrections = sameTime
      .filter(({ corrects }) => corrects === id)
      .toSorted((one, other) => one.turn - other.turn);
    const last = corrections.at(-1);
    const present = last ? last.value : found.quantity;
    const { marketplace, group, meter } = series;
    const quantity = formatExact(found.quantity, QUANTITY_PLACES);
    const key = found.key === '' ? {} : { key: found.key };
    return {
      fact: { marketplace, group, meter, id, at: new Date(found.at), quantity, ...key },
      present: present === null ? null : formatExact(present, QUANTITY_PLACES),
      corrections: corrections.length,
      statement: found.statement,
    };
  }

  /** Some uses of the period that a statement states first, in the order of their ids. */
  async someUses(
    { series }: SeriesSnapshot,
    statement: FoundStatement,
    limit: number,
  ): Promise<readonly UsageFact[]> {
    const { period } = JSON.parse(statement.body) as SealedStatement;
    if (!period) return [];
    const range = { from: Date.parse(period.from), to: Date.parse(period.to) };
    const found = await this.context.store.facts(series.id, { ...range, after: null, limit });
    const { marketplace, group, meter } = series;
    return found
      .filter((fact) => fact.corrects === null && fact.statement === statement.seq)
      .map(({ id, at, quantity, key }) => ({
        marketplace,
        group,
        meter,
        id,
        at: new Date(at),
        quantity: formatExact(quantity, QUANTITY_PLACES),
        ...(key === '' ? {} : { key }),
      }));
  }

  /** What a close would state by now, with the present period; null where that cannot be said. */
  async #unsealed(series: SeriesRow): Promise<readonly UsageStatement[] | null> {
    const { store, settings, company: ask, now } = this.context;
    const { marketplace, group, state } = series;
    const meter = settings.meters.get(series.meter);
    const snapshot = meter && (await store.load(series.id));
    if (!snapshot) return null;
    try {
      const company = state.company ?? (await ask({ marketplace, group }, { deadlineMs: ASK_MS }));
      return (
        company && (await unsealedStatements(snapshot, { store, meter, company, now: now(), open: true }))
      );
    } catch (error) {
      if (error instanceof MaestranoError) return null;
      throw error;
    }
  }

  /** Usage by local day or by period, of facts that are still kept. */
  async usage(
    snapshot: SeriesSnapshot,
    { from, to, by }: { readonly from: number; readonly to: number; readonly by: 'day' | 'period' },
  ): Promise<readonly UsageOverTime[]> {
    const meter = this.context.settings.meters.get(snapshot.series.meter)!;
    const periods = snapshot.periods.filter(({ starts, ends }) => ends > from && starts < to);
    if (periods.length === 0) return [];
    const spans = periods.flatMap((period) => {
      const whole = { from: period.starts, to: period.ends };
      const own = by === 'period' ? [whole] : daysOf(period, from, to);
      return own.map((span) => ({ period, span }));
    });
    const measured = await this.#measures(snapshot, meter, spans, by);
    return spans.map(({ period, span }, index): UsageOverTime => ({
      start: new Date(span.from),
      day: isoDay(dayOf(span.from, period.zone)),
      quantity: formatExact(measured[index]!, QUANTITY_PLACES),
      amount: by === 'period' && period.sealedBy !== null ? period.stated : null,
    }));
  }

  /** Quantities of spans, with no more facts in memory than levels need. */
  async #measures(
    { series }: SeriesSnapshot,
    meter: MeterSettings,
    spans: readonly { readonly period: PeriodRow; readonly span: TimeRange }[],
    by: 'day' | 'period',
  ): Promise<readonly bigint[]> {
    const { store } = this.context;
    const { aggregate: of } = meter;
    if (isMeasured(of)) {
      const quantities: bigint[] = [];
      for (const { span } of spans) quantities.push(await store.measure(series.id, { ...span, of }));
      return quantities;
    }
    const [from, to] = [spans[0]?.span.from ?? 0, spans.at(-1)?.span.to ?? 0];
    if (of !== 'timeWeighted') {
      // Days begin and end with a quarter of an hour; what was asked for may not.
      const cuts = [...new Set(spans.flatMap(({ span }) => [span.from, span.to]))]
        .filter((at) => at % 900_000 !== 0)
        .toSorted((one, other) => one - other);
      const rows = await store.tally(series.id, { from, to, cuts, open: false });
      const measure = measureTally(meter, rows, cuts);
      return spans.map(({ span }) => measure(span));
    }
    const facts = await readFacts(store, series.id, { from: Number.MIN_SAFE_INTEGER, to });
    const chains = new Map(series.state.chains.map((chain) => [chain.id, chain]));
    return spans.map(({ period, span }) => {
      // Of levels, each day is its own whole.
      const nominal = by === 'day' ? { ...period, starts: span.from, ends: span.to, terms: null } : period;
      const { since = -Infinity } = chains.get(period.chain) ?? {};
      const own = facts.filter(({ at }) => at >= since);
      return measureFacts(meter, own, nominal)(span);
    });
  }

  /**
   * Compares digests, carries and facts of a chain from its first statement on, then its bills with those of the marketplace.
   *
   * @throws MaestranoError where the marketplace cannot be asked
   */
  async verify(
    snapshot: SeriesSnapshot,
    chain: UsageChainState,
    { bills }: { readonly bills: boolean },
  ): Promise<UsageVerification> {
    const bad = (firstBad: number, problem: string): UsageVerification => ({ ok: false, firstBad, problem });
    const billed = new Map<number, string>();
    let digest = '';
    let carry = '0';
    const { store } = this.context;
    for (let seq = 1; seq <= chain.seq; seq += 1) {
      const found = await store.statement(snapshot.series.id, chain.id, seq);
      if (!found) return bad(seq, 'The statement is missing.');
      let sealed: SealedStatement;
      try {
        sealed = JSON.parse(found.body) as SealedStatement;
      } catch {
        return bad(seq, 'The statement cannot be read.');
      }
      if (sealed.previousDigest !== digest) return bad(seq, 'It does not follow the statement before.');
      const returned = sealed.returned.map((one) => billed.get(one) ?? '0');
      if (sealed.opening !== addAmounts(carry, ...returned)) return bad(seq, 'Its opening is another.');
      const total = addAmounts(sealed.opening, ...sealed.lines.map(({ amount }) => amount));
      if (sealed.total !== total || total !== addAmounts(sealed.billed, sealed.closing)) {
        return bad(seq, 'Its amounts do not add up.');
      }
      billed.set(seq, sealed.billed);
      digest = digestOf(found.body);
      carry = sealed.closing;
    }
    if (digest !== chain.digest) return bad(chain.seq, 'It was changed after it was sealed.');
    const kept = await this.#verifyFacts(snapshot, chain);
    return kept.ok && bills ? this.#verifyBills(snapshot, chain) : kept;
  }

  /** Whether the marketplace has each bill that was made, with its amount, and taken back where it was. */
  async #verifyBills({ series }: SeriesSnapshot, chain: UsageChainState): Promise<UsageVerification> {
    const { store, billing } = this.context;
    for (let seq = 1; seq <= chain.seq; seq += 1) {
      const { progress, status } = (await store.statement(series.id, chain.id, seq))!;
      for (const { id, priceCents } of progress.bills) {
        if (id === null) continue;
        const bill = await billing.find(series.marketplace, id, {});
        const currency = bill?.currency ?? chain.currency;
        const isSame = bill?.priceCents === priceCents && currency === chain.currency;
        const isAsMarked = status === 'cancelling' || bill?.isCancelled === (status === 'cancelled');
        if (isSame && isAsMarked) continue;
        const problem = bill
          ? 'The marketplace has its bill otherwise.'
          : 'The marketplace has no such bill.';
        return { ok: false, firstBad: seq, problem };
      }
    }
    return { ok: true, firstBad: null, problem: null };
  }

  /** Facts of statements whose facts are all still kept. */
  async #verifyFacts(snapshot: SeriesSnapshot, chain: UsageChainState): Promise<UsageVerification> {
    const own = snapshot.periods.filter((period) => period.chain === chain.id);
    const [first, last] = [own[0], own.at(-1)];
    if (!first || !last) return { ok: true, firstBad: null, problem: null };
    const facts = await readFacts(this.context.store, snapshot.series.id, {
      from: first.starts,
      to: last.ends,
    });
    const bySeq = new Map<number, KeptFactRow[]>();
    for (const fact of facts) {
      if (fact.statement === null || fact.statement === 0) continue;
      const list = bySeq.get(fact.statement);
      if (list) list.push(fact);
      else bySeq.set(fact.statement, [fact]);
    }
    const keptFrom = this.context.now() - this.context.settings.keepFacts;
    for (let seq = 1; seq <= chain.seq; seq += 1) {
      const found = await this.context.store.statement(snapshot.series.id, chain.id, seq);
      const { facts: sealed, period } = JSON.parse(found!.body) as SealedStatement;
      // Facts that are older may be gone, as they may.
      const isKept = period !== null && Date.parse(period.from) >= keptFrom;
      const kept = bySeq.get(seq) ?? [];
      if (!isKept && kept.length < sealed.count) continue;
      const lanes = kept.map(factLanes);
      const sums = [0, 1].map((lane) => lanes.reduce((sum, one) => sum + BigInt(one[lane]!), 0n));
      if (kept.length !== sealed.count || lanesDigest([sums[0]!, sums[1]!]) !== sealed.digest) {
        return { ok: false, firstBad: seq, problem: 'Its facts are not those that it stated.' };
      }
    }
    return { ok: true, firstBad: null, problem: null };
  }
}

/** Sum of all lines but those that only move money. */
function openOf(statements: readonly UsageStatement[]): string {
  const lines = statements.flatMap((statement) => statement.lines);
  return addAmounts('0', ...lines.filter(({ kind }) => kind !== 'writeOff').map(({ amount }) => amount));
}

/** Local days of a period between two instants. */
function daysOf(
  period: PeriodRow,
  from: number,
  to: number,
): { readonly from: number; readonly to: number }[] {
  const days: { from: number; to: number }[] = [];
  const [begin, end] = [Math.max(period.starts, from), Math.min(period.ends, to)];
  let at = begin;
  while (at < end) {
    const next = nextDay(at, period.zone);
    days.push({ from: at, to: Math.min(next, end) });
    at = next;
  }
  return days;
}

function nextDay(at: number, zone: string): number {
  return startOfDay(dayOf(at, zone) + 1, zone);
}
