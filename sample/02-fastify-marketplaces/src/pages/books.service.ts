import { Injectable } from '@nestjs/common';
import { ConnecService, MaestranoError } from 'nestjs-maestrano';

import { type CompanyKey, InvoicesService } from '../invoices/invoices.service.js';

/** Reads what a company's books held before it subscribed: changes of then on are told by the marketplace. */
@Injectable()
export class BooksService {
  private readonly read = new Set<string>();

  constructor(
    private readonly connec: ConnecService,
    private readonly invoices: InvoicesService,
  ) {}

  /** @returns false where the books do not respond; they are asked again then. */
  async ensureRead(company: CompanyKey): Promise<boolean> {
    const { marketplace, groupUid } = company;
    const key = `${marketplace}/${groupUid}`;
    if (this.read.has(key)) return true;
    try {
      for await (const invoice of this.connec.for(groupUid, marketplace).records('invoices'))
        if (typeof invoice.id === 'string') this.invoices.keep(company, invoice.id, invoice);
    } catch (error) {
      if (error instanceof MaestranoError) return false;
      throw error;
    }
    this.read.add(key);
    return true;
  }
}
