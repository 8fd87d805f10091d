import { numberOf } from '../../sql/sql-values.js';
import type { PeriodRow, SealStep, StatementMark, StatementRow } from '../store/usage-records.js';
import { FactStatements } from './fact-statements.js';
import type { UsageTables } from './usage-tables.js';

/** False when the series is another by now, or not as many facts are there as were counted. */
export async function sealStep(tables: UsageTables, step: SealStep): Promise<boolean> {
  const { names } = tables;
  const id = Number(step.series);
  const [row] = await tables.query(`select version from ${names.series} where id = ?${tables.forUpdate}`, [
    id,
  ]);
  if (!row || numberOf(row, 'version') !== step.version) return false;
  if (step.mark && !(await putMark(tables, step.series, step.mark))) return false;
  if (step.claim && step.statement) {
    const claimed = await new FactStatements(tables).claim(
      step.series,
      step.claim.ranges,
      step.statement.seq,
    );
    if (claimed !== step.claim.rows) return false;
  }
  for (const period of step.opened ?? []) await insertPeriod(tables, id, period);
  if (step.statement) await insertStatement(tables, id, step.statement);
  for (const { n, sealedBy, stated, terms, ends } of step.stated ?? []) {
    const earlier = ends === undefined ? '' : ', ends = ?';
    await tables.execute(
      `update ${names.period} set sealed_by = ?, stated = ?, terms = ?${earlier} where series = ? and n = ?`,
      [
        sealedBy,
        stated,
        terms === null ? null : JSON.stringify(terms),
        ...(ends === undefined ? [] : [ends]),
        id,
        n,
      ],
    );
  }
  await tables.execute(
    `update ${names.series} set version = ?, state = ?, left_at = ?, next_due = ? where id = ?`,
    [step.version + 1, JSON.stringify(step.state), step.leftAt, step.nextDue, id],
  );
  return true;
}

async function insertPeriod(tables: UsageTables, series: number, period: PeriodRow): Promise<void> {
  const { n, starts, ends, zone, chain, grace, sealedBy, stated, terms } = period;
  await tables.execute(
    `insert into ${tables.names.period} (series, n, starts, ends, zone, chain, grace, sealed_by, stated, terms)
     values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    [
      series,
      n,
      starts,
      ends,
      zone,
      chain,
      grace,
      sealedBy,
      stated,
      terms === null ? null : JSON.stringify(terms),
    ],
  );
}

async function insertStatement(tables: UsageTables, series: number, statement: StatementRow): Promise<void> {
  const { chain, seq, status, progress, body, sealedAt } = statement;
  await tables.execute(
    `insert into ${tables.names.statement} (series, chain, seq, status, progress, body, sealed_at)
     values (?, ?, ?, ?, ?, ?, ?)`,
    [series, chain, seq, status, JSON.stringify(progress), body, sealedAt],
  );
}

/** False when the statement is in none of the states that it is marked from. */
export async function putMark(tables: UsageTables, series: string, mark: StatementMark): Promise<boolean> {
  const { chain, seq, from, to, progress } = mark;
  const changed = await tables.execute(
    `update ${tables.names.statement} set status = ?, progress = ?
     where series = ? and chain = ? and seq = ? and status in (${from.map(() => '?').join(', ')})`,
    [to, JSON.stringify(progress), Number(series), chain, seq, ...from],
  );
  return changed > 0;
}
