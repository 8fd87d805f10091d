import { Injectable } from '@nestjs/common';
import { ConnecHandler, type ConnecNotificationContext, type ConnecRecordOf } from 'nestjs-maestrano';

/** An invoice that some other application of the customer wrote. */
export interface Invoice {
  readonly id: string;
  readonly code: string;
  readonly status: string | null;
  readonly currency: string | null;
  /** What the customer's customer still owes. */
  readonly balance: number | null;
  /** When a reminder went out last, ISO 8601. */
  readonly remindedAt: string | null;
}

/** A company of a marketplace; ids alone mean another company elsewhere. */
export interface CompanyKey {
  readonly marketplace: string;
  readonly groupUid: string;
}

/** Keeps every company's invoices as the marketplace tells of them. */
@Injectable()
export class InvoicesService {
  private readonly invoices = new Map<string, Map<string, Invoice>>();

  @ConnecHandler('invoices')
  onInvoice(invoice: ConnecRecordOf<'invoices'>, context: ConnecNotificationContext): void {
    const { marketplace, groupUid, recordId } = context;
    if (recordId !== null) this.keep({ marketplace: marketplace.name, groupUid }, recordId, invoice);
  }

  /** Keeps an invoice as it is now; what we know of reminders stays. */
  keep(company: CompanyKey, id: string, record: ConnecRecordOf<'invoices'>): void {
    const known = this.invoices.get(keyOf(company)) ?? new Map<string, Invoice>();
    const { balance, currency } = record;
    known.set(id, {
      id,
      code: record.code ?? id,
      status: record.status ?? null,
      currency: typeof currency === 'string' ? currency : null,
      balance: typeof balance === 'number' ? balance : null,
      remindedAt: known.get(id)?.remindedAt ?? null,
    });
    this.invoices.set(keyOf(company), known);
  }

  of(marketplace: string, groupUid: string): Invoice[] {
    return [...(this.invoices.get(keyOf({ marketplace, groupUid }))?.values() ?? [])];
  }

  find({ marketplace, groupUid }: CompanyKey, id: string): Invoice | undefined {
    return this.invoices.get(keyOf({ marketplace, groupUid }))?.get(id);
  }

  reminded(company: CompanyKey, id: string): void {
    const invoice = this.find(company, id);
    if (invoice)
      this.invoices.get(keyOf(company))?.set(id, { ...invoice, remindedAt: new Date().toISOString() });
  }

  /** The company cancelled: nothing of it stays. */
  forget(marketplace: string, groupUid: string): void {
    this.invoices.delete(keyOf({ marketplace, groupUid }));
  }
}

function keyOf({ marketplace, groupUid }: CompanyKey): string {
  return `${marketplace}/${groupUid}`;
}
