import { MaestranoUsageError } from '../../errors/usage.error.js';
import { effectiveFacts, spanValue } from '../rating/fact-values.js';
import { correctionOf, NEW_SERIES } from './correction.js';
import { factLanes } from './fact-digest.js';
import type {
  AppendResult,
  FoundStatement,
  KeptFactRow,
  PeriodRow,
  SealStep,
  SeriesRow,
  SeriesSnapshot,
  StatementMark,
  StatementRow,
  StatementStatus,
  TallyRow,
  TimeRange,
  UsageAppend,
  UsageSubject,
} from './usage-records.js';
import { type SubjectFilter, UsageStore } from './usage-store.js';

const QUARTER_MS = 900_000;

interface Fact {
  readonly row: KeptFactRow;
  readonly lanes: readonly [number, number];
}

/** Everything of one subject. */
class Series {
  readonly facts = new Map<string, Fact>();
  readonly periods = new Map<number, PeriodRow>();
  readonly statements = new Map<string, StatementRow>();

  constructor(public row: SeriesRow) {}

  within(ranges: readonly TimeRange[]): Fact[] {
    return [...this.facts.values()].filter(({ row }) =>
      ranges.some(({ from, to }) => row.at >= from && row.at < to),
    );
  }

  unclaimed(ranges: readonly TimeRange[]): Fact[] {
    return this.within(ranges).filter(({ row }) => row.statement === null);
  }
}

const statementKey = (chain: string, seq: number): string => `${chain} ${seq}`;

/**
 * Keeps everything in the memory of this process: for tests and development. Nothing is evicted, everything is over with
 * the process, and there are no transactions to take part in.
 */
export class MemoryUsageStore extends UsageStore {
  readonly durability = 'memory';
  readonly #series = new Map<string, Series>();
  readonly #ids = new Map<string, string>();

  async open(subjects: readonly UsageSubject[], tx?: unknown): Promise<readonly string[]> {
    rejectTransaction(tx);
    return subjects.map(({ marketplace, group, meter }) => {
      const name = JSON.stringify([marketplace, group, meter]);
      const known = this.#ids.get(name);
      if (known !== undefined) return known;
      const id = String(this.#ids.size + 1);
      this.#ids.set(name, id);
      const row = { id, marketplace, group, meter, version: 0, state: NEW_SERIES, leftAt: null, nextDue: 0 };
      this.#series.set(id, new Series(row));
      return id;
    });
  }

  async append(facts: readonly UsageAppend[], tx?: unknown): Promise<readonly AppendResult[]> {
    rejectTransaction(tx);
    return facts.map(({ series: id, fact, historical }) => {
      const series = this.#series.get(id);
      if (!series) return { result: 'noSeries' };
      const known = series.facts.get(fact.id);
      if (known) return { result: 'known', fact: known.row };
      const { leftAt } = series.row;
      if (leftAt !== null && fact.at >= leftAt) return { result: 'left' };
      const row = { ...fact, statement: historical ? 0 : null };
      series.facts.set(fact.id, { row, lanes: factLanes(fact) });
      return { result: 'added' };
    });
  }

  async correct(
    correction: Parameters<UsageStore['correct']>[0],
    tx?: unknown,
  ): Promise<AppendResult | null> {
    rejectTransaction(tx);
    const facts = this.#series.get(correction.series)?.facts;
    const known = facts?.get(correction.id);
    if (known) return { result: 'known', fact: known.row };
    const target = facts?.get(correction.corrects)?.row;
    if (!target || target.corrects !== null || target.at < correction.notBefore) return null;
    const before = [...facts.values()].map(({ row }) => row).filter(({ corrects }) => corrects === target.id);
    const fact = correctionOf(target, before, correction);
    // Of a fact that is history only, a correction is, too.
    const row = { ...fact, statement: target.statement === 0 ? 0 : null };
    facts.set(fact.id, { row, lanes: factLanes(fact) });
    return { result: 'added' };
  }

  async find(series: string, ids: readonly string[]): Promise<readonly KeptFactRow[]> {
    const { facts } = this.#of(series);
    return ids.flatMap((id) => facts.get(id)?.row ?? []);
  }

  async load(id: string): Promise<SeriesSnapshot | null> {
    const series = this.#series.get(id);
    if (!series) return null;
    let earliest: number | null = null;
    for (const { row } of series.facts.values()) {
      if (row.statement === null && (earliest === null || row.at < earliest)) earliest = row.at;
    }
    const periods = [...series.periods.values()].toSorted((one, other) => one.n - other.n);
    return { series: series.row, periods, earliest };
  }

  async statedUntil(series: readonly string[]): Promise<readonly (number | null)[]> {
    return series.map((id) => {
      const sealed = [...this.#of(id).periods.values()].filter(({ sealedBy }) => sealedBy !== null);
      return sealed.length === 0 ? null : Math.max(...sealed.map(({ ends }) => ends));
    });
  }

  async list(filter: SubjectFilter, after: string | null, limit: number): Promise<readonly SeriesRow[]> {
    const names = Object.entries(filter).filter(([, value]) => value !== undefined);
    return [...this.#series.values()]
      .map(({ row }) => row)
      .filter((row) => names.every(([name, value]) => row[name as keyof SubjectFilter] === value))
      .filter(({ id }) => after === null || Number(id) > Number(after))
      .slice(0, limit);
  }

  async due(now: number, after: string | null, limit: number): Promise<readonly string[]> {
    const onTheirWay: readonly StatementStatus[] = ['sealed', 'held', 'cancelling'];
    return [...this.#series.values()]
      .filter(
        ({ row, statements }) =>
          row.nextDue <= now || [...statements.values()].some(({ status }) => onTheirWay.includes(status)),
      )
      .map(({ row }) => row.id)
      .filter((id) => after === null || Number(id) > Number(after))
      .slice(0, limit);
  }

  async tally(
    series: string,
    { from, to, cuts, open }: TimeRange & { readonly cuts: readonly number[]; readonly open: boolean },
  ): Promise<readonly TallyRow[]> {
    const rows = new Map<string, { -readonly [Name in keyof TallyRow]: TallyRow[Name] }>();
    for (const { row, lanes } of this.#of(series).within([{ from, to }])) {
      if (row.statement === 0 || (open && row.statement !== null)) continue;
      const quarter = Math.floor(row.at / QUARTER_MS);
      const part = cuts.filter((cut) => cut <= row.at).length;
      const claimed = row.statement !== null;
      const name = `${quarter} ${part} ${claimed}`;
      const sum = rows.get(name) ?? {
        quarter,
        part,
        claimed,
        quantity: 0n,
        counted: 0,
        rows: 0,
        lanes: [0n, 0n],
      };
      sum.quantity += row.quantity;
      sum.counted += row.counted;
      sum.rows += 1;
      sum.lanes = [sum.lanes[0] + BigInt(lanes[0]), sum.lanes[1] + BigInt(lanes[1])];
      rows.set(name, sum);
    }
    return [...rows.values()];
  }

  async measure(series: string, { of, ...range }: Parameters<UsageStore['measure']>[1]): Promise<bigint> {
    const rows = this.#of(series)
      .within([range])
      .map(({ row }) => row)
      .filter(({ statement }) => statement !== 0);
    return spanValue(of, effectiveFacts(rows), range);
  }

  async facts(
    series: string,
    { from, to, after, limit }: Parameters<UsageStore['facts']>[1],
  ): Promise<readonly KeptFactRow[]> {
    return this.#of(series)
      .within([{ from, to }])
      .map(({ row }) => row)
      .filter(({ id }) => after === null || id > after)
      .toSorted((one, other) => (one.id < other.id ? -1 : 1))
      .slice(0, limit);
  }

  async seal(steps: readonly SealStep[]): Promise<boolean> {
    const good = steps.every(({ series: id, version, claim, statement, mark }) => {
      const series = this.#of(id);
      if (series.row.version !== version) return false;
      if (claim && series.unclaimed(claim.ranges).length !== claim.rows) return false;
      if (statement && series.statements.has(statementKey(statement.chain, statement.seq))) return false;
      return !mark || isIn(series, mark);
    });
    if (!good) return false;
    for (const step of steps) this.#seal(this.#of(step.series), step);
    return true;
  }

  #seal(series: Series, step: SealStep): void {
    const { version, state, leftAt, nextDue, opened = [], claim, statement, stated = [], mark } = step;
    for (const period of opened) if (!series.periods.has(period.n)) series.periods.set(period.n, period);
    if (claim && statement) {
      for (const { row, lanes } of series.unclaimed(claim.ranges)) {
        series.facts.set(row.id, { row: { ...row, statement: statement.seq }, lanes });
      }
    }
    if (statement) series.statements.set(statementKey(statement.chain, statement.seq), statement);
    for (const change of stated) {
      const { n, sealedBy, stated: amount, terms, ends } = change;
      const known = series.periods.get(n)!;
      series.periods.set(n, { ...known, sealedBy, stated: amount, terms, ends: ends ?? known.ends });
    }
    if (mark) put(series, mark);
    series.row = { ...series.row, version: version + 1, state, leftAt, nextDue };
  }

  async mark(id: string, mark: StatementMark): Promise<boolean> {
    const series = this.#of(id);
    if (!isIn(series, mark)) return false;
    put(series, mark);
    return true;
  }

  async statements(
    series: string,
    { chain, status, before, limit }: Parameters<UsageStore['statements']>[1],
  ): Promise<readonly FoundStatement[]> {
    return [...this.#of(series).statements.values()]
      .filter((one) => chain === undefined || one.chain === chain)
      .filter((one) => status === undefined || status.includes(one.status))
      .filter((one) => before === undefined || one.seq < before)
      .toSorted((one, other) => other.sealedAt - one.sealedAt || other.seq - one.seq)
      .slice(0, limit)
      .map((one) => ({ ...one, series }));
  }

  async withStatus(status: readonly StatementStatus[], limit: number): Promise<readonly FoundStatement[]> {
    return [...this.#series]
      .flatMap(([series, { statements }]) => [...statements.values()].map((one) => ({ ...one, series })))
      .filter((one) => status.includes(one.status))
      .toSorted((one, other) => one.sealedAt - other.sealedAt)
      .slice(0, limit);
  }

  async statement(series: string, chain: string, seq: number): Promise<FoundStatement | null> {
    const found = this.#of(series).statements.get(statementKey(chain, seq));
    return found ? { ...found, series } : null;
  }

  async statementOfBill(bill: string): Promise<FoundStatement | null> {
    for (const [series, { statements }] of this.#series) {
      for (const one of statements.values()) {
        if (one.progress.bills.some(({ id }) => id === bill)) return { ...one, series };
      }
    }
    return null;
  }

  async lastTerms(meter: string, currency: string): ReturnType<UsageStore['lastTerms']> {
    const rated = [...this.#series.values()]
      .filter(({ row }) => row.meter === meter)
      .flatMap(({ periods }) => [...periods.values()])
      .filter(({ terms }) => terms?.currency === currency)
      .toSorted((one, other) => one.ends - other.ends);
    const last = rated.at(-1);
    return last ? { ends: last.ends, terms: JSON.stringify(last.terms) } : null;
  }

  async openGraces(meter: string): Promise<readonly number[]> {
    const open = [...this.#series.values()]
      .filter(({ row }) => row.meter === meter)
      .flatMap(({ periods }) => [...periods.values()])
      .filter(({ sealedBy }) => sealedBy === null);
    return [...new Set(open.map(({ grace }) => grace))];
  }

  async sweep(series: string, { before, keep, limit }: Parameters<UsageStore['sweep']>[1]): Promise<number> {
    const { facts } = this.#of(series);
    const kept = new Set(keep);
    const gone = [...facts.values()]
      .map(({ row }) => row)
      .filter(({ at, statement }) => at < before && statement !== null)
      .filter(({ id, corrects }) => !kept.has(corrects ?? id))
      .slice(0, limit);
    for (const { id } of gone) facts.delete(id);
    return gone.length;
  }

  #of(id: string): Series {
    const series = this.#series.get(id);
    if (!series) throw new MaestranoUsageError('usage.unknownStatement');
    return series;
  }
}

function rejectTransaction(tx: unknown): void {
  if (tx === undefined) return;
  throw new MaestranoUsageError('usage.store', {
    message: 'A transaction was given, and the store of the usage is in no database.',
    remedy: 'Give MaestranoUsageModule a SqlUsageStore.',
  });
}

function isIn(series: Series, { chain, seq, from }: StatementMark): boolean {
  const present = series.statements.get(statementKey(chain, seq));
  return present !== undefined && from.includes(present.status);
}

function put(series: Series, { chain, seq, to, progress }: StatementMark): void {
  const key = statementKey(chain, seq);
  series.statements.set(key, { ...series.statements.get(key)!, status: to, progress });
}
