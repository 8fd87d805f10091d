import { Injectable } from '@nestjs/common';
import { ConnecHandler, type ConnecNotificationContext, type ConnecRecordOf } from 'nestjs-maestrano';

/** An invoice that some other application of the customer wrote. */
export interface Invoice {
  readonly id: string;
  readonly code: string;
}

/** Keeps every company's invoices as the marketplace tells of them. */
@Injectable()
export class InvoicesService {
  private readonly invoices = new Map<string, Map<string, Invoice>>();

  @ConnecHandler('invoices')
  onInvoice(invoice: ConnecRecordOf<'invoices'>, context: ConnecNotificationContext): void {
    const { marketplace, groupUid, recordId } = context;
    if (recordId === null) return;
    const key = `${marketplace.name}/${groupUid}`;
    const known = this.invoices.get(key) ?? new Map<string, Invoice>();
    known.set(recordId, { id: recordId, code: invoice['code'] ?? recordId });
    this.invoices.set(key, known);
  }

  of(marketplace: string, groupUid: string): Invoice[] {
    return [...(this.invoices.get(`${marketplace}/${groupUid}`)?.values() ?? [])];
  }
}
