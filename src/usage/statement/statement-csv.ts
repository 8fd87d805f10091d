import { csvText } from '../../utils/csv.js';
import type { UsageStatement } from './usage-statement.js';

const COLUMNS = ['statement', 'kind', 'from', 'to', 'quantity', 'unit price', 'flat', 'amount'];

/**
 * A statement as CSV (RFC 4180): a row for each step of the computation, then what was opened, billed and carried on. The
 * amounts of the steps, plus opening, less billed, are the closing (usage §9).
 */
export function csvOf(statement: UsageStatement): string {
  const rows: string[][] = [COLUMNS];
  const name = String(statement.seq);
  for (const line of statement.lines) {
    const begin = [name, line.kind, line.from, line.to];
    const [step] = line.steps;
    const isSplit = step !== undefined && line.share === null;
    if (!isSplit) rows.push([...begin, line.quantity, step?.unit ?? '', step?.flat ?? '', line.amount]);
    else {
      for (const { quantity, unit, flat, amount } of line.steps)
        rows.push([...begin, quantity, unit, flat, amount]);
    }
  }
  for (const kind of ['opening', 'billed', 'closing'] as const) {
    rows.push([name, kind, '', '', '', '', '', statement[kind]]);
  }
  return csvText(rows);
}
