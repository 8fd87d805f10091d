import { MaestranoUsageError } from '../../errors/usage.error.js';
import { checkSqlSchema } from '../../sql/migrations/sql-schema.js';
import type { SqlExecutor } from '../../sql/sql-executor.js';
import { SqlCalls } from '../../sql/sql-calls.js';
import type { SqlTableOptions } from '../../sql/sql-tables.js';
import { numberOf, textOf } from '../../sql/sql-values.js';
import { NEW_SERIES } from '../store/correction.js';
import type {
  AppendResult,
  FactSpan,
  FactSums,
  FoundStatement,
  KeptFactRow,
  SealStep,
  SeriesRow,
  SeriesSnapshot,
  StatementMark,
  StatementStatus,
  TallyRow,
  UsageAppend,
  UsageSubject,
} from '../store/usage-records.js';
import { type SubjectFilter, UsageStore } from '../store/usage-store.js';
import { FactAppends } from './fact-appends.js';
import { FactStatements } from './fact-statements.js';
import { markTogether, type SealedTogether, sealTogether, sweepTogether } from './seal-bundles.js';
import { putMark, sealStep } from './seal-steps.js';
import { loadMany, statementsOf } from './series-reads.js';
import { seriesOf, statementOf } from './usage-rows.js';
import { UsageTables } from './usage-tables.js';

/** Times that steps are sealed together before those that are left are sealed one by one. */
const TURNS = 3;

/** Bounds of a {@link SqlUsageStore}, and where its tables are. */
export interface SqlUsageStoreOptions extends SqlTableOptions {
  /** Milliseconds after which a call is given up with `sql.timeout` or `sql.contention`; 10,000 by default. */
  readonly timeoutMs?: number;
}

const FILTERED: Readonly<Record<keyof UsageSubject, string>> = {
  marketplace: 'marketplace',
  group: 'group_uid',
  meter: 'meter',
};

/**
 * Keeps usage in tables of your own PostgreSQL, MySQL, MariaDB or SQLite (docs/usage.md): those of
 * `nestjs-maestrano db print`. With `{ tx }` facts are written in your own transaction.
 */
export class SqlUsageStore extends UsageStore {
  readonly durability = 'durable';
  readonly #calls: SqlCalls;

  constructor(
    private readonly executor: SqlExecutor,
    private readonly options: SqlUsageStoreOptions = {},
  ) {
    super();
    this.#calls = new SqlCalls(options.timeoutMs ?? 10_000);
  }

  /** Waits for its calls, for `timeoutMs` at most; the connections are yours. */
  override close(): Promise<void> {
    return this.#calls.settled();
  }

  override async check(): Promise<void> {
    await checkSqlSchema(this.executor, this.options);
  }

  open(subjects: readonly UsageSubject[], tx?: unknown): Promise<readonly string[]> {
    if (subjects.length === 0) return Promise.resolve([]);
    return this.#on(tx, async (tables) => {
      const rows = subjects.map(({ marketplace, group, meter }) => ({
        marketplace,
        group_uid: group,
        meter,
      }));
      const wanted = JSON.stringify(rows);
      const nameOf = (names: readonly string[]): string => JSON.stringify(names);
      const from = tables.rows('r', { marketplace: 'key', group_uid: 'key', meter: 'key' });
      const find = async (latest: string): Promise<ReadonlyMap<string, string>> => {
        const found = await tables.query(
          `select s.id, s.marketplace, s.group_uid, s.meter from ${tables.names.series} as s join ${from}
           on s.marketplace = r.marketplace and s.group_uid = r.group_uid and s.meter = r.meter${latest}`,
          [wanted],
        );
        return new Map(
          found.map((row) => [
            nameOf([textOf(row, 'marketplace'), textOf(row, 'group_uid'), textOf(row, 'meter')]),
            String(numberOf(row, 'id')),
          ]),
        );
      };
      const names = subjects.map(({ marketplace, group, meter }) => nameOf([marketplace, group, meter]));
      let ids = await find('');
      if (names.some((name) => !ids.has(name))) {
        await tables.execute(
          tables.insertNew(
            tables.names.series,
            'marketplace, group_uid, meter, version, state, next_due',
            `select r.marketplace, r.group_uid, r.meter, 0, '${JSON.stringify(NEW_SERIES)}', 0 from ${from}
             order by r.marketplace, r.group_uid, r.meter`,
          ),
          [wanted],
        );
        ids = await find(tables.latest);
      }
      return names.map((name) => {
        const id = ids.get(name);
        if (id === undefined) throw new MaestranoUsageError('usage.store');
        return id;
      });
    });
  }

  append(facts: readonly UsageAppend[], tx?: unknown): Promise<readonly AppendResult[]> {
    return this.#on(tx, (tables) => new FactAppends(tables).append(facts));
  }

  correct(correction: Parameters<UsageStore['correct']>[0], tx?: unknown): Promise<AppendResult | null> {
    if (tx !== undefined) return this.#on(tx, (tables) => new FactStatements(tables).correct(correction));
    return this.#transact((tables) => new FactStatements(tables).correct(correction));
  }

  find(series: string, ids: readonly string[]): Promise<readonly KeptFactRow[]> {
    return this.#on(undefined, (tables) => new FactStatements(tables).find(series, ids));
  }

  async load(id: string): Promise<SeriesSnapshot | null> {
    const [found = null] = await this.loadMany([id]);
    return found;
  }

  override loadMany(series: readonly string[]): Promise<readonly (SeriesSnapshot | null)[]> {
    return this.#on(undefined, (tables) => loadMany(tables, series));
  }

  override statementsOf(
    series: readonly string[],
    status: readonly StatementStatus[],
  ): Promise<readonly FoundStatement[]> {
    return this.#on(undefined, (tables) => statementsOf(tables, series, status));
  }

  override sums(
    spans: readonly FactSpan[],
    options: { readonly open: boolean },
  ): Promise<readonly FactSums[]> {
    if (spans.length === 0) return Promise.resolve([]);
    return this.#on(undefined, (tables) => new FactStatements(tables).sums(spans, options));
  }

  statedUntil(series: readonly string[]): Promise<readonly (number | null)[]> {
    return this.#on(undefined, async (tables) => {
      const rows = await tables.query(
        `select p.series, max(p.ends) as ends from ${tables.names.period} as p
         join ${tables.rows('r', { series: 'integer' })} on p.series = r.series
         where p.sealed_by is not null group by p.series`,
        [JSON.stringify(series.map((id) => ({ series: Number(id) })))],
      );
      const until = new Map(rows.map((row) => [String(numberOf(row, 'series')), numberOf(row, 'ends')]));
      return series.map((id) => until.get(id) ?? null);
    });
  }

  list(filter: SubjectFilter, after: string | null, limit: number): Promise<readonly SeriesRow[]> {
    return this.#on(undefined, async (tables) => {
      const given = Object.entries(filter).filter(([, value]) => value !== undefined) as [
        keyof UsageSubject,
        string,
      ][];
      const conditions = ['id > ?', ...given.map(([name]) => `${FILTERED[name]} = ?`)];
      const rows = await tables.query(
        `select * from ${tables.names.series} where ${conditions.join(' and ')} order by id limit ${Math.floor(limit)}`,
        [Number(after ?? 0), ...given.map(([, value]) => value)],
      );
      return rows.map(seriesOf);
    });
  }

  due(now: number, after: string | null, limit: number): Promise<readonly string[]> {
    return this.#on(undefined, async (tables) => {
      const { names } = tables;
      const rows = await tables.query(
        `select id from ${names.series} where next_due <= ? and id > ?
         union select series as id from ${names.statement} where status in ('sealed', 'held', 'cancelling') and series > ?
         order by id limit ${Math.floor(limit)}`,
        [now, Number(after ?? 0), Number(after ?? 0)],
      );
      return rows.map((row) => String(numberOf(row, 'id')));
    });
  }

  tally(series: string, query: Parameters<UsageStore['tally']>[1]): Promise<readonly TallyRow[]> {
    return this.#on(undefined, (tables) => new FactStatements(tables).tally(series, query));
  }

  measure(series: string, query: Parameters<UsageStore['measure']>[1]): Promise<bigint> {
    return this.#on(undefined, (tables) => new FactStatements(tables).measure(series, query));
  }

  facts(series: string, query: Parameters<UsageStore['facts']>[1]): Promise<readonly KeptFactRow[]> {
    return this.#on(undefined, (tables) => new FactStatements(tables).facts(series, query));
  }

  seal(steps: readonly SealStep[]): Promise<boolean> {
    const inOrder = steps.toSorted((one, other) => Number(one.series) - Number(other.series));
    return this.#transactIf(async (tables) => {
      for (const step of inOrder) if (!(await sealStep(tables, step))) return false;
      return true;
    });
  }

  /** On PostgreSQL in one transaction for all; elsewhere one after the other. */
  override async sealEach(steps: readonly SealStep[]): Promise<readonly boolean[]> {
    const isBundled = this.executor.dialect === 'postgres' && steps.length > 1;
    if (!isBundled || steps.some(({ mark }) => mark)) return super.sealEach(steps);
    const done = new Set<string>();
    let rest = steps;
    for (let turn = 0; turn < TURNS && rest.length > 0; turn += 1) {
      const { sealed, moved } = await this.#sealTogether(rest);
      for (const series of sealed) done.add(series);
      // Facts came to these meanwhile, so that nothing was written: the others are sealed without them.
      rest = moved.size === 0 ? [] : rest.filter(({ series }) => !moved.has(series));
    }
    for (const step of rest) if (await this.seal([step])) done.add(step.series);
    return steps.map(({ series }) => done.has(series));
  }

  #sealTogether(steps: readonly SealStep[]): Promise<SealedTogether> {
    return this.#calls.run(this.executor, async () => {
      const lost: { result: SealedTogether | null } = { result: null };
      try {
        return await this.executor.transaction(async (executor) => {
          const result = await sealTogether(new UsageTables(executor, this.options), steps);
          if (result.moved.size === 0) return result;
          lost.result = result;
          throw new Error('Nothing is written.');
        });
      } catch (error) {
        if (lost.result) return lost.result;
        throw error;
      }
    });
  }

  /** On PostgreSQL in one transaction for all; elsewhere one after the other. */
  override markEach(
    marks: readonly { readonly series: string; readonly mark: StatementMark }[],
  ): Promise<readonly boolean[]> {
    if (this.executor.dialect !== 'postgres' || marks.length < 2) return super.markEach(marks);
    return this.#transact((tables) => markTogether(tables, marks));
  }

  mark(series: string, mark: StatementMark): Promise<boolean> {
    return this.#on(undefined, (tables) => putMark(tables, series, mark));
  }

  statements(
    series: string,
    { chain, status, before, limit }: Parameters<UsageStore['statements']>[1],
  ): Promise<readonly FoundStatement[]> {
    return this.#on(undefined, async (tables) => {
      const conditions = ['series = ?'];
      const parameters: (string | number)[] = [Number(series)];
      if (chain !== undefined) conditions.push('chain = ?');
      if (chain !== undefined) parameters.push(chain);
      if (status !== undefined) conditions.push(`status in (${status.map(() => '?').join(', ')})`);
      parameters.push(...(status ?? []));
      if (before !== undefined) conditions.push('seq < ?');
      if (before !== undefined) parameters.push(before);
      const rows = await tables.query(
        `select * from ${tables.names.statement} where ${conditions.join(' and ')}
         order by sealed_at desc, seq desc limit ${Math.floor(limit)}`,
        parameters,
      );
      return rows.map(statementOf);
    });
  }

  withStatus(status: readonly StatementStatus[], limit: number): Promise<readonly FoundStatement[]> {
    return this.#on(undefined, async (tables) => {
      const rows = await tables.query(
        `select * from ${tables.names.statement} where status in (${status.map(() => '?').join(', ')})
         order by sealed_at, series, seq limit ${Math.floor(limit)}`,
        status,
      );
      return rows.map(statementOf);
    });
  }

  statement(series: string, chain: string, seq: number): Promise<FoundStatement | null> {
    return this.#on(undefined, async (tables) => {
      const [row] = await tables.query(
        `select * from ${tables.names.statement} where series = ? and chain = ? and seq = ?`,
        [Number(series), chain, seq],
      );
      return row ? statementOf(row) : null;
    });
  }

  statementOfBill(bill: string): Promise<FoundStatement | null> {
    return this.#on(undefined, async (tables) => {
      const position = tables.dialect === 'postgres' ? 'strpos' : 'instr';
      const [row] = await tables.query(
        `select * from ${tables.names.statement} where ${position}(progress, ?) > 0 limit 1`,
        [`"id":${JSON.stringify(bill)}`],
      );
      return row ? statementOf(row) : null;
    });
  }

  lastTerms(meter: string, currency: string): ReturnType<UsageStore['lastTerms']> {
    return this.#on(undefined, async (tables) => {
      const { names } = tables;
      const begins = `{"currency":${JSON.stringify(currency)}`;
      const [row] = await tables.query(
        `select p.ends, p.terms from ${names.period} as p join ${names.series} as s on s.id = p.series
         where s.meter = ? and p.terms is not null and substr(p.terms, 1, ${begins.length}) = ?
         order by p.ends desc limit 1`,
        [meter, begins],
      );
      return row ? { ends: numberOf(row, 'ends'), terms: textOf(row, 'terms') } : null;
    });
  }

  openGraces(meter: string): Promise<readonly number[]> {
    return this.#on(undefined, async (tables) => {
      const { names } = tables;
      const rows = await tables.query(
        `select distinct p.grace from ${names.period} as p join ${names.series} as s on s.id = p.series
         where s.meter = ? and p.sealed_by is null`,
        [meter],
      );
      return rows.map((row) => numberOf(row, 'grace'));
    });
  }

  sweep(series: string, query: Parameters<UsageStore['sweep']>[1]): Promise<number> {
    return this.#on(undefined, (tables) => new FactStatements(tables).sweep(series, query));
  }

  /** On PostgreSQL by one statement for all; elsewhere one after the other. */
  override sweepEach(
    sweeps: readonly { readonly series: string; readonly before: number }[],
    limit: number,
  ): Promise<number> {
    if (this.executor.dialect !== 'postgres' || sweeps.length < 2) return super.sweepEach(sweeps, limit);
    return this.#on(undefined, (tables) => sweepTogether(tables, sweeps, limit));
  }

  #on<T>(tx: unknown, work: (tables: UsageTables) => Promise<T>): Promise<T> {
    const executor = tx === undefined ? this.executor : this.executor.within(tx);
    const tables = new UsageTables(executor, this.options);
    return this.#calls.run(executor, () => work(tables));
  }

  #transact<T>(work: (tables: UsageTables) => Promise<T>): Promise<T> {
    return this.#calls.run(this.executor, () =>
      this.executor.transaction((executor) => work(new UsageTables(executor, this.options))),
    );
  }

  /** A transaction that commits where the work says true, and otherwise leaves nothing behind. */
  #transactIf(work: (tables: UsageTables) => Promise<boolean>): Promise<boolean> {
    return this.#calls.run(this.executor, async () => {
      let isLost = false;
      try {
        return await this.executor.transaction(async (executor) => {
          isLost = !(await work(new UsageTables(executor, this.options)));
          if (isLost) throw new Error('Nothing is written.');
          return true;
        });
      } catch (error) {
        if (isLost) return false;
        throw error;
      }
    });
  }
}
