import { MaestranoSqlError } from '../errors/sql.error.js';
import type { SqlRow } from './sql-executor.js';

/**
 * A text of a row: libraries also return bytes, for columns that compare byte by byte.
 *
 * @throws MaestranoSqlError `sql.rows`
 */
export function textOf(row: SqlRow | undefined, column: string): string {
  const value = row?.[column];
  if (typeof value === 'string') return value;
  if (value instanceof Uint8Array) return Buffer.from(value).toString();
  throw otherShape(column, 'a text');
}

/**
 * A number of a row, which libraries return as number, bigint or text.
 *
 * @throws MaestranoSqlError `sql.rows`
 */
export function numberOf(row: SqlRow | undefined, column: string): number {
  const value = row?.[column];
  const number =
    typeof value === 'string' && value !== ''
      ? Number(value)
      : typeof value === 'bigint' || typeof value === 'boolean'
        ? Number(value)
        : value;
  if (typeof number === 'number' && Number.isFinite(number)) return number;
  throw otherShape(column, 'a number');
}

/**
 * Rows as an executor returned them, when they are rows.
 *
 * @throws MaestranoSqlError `sql.rows`
 */
export function rowsOf(rows: readonly SqlRow[]): readonly SqlRow[] {
  const good = Array.isArray(rows) && rows.every((row) => typeof row === 'object' && row !== null);
  if (good && !rows.some(Array.isArray)) return rows;
  throw new MaestranoSqlError('sql.rows');
}

/**
 * A count as an executor returned it, when it is one.
 *
 * @throws MaestranoSqlError `sql.rows`
 */
export function countOf(count: number): number {
  if (Number.isSafeInteger(count) && count >= 0) return count;
  throw new MaestranoSqlError('sql.rows', { message: 'The executor returned no count of rows.' });
}

function otherShape(column: string, wanted: string): MaestranoSqlError {
  return new MaestranoSqlError('sql.rows', {
    message: `The executor returned a row whose \`${column}\` is not ${wanted}.`,
  });
}
