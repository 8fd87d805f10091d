import type { SqlRow } from '../../sql/sql-executor.js';
import { numberOf, textOf } from '../../sql/sql-values.js';
import type { AppendResult, KeptFactRow, UsageAppend } from '../store/usage-records.js';
import { findFacts, type FactName, insertFacts, newReceipt, rowOf } from './fact-rows.js';
import { factOf } from './usage-rows.js';
import type { UsageTables } from './usage-tables.js';

const keyOf = (series: string, id: string): string => `${series} ${id}`;

/** Adds facts, and says what came of each. */
export class FactAppends {
  constructor(private readonly tables: UsageTables) {}

  /** Where one id comes twice, what comes first counts. */
  async append(facts: readonly UsageAppend[]): Promise<readonly AppendResult[]> {
    const firsts = new Map<string, number>();
    for (const [place, { series, fact }] of facts.entries()) {
      const name = keyOf(series, fact.id);
      if (!firsts.has(name)) firsts.set(name, place);
    }
    const places = [...firsts.values()];
    const results: AppendResult[] = [];
    for (const [index, result] of (await this.#appendDistinct(places.map((at) => facts[at]!))).entries()) {
      results[places[index]!] = result;
    }
    const again: number[] = [];
    for (const [place, { series, fact }] of facts.entries()) {
      const first = firsts.get(keyOf(series, fact.id))!;
      if (place === first) continue;
      const there = results[first]!;
      if (there.result === 'added') results[place] = { result: 'known', fact: facts[first]!.fact };
      else if (there.result === 'left') again.push(place);
      else results[place] = there;
    }
    if (again.length === 0) return results;
    // The first has a time at which the company had left, which says nothing of the second.
    for (const [index, result] of (await this.append(again.map((at) => facts[at]!))).entries()) {
      results[again[index]!] = result;
    }
    return results;
  }

  async #appendDistinct(facts: readonly UsageAppend[]): Promise<readonly AppendResult[]> {
    if (facts.length === 0) return [];
    const { names, dialect } = this.tables;
    const left = dialect === 'mysql' ? await this.#leftAt(facts.map(({ series }) => series)) : null;
    const receipt = newReceipt();
    const sent = facts.filter(({ series, fact }) => !left || isBefore(left, series, fact.at));
    const rows = sent.map(({ series, fact, historical }) =>
      rowOf(series, fact, historical ? 0 : null, receipt),
    );
    // A join locks what it reads on MySQL, so that a sealing would wait for the application.
    const join = left
      ? ''
      : `join ${names.series} as s on s.id = r.series and (s.left_at is null or r.at_ms < s.left_at)`;
    const added = sent.length === 0 ? 0 : await insertFacts(this.tables, rows, join);
    if (added === facts.length) return facts.map(() => ({ result: 'added' }));
    return this.#explained(facts, receipt, added);
  }

  /** What came of each fact, where not all were new: reads no more than those that were there before. */
  async #explained(
    facts: readonly UsageAppend[],
    receipt: number,
    added: number,
  ): Promise<readonly AppendResult[]> {
    const nameOf = ({ series, fact }: UsageAppend): string => keyOf(series, fact.id);
    const named = (rows: readonly SqlRow[]): ReadonlyMap<string, KeptFactRow> =>
      new Map(
        rows.map((row) => [keyOf(String(numberOf(row, 'series')), textOf(row, 'fact_id')), factOf(row)]),
      );
    const namesOf = (some: readonly UsageAppend[]): FactName[] =>
      some.map(({ series, fact }) => ({ series, id: fact.id }));
    const before = named(await findFacts(this.tables, namesOf(facts), receipt));
    const others = facts.filter((one) => !before.has(nameOf(one)));
    const isAdded = others.length === added;
    const mine = isAdded ? null : named(await findFacts(this.tables, namesOf(others)));
    const left = isAdded ? null : await this.#leftAt(others.map(({ series }) => series));
    return facts.map((one): AppendResult => {
      const known = before.get(nameOf(one));
      if (known) return { result: 'known', fact: known };
      if (!mine || mine.has(nameOf(one))) return { result: 'added' };
      return left?.has(one.series) ? { result: 'left' } : { result: 'noSeries' };
    });
  }

  /** When companies left, by series; those that there are. */
  async #leftAt(series: readonly string[]): Promise<ReadonlyMap<string, number | null>> {
    const ids = [...new Set(series)].map((id) => ({ series: Number(id) }));
    const { names } = this.tables;
    const rows = await this.tables.query(
      `select s.id, s.left_at from ${names.series} as s join ${this.tables.rows('r', { series: 'integer' })} on s.id = r.series`,
      [JSON.stringify(ids)],
    );
    return new Map(
      rows.map((row) => [
        String(numberOf(row, 'id')),
        row['left_at'] === null ? null : numberOf(row, 'left_at'),
      ]),
    );
  }
}

function isBefore(left: ReadonlyMap<string, number | null>, series: string, at: number): boolean {
  if (!left.has(series)) return false;
  const when = left.get(series) ?? null;
  return when === null || at < when;
}
