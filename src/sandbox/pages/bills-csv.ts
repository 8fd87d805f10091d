import { csvText } from '../../utils/csv.js';
import type { SandboxBillRecord } from '../state/records.js';

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
  return csvText([[...head, 'price_cents', 'currency'], ...lines]);
}
