import type { SandboxBillRecord } from '../state/records.js';

/** How a cell may begin for a spreadsheet to calculate it. */
const FORMULA = /^[=+\-@\t\r]/;

/** A cell (RFC 4180). What a spreadsheet would take for a formula is marked as text: others wrote it. */
function cell(value: string | number | null): string {
  const text = value === null ? '' : String(value);
  const safe = typeof value === 'string' && FORMULA.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/**
 * One-time bills as a spreadsheet reads them: amounts in hundredths and moments in ISO 8601, as the marketplace has them.
 *
 * @param companyName of a bill.
 */
export function billsCsv(
  bills: readonly SandboxBillRecord[],
  companyName: (bill: SandboxBillRecord) => string,
): string {
  const head = ['id', 'marketplace', 'company', 'group_id', 'description', 'units', 'created_at', 'status'];
  const lines = bills.map((bill) => [
    bill.id,
    bill.marketplace,
    companyName(bill),
    bill.groupId,
    bill.description,
    bill.units,
    bill.createdAt,
    bill.status,
    bill.priceCents,
    bill.currency,
  ]);
  return [[...head, 'price_cents', 'currency'], ...lines]
    .map((line) => `${line.map((value) => cell(value)).join(',')}\r\n`)
    .join('');
}
