import { randomInt } from 'node:crypto';

import type { SqlRow } from '../../sql/sql-executor.js';
import { numberOf, textOf } from '../../sql/sql-values.js';
import { ONE } from '../exact/exact-decimal.js';
import { correctionOf } from '../store/correction.js';
import { factLanes } from '../store/fact-digest.js';
import type {
  AppendResult,
  FactSpan,
  FactSums,
  KeptFactRow,
  TallyRow,
  TimeRange,
  UsageAppend,
  UsageFactRow,
} from '../store/usage-records.js';
import type { UsageStore } from '../store/usage-store.js';
import { factOf, wholeOf } from './usage-rows.js';
import type { UsageTables } from './usage-tables.js';

/** Rows of one statement that names them. */
const CHUNK = 1_000;

/** Largest number that `randomInt` takes. */
const RECEIPTS = 2 ** 47;

const COLUMNS =
  'series, fact_id, at_ms, quantity, counted, fact_key, corrects, corrected, turn, received_at, statement, receipt, lane_a, lane_b';

const JSON_COLUMNS = {
  series: 'integer',
  fact_id: 'key',
  at_ms: 'integer',
  quantity: 'integer',
  counted: 'integer',
  fact_key: 'key',
  corrects: 'key',
  corrected: 'integer',
  turn: 'integer',
  received_at: 'integer',
  statement: 'integer',
  receipt: 'integer',
  lane_a: 'integer',
  lane_b: 'integer',
} as const;

const keyOf = (series: string, id: string): string => `${series} ${id}`;

/** Statements on facts. */
export class FactStatements {
  constructor(private readonly tables: UsageTables) {}

  async append(facts: readonly UsageAppend[]): Promise<readonly AppendResult[]> {
    if (facts.length === 0) return [];
    const { names, dialect } = this.tables;
    const left = dialect === 'mysql' ? await this.#leftAt(facts.map(({ series }) => series)) : null;
    const receipt = randomInt(RECEIPTS);
    const sent = facts.filter(({ series, fact }) => !left || isBefore(left, series, fact.at));
    const rows = sent.map(({ series, fact, historical }) =>
      rowOf(series, fact, historical ? 0 : null, receipt),
    );
    const select = COLUMNS.split(', ')
      .map((name) => `r.${name}`)
      .join(', ');
    // One order for everybody. A join locks what it reads on MySQL, so that a sealing would wait for the application.
    const join = left
      ? ''
      : `join ${names.series} as s on s.id = r.series and (s.left_at is null or r.at_ms < s.left_at) `;
    const added =
      sent.length === 0
        ? 0
        : await this.tables.execute(
            this.tables.insertNew(
              names.fact,
              COLUMNS,
              `select ${select} from ${this.tables.rows('r', JSON_COLUMNS)} ${join}order by r.series, r.fact_id`,
            ),
            [JSON.stringify(rows)],
          );
    if (added === facts.length) return facts.map(() => ({ result: 'added' }));
    return this.#explained(facts, receipt);
  }

  /** What came of each fact, where not all were new. */
  async #explained(facts: readonly UsageAppend[], receipt: number): Promise<readonly AppendResult[]> {
    const found = new Map<string, { readonly fact: KeptFactRow; readonly receipt: number }>();
    for (const row of await this.#find(facts.map(({ series, fact }) => ({ series, fact_id: fact.id })))) {
      const name = keyOf(String(numberOf(row, 'series')), textOf(row, 'fact_id'));
      found.set(name, { fact: factOf(row), receipt: numberOf(row, 'receipt') });
    }
    const missing = facts.filter(({ series, fact }) => !found.has(keyOf(series, fact.id)));
    const left =
      missing.length === 0
        ? new Map<string, null>()
        : await this.#leftAt(missing.map(({ series }) => series));
    const mine = new Set<string>();
    return facts.map(({ series, fact }): AppendResult => {
      const name = keyOf(series, fact.id);
      const there = found.get(name);
      if (there?.receipt === receipt && !mine.has(name)) {
        mine.add(name);
        return { result: 'added' };
      }
      if (there) return { result: 'known', fact: there.fact };
      return left.has(series) ? { result: 'left' } : { result: 'noSeries' };
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

  get #selected(): string {
    const { tables } = this;
    return `f.series, f.fact_id, f.at_ms, ${tables.text('f.quantity')} as quantity_text, f.counted, f.fact_key, f.corrects,
      ${tables.text('f.corrected')} as corrected_text, f.turn, f.received_at, f.statement, f.receipt`;
  }

  async #find(
    keys: readonly { readonly series: string; readonly fact_id: string }[],
  ): Promise<readonly SqlRow[]> {
    if (keys.length === 0) return [];
    const { names } = this.tables;
    return this.tables.query(
      `select ${this.#selected} from ${names.fact} as f join ${this.tables.rows('r', { series: 'integer', fact_id: 'key' })}
       on f.series = r.series and f.fact_id = r.fact_id${this.tables.latest}`,
      [JSON.stringify(keys.map((key) => ({ ...key, series: Number(key.series) })))],
    );
  }

  async find(series: string, ids: readonly string[]): Promise<readonly KeptFactRow[]> {
    return (await this.#find(ids.map((fact_id) => ({ series, fact_id })))).map(factOf);
  }

  /** Inside a transaction. */
  async correct(given: Parameters<UsageStore['correct']>[0]): Promise<AppendResult | null> {
    const { names } = this.tables;
    const [known] = await this.find(given.series, [given.id]);
    if (known) return { result: 'known', fact: known };
    const [row] = await this.tables.query(
      `select ${this.#selected} from ${names.fact} as f where f.series = ? and f.fact_id = ?${this.tables.forUpdate}`,
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
    const select = COLUMNS.split(', ')
      .map((name) => `r.${name}`)
      .join(', ');
    const added = await this.tables.execute(
      this.tables.insertNew(
        names.fact,
        COLUMNS,
        `select ${select} from ${this.tables.rows('r', JSON_COLUMNS)}`,
      ),
      [JSON.stringify([rowOf(given.series, fact, statement, randomInt(RECEIPTS))])],
    );
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

  /** Sums of quantities and lanes, for `sumsOf`: in two halves, since SQLite sums in 64 bits. */
  get #summed(): string {
    const { dialect } = this.tables;
    const sums = ['quantity', 'lane_a', 'lane_b'].flatMap((name) => {
      const high = dialect === 'mysql' ? `f.${name} div 67108864` : `f.${name} / 67108864`;
      return [
        `${this.tables.text(`sum(${high})`)} as ${name}_high`,
        `${this.tables.text(`sum(f.${name} % 67108864)`)} as ${name}_low`,
      ];
    });
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
      `select ${this.#selected} from ${names.fact} as f where f.series = ? and f.at_ms >= ? and f.at_ms < ? ${further}
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

function isBefore(left: ReadonlyMap<string, number | null>, series: string, at: number): boolean {
  if (!left.has(series)) return false;
  const when = left.get(series) ?? null;
  return when === null || at < when;
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

function rowOf(
  series: string,
  fact: UsageFactRow,
  statement: number | null,
  receipt: number,
): Readonly<Record<keyof typeof JSON_COLUMNS, string | number | null>> {
  const [lane_a, lane_b] = factLanes(fact);
  return {
    series: Number(series),
    fact_id: fact.id,
    at_ms: fact.at,
    quantity: fact.quantity.toString(),
    counted: fact.counted,
    fact_key: fact.key,
    corrects: fact.corrects,
    corrected: fact.value?.toString() ?? null,
    turn: fact.turn,
    received_at: fact.receivedAt,
    statement,
    receipt,
    lane_a,
    lane_b,
  };
}
