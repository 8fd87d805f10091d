import type { SqlRow } from '../../sql/sql-executor.js';
import { numberOf, textOf } from '../../sql/sql-values.js';
import { ONE } from '../exact/exact-decimal.js';
import { correctionOf } from '../store/correction.js';
import type {
  AppendResult,
  FactSpan,
  FactSums,
  KeptFactRow,
  TallyRow,
  TimeRange,
} from '../store/usage-records.js';
import type { UsageStore } from '../store/usage-store.js';
import { findFacts, insertFacts, newReceipt, rowOf, selectedOf } from './fact-rows.js';
import { factOf, wholeOf } from './usage-rows.js';
import type { UsageTables } from './usage-tables.js';

/** Rows of one statement that names them. */
const CHUNK = 1_000;

/** Statements on facts. */
export class FactStatements {
  constructor(private readonly tables: UsageTables) {}

  async find(series: string, ids: readonly string[]): Promise<readonly KeptFactRow[]> {
    return (
      await findFacts(
        this.tables,
        ids.map((id) => ({ series, id })),
      )
    ).map(factOf);
  }

  /** Inside a transaction. */
  async correct(given: Parameters<UsageStore['correct']>[0]): Promise<AppendResult | null> {
    const { names } = this.tables;
    const [known] = await this.find(given.series, [given.id]);
    if (known) return { result: 'known', fact: known };
    const [row] = await this.tables.query(
      `select ${selectedOf(this.tables)} from ${names.fact} as f where f.series = ? and f.fact_id = ?${this.tables.forUpdate}`,
      [Number(given.series), given.corrects],
    );
    if (!row) return null;
    const target = factOf(row);
    if (target.corrects !== null || target.at < given.notBefore) return null;
    const turn = numberOf(row, 'turn');
    const value = row['corrected_text'] === null ? null : wholeOf(row, 'corrected_text');
    const before = turn === 0 ? [] : [{ ...target, corrects: target.id, turn, value }];
    const fact = correctionOf(target, before, given);
    const statement = target.statement === 0 ? 0 : null;
    const added = await insertFacts(this.tables, [rowOf(given.series, fact, statement, newReceipt())]);
    if (added === 0) {
      const [other] = await this.find(given.series, [given.id]);
      return other ? { result: 'known', fact: other } : null;
    }
    await this.tables.execute(
      `update ${names.fact} set turn = ?, corrected = ${given.value === null ? 'null' : String(given.value)}
       where series = ? and fact_id = ?`,
      [fact.turn, Number(given.series), given.corrects],
    );
    return { result: 'added' };
  }

  async tally(
    series: string,
    { from, to, cuts, open }: TimeRange & { readonly cuts: readonly number[]; readonly open: boolean },
  ): Promise<readonly TallyRow[]> {
    const { names, dialect } = this.tables;
    const quarter = dialect === 'mysql' ? 'f.at_ms div 900000' : 'f.at_ms / 900000';
    const part =
      cuts.length === 0
        ? '0'
        : `case ${cuts.map((cut, index) => `when f.at_ms < ${cut} then ${index}`).join(' ')} else ${cuts.length} end`;
    const claimed = 'case when f.statement is null then 0 else 1 end';
    const rows = await this.tables.query(
      `select ${quarter} as quarter, ${part} as part, ${claimed} as claimed, count(*) as how_many,
       sum(f.counted) as counted_sum, ${this.#summed}
       from ${names.fact} as f
       where f.series = ? and f.at_ms >= ? and f.at_ms < ? and ${open ? 'f.statement is null' : '(f.statement is null or f.statement > 0)'}
       group by 1, 2, 3`,
      [Number(series), from, to],
    );
    return rows.map((row) => ({
      quarter: numberOf(row, 'quarter'),
      part: numberOf(row, 'part'),
      claimed: numberOf(row, 'claimed') === 1,
      ...sumsOf(row),
    }));
  }

  /** Sums of quantities and lanes, for `sumsOf`: on SQLite, which sums in 64 bits, in two halves. */
  get #summed(): string {
    const { tables } = this;
    const isWhole = tables.dialect !== 'sqlite';
    const sums = ['quantity', 'lane_a', 'lane_b'].map((name) =>
      isWhole
        ? `'0' as ${name}_high, ${tables.text(`sum(f.${name})`)} as ${name}_low`
        : `${tables.text(`sum(f.${name} / 67108864)`)} as ${name}_high,
           ${tables.text(`sum(f.${name} % 67108864)`)} as ${name}_low`,
    );
    return sums.join(', ');
  }

  async sums(spans: readonly FactSpan[], { open }: { readonly open: boolean }): Promise<readonly FactSums[]> {
    const { tables } = this;
    const rows = spans.map(({ series, from, to }, place) => ({
      place,
      series: Number(series),
      from_ms: from,
      to_ms: to,
    }));
    const wanted = tables.rows('r', {
      place: 'integer',
      series: 'integer',
      from_ms: 'integer',
      to_ms: 'integer',
    });
    const found = await tables.query(
      `select r.place, count(*) as how_many, sum(f.counted) as counted_sum, ${this.#summed}
       from ${wanted} join ${tables.names.fact} as f on f.series = r.series and f.at_ms >= r.from_ms and f.at_ms < r.to_ms
       where ${open ? 'f.statement is null' : '(f.statement is null or f.statement > 0)'}
       group by r.place`,
      [JSON.stringify(rows)],
    );
    const byPlace = new Map(found.map((row) => [numberOf(row, 'place'), sumsOf(row)]));
    return spans.map((_, place) => byPlace.get(place) ?? NO_FACTS);
  }

  /** In the database, so that nothing grows with the number of facts. */
  async measure(series: string, { from, to, of }: Parameters<UsageStore['measure']>[1]): Promise<bigint> {
    const { tables } = this;
    // A fact's own row holds what its last correction says.
    const value = 'case when f.turn > 0 then f.corrected else f.quantity end';
    const wanted = `from ${tables.names.fact} as f where f.series = ? and f.at_ms >= ? and f.at_ms < ? and f.corrects is null
      and (f.turn = 0 or f.corrected is not null) and (f.statement is null or f.statement > 0)`;
    const text = {
      max: `select ${tables.text(`max(${value})`)} as measured ${wanted}`,
      last: `select ${tables.text(value)} as measured ${wanted} order by f.at_ms desc, f.fact_id desc limit 1`,
      uniqueCount: `select ${tables.text('count(distinct f.fact_key)')} as measured ${wanted}`,
    }[of];
    const [row] = await tables.query(text, [Number(series), from, to]);
    if (!row || row['measured'] === null) return 0n;
    const measured = wholeOf(row, 'measured');
    return of === 'uniqueCount' ? measured * ONE : measured;
  }

  async facts(
    series: string,
    { from, to, after, limit }: Parameters<UsageStore['facts']>[1],
  ): Promise<readonly KeptFactRow[]> {
    const { names } = this.tables;
    const further = after === null ? '' : 'and f.fact_id > ? ';
    const rows = await this.tables.query(
      `select ${selectedOf(this.tables)} from ${names.fact} as f where f.series = ? and f.at_ms >= ? and f.at_ms < ? ${further}
       order by f.fact_id limit ${Math.floor(limit)}`,
      [Number(series), from, to, ...(after === null ? [] : [after])],
    );
    return rows.map(factOf);
  }

  /**
   * Claims everything within the ranges that nobody claimed; says how many facts that were. Inside a transaction.
   */
  async claim(series: string, ranges: readonly TimeRange[], seq: number): Promise<number> {
    const { names, dialect } = this.tables;
    const within = ranges.map(() => '(at_ms >= ? and at_ms < ?)').join(' or ');
    const bounds = ranges.flatMap(({ from, to }) => [from, to]);
    if (dialect !== 'mysql') {
      return this.tables.execute(
        `update ${names.fact} set statement = ? where series = ? and statement is null and (${within})`,
        [seq, Number(series), ...bounds],
      );
    }
    // MySQL would wait for facts that nobody committed yet, if the statement did not name the rows.
    let claimed = 0;
    for (;;) {
      const rows = await this.tables.query(
        `select fact_id from ${names.fact} where series = ? and statement is null and (${within}) order by fact_id limit ${CHUNK}`,
        [Number(series), ...bounds],
      );
      const ids = rows.map((row) => textOf(row, 'fact_id'));
      if (ids.length === 0) return claimed;
      // By the whole key, so that nothing beside these rows is locked.
      claimed += await this.tables.execute(
        `update ${names.fact} set statement = ?
         where series = ? and fact_id in (${ids.map(() => '?').join(', ')}) and statement is null`,
        [seq, Number(series), ...ids],
      );
      if (ids.length < CHUNK) return claimed;
    }
  }

  async sweep(series: string, { before, keep, limit }: Parameters<UsageStore['sweep']>[1]): Promise<number> {
    const { names } = this.tables;
    const kept = new Set(keep);
    const gone: { readonly fact_id: string }[] = [];
    for (let after: string | null = null; gone.length < limit;) {
      const page = await this.facts(series, {
        from: Number.MIN_SAFE_INTEGER,
        to: before,
        after,
        limit: CHUNK,
      });
      for (const { id, corrects, statement } of page) {
        if (statement !== null && !kept.has(corrects ?? id) && gone.length < limit)
          gone.push({ fact_id: id });
      }
      if (page.length < CHUNK) break;
      after = page.at(-1)!.id;
    }
    if (gone.length === 0) return 0;
    const rows = this.tables.rows('r', { fact_id: 'key' });
    return this.tables.execute(
      `delete from ${names.fact} where series = ? and statement is not null and fact_id in (select r.fact_id from ${rows})`,
      [Number(series), JSON.stringify(gone)],
    );
  }
}

const NO_FACTS: FactSums = { quantity: 0n, counted: 0, rows: 0, lanes: [0n, 0n] };

function sumsOf(row: SqlRow): FactSums {
  return {
    quantity: halvesOf(row, 'quantity'),
    counted: numberOf(row, 'counted_sum'),
    rows: numberOf(row, 'how_many'),
    lanes: [halvesOf(row, 'lane_a'), halvesOf(row, 'lane_b')],
  };
}

function halvesOf(row: SqlRow, name: string): bigint {
  return wholeOf(row, `${name}_high`) * 67_108_864n + wholeOf(row, `${name}_low`);
}
