import { numberOf } from '../../sql/sql-values.js';
import type { SealStep, StatementMark } from '../store/usage-records.js';
import type { UsageTables } from './usage-tables.js';

/** What came of sealing steps together. */
export interface SealedTogether {
  /** Series whose steps are sealed; others are another by now. */
  readonly sealed: ReadonlySet<string>;
  /** Series with more or fewer facts than were counted: with any of them, nothing may be kept of what was written. */
  readonly moved: ReadonlySet<string>;
}

const CLAIM = { series: 'integer', from_ms: 'integer', to_ms: 'integer', seq: 'integer' } as const;
const PERIOD = {
  series: 'integer',
  n: 'integer',
  starts: 'integer',
  ends: 'integer',
  zone: 'text',
  chain: 'text',
  grace: 'integer',
  sealed_by: 'integer',
  stated: 'text',
  terms: 'text',
} as const;
const STATEMENT = {
  series: 'integer',
  chain: 'text',
  seq: 'integer',
  status: 'text',
  progress: 'text',
  body: 'text',
  sealed_at: 'integer',
} as const;
const STATED = {
  series: 'integer',
  n: 'integer',
  sealed_by: 'integer',
  stated: 'text',
  terms: 'text',
  ends: 'integer',
} as const;
const SERIES = {
  series: 'integer',
  version: 'integer',
  state: 'text',
  left_at: 'integer',
  next_due: 'integer',
} as const;
const MARK = {
  place: 'integer',
  series: 'integer',
  chain: 'text',
  seq: 'integer',
  from_status: 'text',
  to_status: 'text',
  progress: 'text',
} as const;

/**
 * Seals steps of different series in a transaction of PostgreSQL, by the same rules as one at a time and with as many
 * statements: series are locked in the order of their ids, then facts are claimed, and those that were counted have to be those
 * that are there.
 */
export async function sealTogether(tables: UsageTables, steps: readonly SealStep[]): Promise<SealedTogether> {
  const { names } = tables;
  const ids = steps.map(({ series }) => ({ series: Number(series) }));
  const locked = await tables.query(
    `select s.id, s.version from ${names.series} as s
     where s.id in (select r.series from ${tables.rows('r', { series: 'integer' })}) order by s.id for update`,
    [JSON.stringify(ids)],
  );
  const versions = new Map(locked.map((row) => [String(numberOf(row, 'id')), numberOf(row, 'version')]));
  const good = steps.filter(({ series, version }) => versions.get(series) === version);
  const moved = await claimTogether(tables, good);
  const sealed = new Set(good.map(({ series }) => series));
  if (moved.size > 0) return { sealed: new Set(), moved };
  await write(tables, good);
  return { sealed, moved };
}

/** Claims the facts of all steps; the series in which they are not as many as were counted. */
async function claimTogether(tables: UsageTables, steps: readonly SealStep[]): Promise<ReadonlySet<string>> {
  const claims = steps.flatMap(({ series, claim, statement }) =>
    claim && statement
      ? claim.ranges.map(({ from, to }) => ({
          series: Number(series),
          from_ms: from,
          to_ms: to,
          seq: statement.seq,
        }))
      : [],
  );
  if (claims.length === 0) return new Set();
  const rows = await tables.query(
    `with claimed as (
       update ${tables.names.fact} as f set statement = r.seq from ${tables.rows('r', CLAIM)}
       where f.series = r.series and f.at_ms >= r.from_ms and f.at_ms < r.to_ms and f.statement is null
       returning f.series
     ) select series, count(*) as how_many from claimed group by series`,
    [JSON.stringify(claims)],
  );
  const counts = new Map(rows.map((row) => [String(numberOf(row, 'series')), numberOf(row, 'how_many')]));
  return new Set(
    steps
      .filter(
        ({ series, claim, statement }) => claim && statement && (counts.get(series) ?? 0) !== claim.rows,
      )
      .map(({ series }) => series),
  );
}

async function write(tables: UsageTables, steps: readonly SealStep[]): Promise<void> {
  const { names } = tables;
  const periods = steps.flatMap(({ series, opened = [] }) =>
    opened.map(({ sealedBy, terms, ...period }) => ({
      ...period,
      series: Number(series),
      sealed_by: sealedBy,
      terms: terms && JSON.stringify(terms),
    })),
  );
  const statements = steps.flatMap(({ series, statement }) =>
    statement
      ? [
          {
            ...statement,
            series: Number(series),
            progress: JSON.stringify(statement.progress),
            sealed_at: statement.sealedAt,
          },
        ]
      : [],
  );
  const stated = steps.flatMap(({ series, stated: list = [] }) =>
    list.map(({ n, sealedBy, stated: amount, terms, ends = null }) => ({
      series: Number(series),
      n,
      sealed_by: sealedBy,
      stated: amount,
      terms: terms && JSON.stringify(terms),
      ends,
    })),
  );
  const series = steps.map(({ series: id, version, state, leftAt, nextDue }) => ({
    series: Number(id),
    version: version + 1,
    state: JSON.stringify(state),
    left_at: leftAt,
    next_due: nextDue,
  }));
  await insert(tables, names.period, PERIOD, periods);
  await insert(tables, names.statement, STATEMENT, statements);
  if (stated.length > 0) {
    await tables.execute(
      `update ${names.period} as p set sealed_by = r.sealed_by, stated = r.stated, terms = r.terms, ends = coalesce(r.ends, p.ends)
       from ${tables.rows('r', STATED)} where p.series = r.series and p.n = r.n`,
      [JSON.stringify(stated)],
    );
  }
  if (series.length === 0) return;
  await tables.execute(
    `update ${names.series} as s set version = r.version, state = r.state, left_at = r.left_at, next_due = r.next_due
     from ${tables.rows('r', SERIES)} where s.id = r.series`,
    [JSON.stringify(series)],
  );
}

async function insert(
  tables: UsageTables,
  table: string,
  columns: Readonly<Record<string, 'integer' | 'text'>>,
  rows: readonly object[],
): Promise<void> {
  if (rows.length === 0) return;
  const list = Object.keys(columns);
  await tables.execute(
    `insert into ${table} (${list.join(', ')}) select ${list.map((name) => `r.${name}`).join(', ')}
     from ${tables.rows('r', columns)}`,
    [JSON.stringify(rows)],
  );
}

/** Marks statements in a transaction of PostgreSQL, locked in the order of their keys: whether each was in one of its states. */
export async function markTogether(
  tables: UsageTables,
  marks: readonly { readonly series: string; readonly mark: StatementMark }[],
): Promise<readonly boolean[]> {
  const { statement } = tables.names;
  const rows = marks.map(({ series, mark: { chain, seq, from, to, progress } }, place) => ({
    place,
    series: Number(series),
    chain,
    seq,
    from_status: `,${from.join(',')},`,
    to_status: to,
    progress: JSON.stringify(progress),
  }));
  const given = JSON.stringify(rows);
  await tables.query(
    `select s.series, s.chain, s.seq from ${statement} as s join ${tables.rows('r', MARK)}
     on s.series = r.series and s.chain = r.chain and s.seq = r.seq
     order by s.series, s.chain, s.seq for update of s`,
    [given],
  );
  const done = await tables.query(
    `update ${statement} as s set status = r.to_status, progress = r.progress from ${tables.rows('r', MARK)}
     where s.series = r.series and s.chain = r.chain and s.seq = r.seq
     and strpos(r.from_status, ',' || s.status || ',') > 0
     returning r.place`,
    [given],
  );
  const places = new Set(done.map((row) => numberOf(row, 'place')));
  return marks.map((_, place) => places.has(place));
}

/** Removes facts of different series that are stated and older, by one statement of PostgreSQL; says how many. */
export async function sweepTogether(
  tables: UsageTables,
  sweeps: readonly { readonly series: string; readonly before: number }[],
  limit: number,
): Promise<number> {
  const { fact } = tables.names;
  const rows = sweeps.map(({ series, before }) => ({ series: Number(series), before_ms: before }));
  return tables.execute(
    `delete from ${fact} where (series, fact_id) in (
       select f.series, f.fact_id from ${fact} as f join ${tables.rows('r', { series: 'integer', before_ms: 'integer' })}
       on f.series = r.series and f.at_ms < r.before_ms where f.statement is not null limit ${Math.floor(limit)}
     )`,
    [JSON.stringify(rows)],
  );
}
