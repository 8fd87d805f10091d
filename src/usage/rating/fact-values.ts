import { ONE, sumOf } from '../exact/exact-decimal.js';
import { dayOf, startOfDay } from '../calendar/local-days.js';

/** How facts become a quantity (usage §3.2). */
export type UsageAggregate = 'sum' | 'count' | 'max' | 'last' | 'uniqueCount' | 'timeWeighted';

/** A fact as far as its value goes. */
export interface ValuedFact {
  readonly id: string;
  /** Milliseconds of the epoch. */
  readonly at: number;
  /** Places as in `QUANTITY_PLACES`. */
  readonly quantity: bigint;
  readonly key: string;
}

/** A fact as it is kept, with what corrects it. */
export interface KeptFact extends ValuedFact {
  /** Id of the fact that this one corrects; null for a fact of its own. */
  readonly corrects: string | null;
  /** Of a correction: the new quantity; null takes the fact away. */
  readonly value: bigint | null;
  /** Which correction of its fact this is: the last one holds. */
  readonly turn: number;
}

/** Facts after their corrections: the last correction holds (usage §5.4). */
export function effectiveFacts(facts: readonly KeptFact[]): readonly ValuedFact[] {
  const corrections = new Map<string, KeptFact>();
  for (const fact of facts) {
    if (fact.corrects === null) continue;
    const known = corrections.get(fact.corrects);
    if (!known || known.turn < fact.turn) corrections.set(fact.corrects, fact);
  }
  return facts.flatMap((fact) => {
    if (fact.corrects !== null) return [];
    const correction = corrections.get(fact.id);
    if (!correction) return [fact];
    return correction.value === null ? [] : [{ ...fact, quantity: correction.value }];
  });
}

function inOrder(one: ValuedFact, other: ValuedFact): number {
  return one.at - other.at || (one.id < other.id ? -1 : one.id > other.id ? 1 : 0);
}

/** What a part of a period is measured within. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** The quantity of a span, of facts that hold their value only there. */
export function spanValue(
  aggregate: Exclude<UsageAggregate, 'timeWeighted'>,
  facts: readonly ValuedFact[],
  { from, to }: Span,
): bigint {
  const inside = facts.filter(({ at }) => at >= from && at < to);
  switch (aggregate) {
    case 'sum':
      return sumOf(inside.map(({ quantity }) => quantity));
    case 'count':
      return BigInt(inside.length) * ONE;
    case 'max':
      return inside.reduce((most, { quantity }) => (quantity > most ? quantity : most), 0n);
    case 'last':
      return inside.toSorted(inOrder).at(-1)?.quantity ?? 0n;
    case 'uniqueCount':
      return BigInt(new Set(inside.map(({ key }) => key)).size) * ONE;
  }
}

/** Levels by key, each until the next one of its key, oldest first. */
export function levelsByKey(facts: readonly ValuedFact[]): ReadonlyMap<string, readonly ValuedFact[]> {
  const levels = new Map<string, ValuedFact[]>();
  for (const fact of facts.toSorted(inOrder)) {
    const list = levels.get(fact.key);
    if (list) list.push(fact);
    else levels.set(fact.key, [fact]);
  }
  return levels;
}

/** Sum over all keys of level times milliseconds. */
export function levelTime(levels: ReadonlyMap<string, readonly ValuedFact[]>, { from, to }: Span): bigint {
  let sum = 0n;
  for (const list of levels.values()) {
    for (const [index, { at, quantity }] of list.entries()) {
      const begins = Math.max(at, from);
      const ends = Math.min(list[index + 1]?.at ?? to, to);
      if (ends > begins) sum += quantity * BigInt(ends - begins);
    }
  }
  return sum;
}

/** Sum over all keys and local days of the highest level that the key had on the day (usage §3.2). */
export function levelDays(
  levels: ReadonlyMap<string, readonly ValuedFact[]>,
  { from, to }: Span,
  zone: string,
): bigint {
  let sum = 0n;
  const last = dayOf(to - 1, zone);
  for (const list of levels.values()) {
    let level = 0n;
    let next = 0;
    for (let day = dayOf(from, zone); day <= last; day += 1) {
      const begins = Math.max(startOfDay(day, zone), from);
      const ends = Math.min(startOfDay(day + 1, zone), to);
      for (; next < list.length && list[next]!.at <= begins; next += 1) level = list[next]!.quantity;
      let highest = level;
      for (; next < list.length && list[next]!.at < ends; next += 1) {
        level = list[next]!.quantity;
        if (level > highest) highest = level;
      }
      sum += highest;
    }
  }
  return sum;
}
