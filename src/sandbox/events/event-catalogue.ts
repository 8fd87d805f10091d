import type { SandboxConnecRecord } from '../state/records.js';
import { withFields } from './with-fields.js';

/** Something that happens at the marketplace, of which the application is told. */
export interface CatalogueEvent {
  readonly key: string;
  readonly title: string;
  readonly note: string;
  readonly method: 'DELETE' | 'POST';
  readonly group: 'Companies and people' | 'Records' | 'Hard cases';
  /** Resource whose records the body is made of; null for events of companies and people. */
  readonly resource: string | null;
  /** Whether the records of the body change at Connec! as well; otherwise the body is only sent. */
  readonly writes: boolean;
}

/** Events whose records change at Connec! too. */
const WRITING: ReadonlySet<string> = new Set(['invoice', 'person', 'organization', 'many', 'edit']);

/** What is offered first. */
export const USUAL_EVENT = event(
  'invoice',
  'An invoice changes',
  'One record, new balance',
  'POST',
  'Records',
  'invoices',
);

/** What can be tried; hard cases are those that applications get wrong. */
export const CATALOGUE: readonly CatalogueEvent[] = [
  event('cancel', 'A company cancels', 'Sessions end, charges stop', 'DELETE', 'Companies and people', null),
  event('leave', 'A person leaves', 'That person’s session ends', 'DELETE', 'Companies and people', null),
  USUAL_EVENT,
  event('person', 'A person is renamed', 'Accents and markup in the name', 'POST', 'Records', 'people'),
  event('organization', 'A customer changes', 'One organization', 'POST', 'Records', 'organizations'),
  event('many', 'Twelve items at once', 'More than one in a body', 'POST', 'Records', 'items'),
  event('edit', 'A record is edited', 'Fields of your choice', 'POST', 'Records', 'people'),
  event('own', 'Something of your own', 'Any body, only sent', 'POST', 'Records', 'organizations'),
  event('repeat', 'The same again', 'Must be dropped as a repeat', 'POST', 'Hard cases', 'invoices'),
  event('older', 'An older one after a newer', 'Must not win', 'POST', 'Hard cases', 'invoices'),
  event('stranger', 'A company you do not know', 'Must not be made up', 'DELETE', 'Hard cases', null),
];

function event(
  key: string,
  title: string,
  note: string,
  method: CatalogueEvent['method'],
  group: CatalogueEvent['group'],
  resource: string | null,
): CatalogueEvent {
  return { key, title, note, method, group, resource, writes: WRITING.has(key) };
}

/** What a body is made of. */
export interface BodySource {
  readonly resource: string;
  readonly group: string;
  /** A record of the company; null makes one up. */
  readonly record: SandboxConnecRecord | null;
  /** ISO 8601, by the sandbox's clock. */
  readonly now: string;
  /** For a record that is made up. */
  readonly id: string;
  /** Fields by path (`email.address`) that have these values; none by default. */
  readonly set?: Readonly<Record<string, unknown>> | undefined;
}

/** The body that an event begins with: a known record changed, or one made up. */
export function eventBody(
  key: string,
  { resource, group, record, now, id, set = {} }: BodySource,
): Record<string, unknown> {
  const document = record?.document ?? madeUp(resource);
  const base: Record<string, unknown> = {
    ...withFields({ ...document, ...changeOf(key, document, now) }, set),
    id: record?.id ?? id,
    group_id: group,
    resource_type: resource,
    created_at: record?.createdAt ?? now,
    updated_at: now,
  };
  if (key === 'many')
    return {
      [resource]: Array.from({ length: 12 }, (_, index) => ({
        ...base,
        id: index === 0 ? base['id'] : `${id.slice(0, -2)}${String(index + 1).padStart(2, '0')}`,
        code: `ITEM-${index + 1}`,
      })),
    };
  return { [resource]: [base] };
}

/** What an event changes in the record that it is made of. */
function changeOf(
  key: string,
  document: Readonly<Record<string, unknown>>,
  now: string,
): Readonly<Record<string, unknown>> {
  switch (key) {
    case 'person':
      return { first_name: 'Zoë <b>', last_name: 'O’Brien & Søn' };
    case 'organization':
      return { description: `Changed at the marketplace, ${now}` };
    case 'invoice': {
      const balance = Number(document['balance']);
      return { balance: balance > 0 ? Math.floor(balance * 50) / 100 : 1 };
    }
    default:
      return {};
  }
}

function madeUp(resource: string): Record<string, unknown> {
  switch (resource) {
    case 'invoices':
      return {
        code: 'INV-2001',
        status: 'AUTHORISED',
        type: 'CUSTOMER',
        amount: { total_amount: 120, currency: 'AUD' },
        balance: 120,
      };
    case 'people':
      return { first_name: 'Zoë', last_name: 'O’Brien', is_customer: true };
    case 'items':
      return { code: 'ITEM-1', name: 'Oak board', status: 'ACTIVE' };
    default:
      return { name: 'Blue Gum Timber', is_supplier: true };
  }
}
