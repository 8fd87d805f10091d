import type { ConnecRecordOf } from 'nestjs-maestrano';
import { syncEntity, table } from 'nestjs-maestrano/sync';

interface Company {
  readonly name: string;
}

interface Contact {
  readonly firstName: string;
  readonly lastName: string | null;
  readonly email: string | null;
  readonly companyRef: number | null;
}

interface Line {
  readonly id: string;
  readonly text: string | null;
  readonly quantity: number | null;
}

interface Invoice {
  readonly title: string;
  readonly companyRef: number | null;
  readonly lines: readonly Line[];
}

/** What of an invoice at Connec! is synchronized. */
interface ConnecInvoice extends ConnecRecordOf<'invoices'> {
  readonly lines?: readonly { readonly description?: string | null; readonly quantity?: number | null }[];
}

/** What is the same in all tables. */
const COLUMNS = {
  id: 'id',
  group: 'customer',
  version: 'rev',
  versionBy: 'trigger',
  key: 'connec_key',
  updatedAt: 'updated_at',
  bornAt: 'created_at',
  naming: 'snake_case',
} as const;

export const companies = syncEntity('organizations', table<Company>('companies', COLUMNS), {
  fields: { name: 'name' },
  match: ['name'],
});

export const contacts = syncEntity('people', table<Contact>('contacts', COLUMNS), {
  fields: {
    first_name: { app: 'firstName', onCreate: { app: 'Unknown' } },
    last_name: 'lastName',
    'email.address': 'email',
    organization_id: { app: 'companyRef', refers: 'organizations' },
  },
  match: ['email.address', ['first_name', 'last_name']],
});

const invoiceTable = table<Invoice>('invoices', { ...COLUMNS, json: { lines: 'id' } });

export const invoices = syncEntity<Invoice, 'invoices', ConnecInvoice>('invoices', invoiceTable, {
  fields: {
    title: { app: 'title', onCreate: { app: 'Untitled' } },
    organization_id: { app: 'companyRef', refers: 'organizations' },
    lines: {
      app: 'lines',
      key: 'id',
      match: ['description'],
      fields: { description: 'text', quantity: 'quantity' },
    },
  },
  match: ['title'],
});
