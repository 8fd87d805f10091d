import { formatExact, QUANTITY_PLACES } from '../exact/exact-decimal.js';
import type { UsageFact } from '../meters/usage-fact.js';
import type { SealedStatement, UsageStatement } from '../statement/usage-statement.js';
import { factLanes, lanesDigest } from '../store/fact-digest.js';
import type { FoundStatement, KeptFactRow, SeriesSnapshot, UsageChainState } from '../store/usage-records.js';
import { addAmounts } from './chain-amounts.js';
import { readFacts } from './measure-periods.js';
import { digestOf, readStatement } from './seal-statement.js';
import type { UsageContext } from './usage-context.js';

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
