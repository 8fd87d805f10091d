import { numberOf } from '../../sql/sql-values.js';
import type { FoundStatement, PeriodRow, SeriesSnapshot, StatementStatus } from '../store/usage-records.js';
import { periodOf, seriesOf, statementOf } from './usage-rows.js';
import type { UsageTables } from './usage-tables.js';

/** Ids of series as rows of a parameter. */
function idsOf(series: readonly string[]): string {
  return JSON.stringify(series.map((id) => ({ series: Number(id) })));
}

/** Subjects with their periods, in the order of the ids: three statements, however many they are. */
export async function loadMany(
  tables: UsageTables,
  series: readonly string[],
): Promise<readonly (SeriesSnapshot | null)[]> {
  const { names } = tables;
  const ids = idsOf(series);
  const wanted = tables.rows('r', { series: 'integer' });
  // The series first: who changes the others changes its version as well.
  const rows = await tables.query(`select s.* from ${names.series} as s join ${wanted} on s.id = r.series`, [
    ids,
  ]);
  if (rows.length === 0) return series.map(() => null);
  const periods = new Map<string, PeriodRow[]>();
  for (const row of await tables.query(
    `select p.* from ${names.period} as p join ${wanted} on p.series = r.series order by p.series, p.n`,
    [ids],
  )) {
    const id = String(numberOf(row, 'series'));
    const own = periods.get(id);
    if (own) own.push(periodOf(row));
    else periods.set(id, [periodOf(row)]);
  }
  const earliest = new Map<string, number>();
  for (const row of await tables.query(
    `select f.series, min(f.at_ms) as earliest from ${names.fact} as f join ${wanted} on f.series = r.series
     where f.statement is null group by f.series`,
    [ids],
  )) {
    earliest.set(String(numberOf(row, 'series')), numberOf(row, 'earliest'));
  }
  const found = new Map(
    rows.map((row): [string, SeriesSnapshot] => {
      const one = seriesOf(row);
      const own = { series: one, periods: periods.get(one.id) ?? [], earliest: earliest.get(one.id) ?? null };
      return [one.id, own];
    }),
  );
  return series.map((id) => found.get(id) ?? null);
}

/** Statements of series in some states: series by series, the oldest first. */
export async function statementsOf(
  tables: UsageTables,
  series: readonly string[],
  status: readonly StatementStatus[],
): Promise<readonly FoundStatement[]> {
  if (series.length === 0) return [];
  const rows = await tables.query(
    `select s.* from ${tables.names.statement} as s join ${tables.rows('r', { series: 'integer' })} on s.series = r.series
     where s.status in (${status.map(() => '?').join(', ')}) order by s.series, s.sealed_at, s.seq`,
    [idsOf(series), ...status],
  );
  return rows.map(statementOf);
}
