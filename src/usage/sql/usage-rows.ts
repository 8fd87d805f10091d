import type { SqlRow } from '../../sql/sql-executor.js';
import { numberOf, textOf } from '../../sql/sql-values.js';
import type {
  FoundStatement,
  KeptFactRow,
  PeriodRow,
  PeriodTerms,
  SeriesRow,
  SeriesState,
  StatementProgress,
  StatementStatus,
} from '../store/usage-records.js';

function numberOrNull(row: SqlRow, column: string): number | null {
  return row[column] === null ? null : numberOf(row, column);
}

function textOrNull(row: SqlRow, column: string): string | null {
  return row[column] === null ? null : textOf(row, column);
}

/** A whole number that may be larger than a number of JavaScript holds: selected as text. */
export function wholeOf(row: SqlRow, column: string): bigint {
  const value = row[column];
  return typeof value === 'bigint' ? value : BigInt(typeof value === 'number' ? value : textOf(row, column));
}

export function seriesOf(row: SqlRow): SeriesRow {
  return {
    id: String(numberOf(row, 'id')),
    marketplace: textOf(row, 'marketplace'),
    group: textOf(row, 'group_uid'),
    meter: textOf(row, 'meter'),
    version: numberOf(row, 'version'),
    state: JSON.parse(textOf(row, 'state')) as SeriesState,
    leftAt: numberOrNull(row, 'left_at'),
    nextDue: numberOf(row, 'next_due'),
  };
}

export function periodOf(row: SqlRow): PeriodRow {
  const terms = textOrNull(row, 'terms');
  return {
    n: numberOf(row, 'n'),
    starts: numberOf(row, 'starts'),
    ends: numberOf(row, 'ends'),
    zone: textOf(row, 'zone'),
    chain: textOf(row, 'chain'),
    grace: numberOf(row, 'grace'),
    sealedBy: numberOrNull(row, 'sealed_by'),
    stated: textOf(row, 'stated'),
    terms: terms === null ? null : (JSON.parse(terms) as PeriodTerms),
  };
}

/** A fact; `quantity_text` and `corrected_text` are the numbers as texts. */
export function factOf(row: SqlRow): KeptFactRow {
  const corrects = textOrNull(row, 'corrects');
  const isOwn = corrects === null;
  return {
    id: textOf(row, 'fact_id'),
    at: numberOf(row, 'at_ms'),
    quantity: wholeOf(row, 'quantity_text'),
    counted: numberOf(row, 'counted'),
    key: textOf(row, 'fact_key'),
    corrects,
    // Of a fact of its own, the row keeps what the last correction said: where the next one begins.
    value: isOwn || row['corrected_text'] === null ? null : wholeOf(row, 'corrected_text'),
    turn: isOwn ? 0 : numberOf(row, 'turn'),
    receivedAt: numberOf(row, 'received_at'),
    statement: numberOrNull(row, 'statement'),
  };
}

export function statementOf(row: SqlRow): FoundStatement {
  return {
    series: String(numberOf(row, 'series')),
    chain: textOf(row, 'chain'),
    seq: numberOf(row, 'seq'),
    status: textOf(row, 'status') as StatementStatus,
    progress: JSON.parse(textOf(row, 'progress')) as StatementProgress,
    body: textOf(row, 'body'),
    sealedAt: numberOf(row, 'sealed_at'),
  };
}
