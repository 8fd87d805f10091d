import { isRecord } from '../../utils/values.js';

type Document = Readonly<Record<string, unknown>>;

const address = { line1: '12 Wharf Road', city: 'Sydney', region: 'NSW', postal_code: '2000', country: 'AU' };
const money = (amount: number): Document => ({
  total_amount: amount,
  net_amount: amount,
  tax_amount: 0,
  currency: 'AUD',
});
const line = {
  line_number: 1,
  description: 'Oak door',
  quantity: 2,
  unit_price: money(450),
  total_price: money(900),
};
const trade = {
  code: 'T-1001',
  status: 'AUTHORISED',
  transaction_date: '2026-01-15T00:00:00Z',
  due_date: '2026-02-14T00:00:00Z',
  currency: 'AUD',
  amount: money(900),
  lines: [line],
};

/** A plausible record of each resource; `…/example` shows it, and the JSON schema is read off it. */
const EXAMPLES: Readonly<Record<string, Document>> = {
  accounts: {
    code: '200',
    name: 'Sales',
    status: 'ACTIVE',
    class: 'REVENUE',
    type: 'SALES',
    currency: 'AUD',
    balance: 0,
  },
  company: { name: 'Example Pty Ltd', currency: 'AUD', timezone: 'Australia/Sydney', country: 'AU', address },
  employees: {
    first_name: 'Jo',
    last_name: 'Doe',
    status: 'ACTIVE',
    hired_date: '2025-03-01',
    email: { address: 'jo@example.com' },
  },
  events: {
    name: 'Open day',
    status: 'ACTIVE',
    start_date: '2026-05-01T10:00:00Z',
    end_date: '2026-05-01T16:00:00Z',
  },
  invoices: { ...trade, title: 'Doors', type: 'CUSTOMER', balance: 900 },
  items: {
    code: 'DOOR-OAK',
    name: 'Oak door',
    status: 'ACTIVE',
    type: 'PURCHASED',
    sale_price: money(450),
    is_inventoried: true,
    quantity_on_hand: 8,
  },
  journals: {
    code: 'J-1',
    title: 'Opening balance',
    transaction_date: '2026-01-01T00:00:00Z',
    entries: [{ description: 'Cash', amount: 100 }],
  },
  opportunities: {
    name: 'Kitchen refit',
    status: 'ACTIVE',
    amount: money(12_000),
    probability: 60,
    sales_stage: 'PROPOSAL',
  },
  organizations: {
    name: 'Harbour Homes',
    status: 'ACTIVE',
    is_customer: true,
    is_supplier: false,
    is_lead: false,
    email: { address: 'office@example.com' },
    phone: { landline: '+61 2 5550 0100' },
    address: { billing: address },
  },
  payments: {
    title: 'Payment',
    type: 'CUSTOMER',
    status: 'ACTIVE',
    transaction_date: '2026-02-01T00:00:00Z',
    amount: money(900),
  },
  people: {
    title: 'Ms',
    first_name: 'Jo',
    last_name: 'Doe',
    status: 'ACTIVE',
    is_customer: true,
    is_supplier: false,
    is_lead: false,
    email: { address: 'jo@example.com' },
    phone_work: { landline: '+61 2 5550 0101' },
    address_work: { billing: address },
  },
  projects: { name: 'Fit-out', status: 'ACTIVE', start_date: '2026-01-10', due_date: '2026-04-30' },
  purchase_orders: { ...trade, title: 'Timber' },
  quotes: { ...trade, title: 'Doors, quoted' },
  sales_orders: { ...trade, title: 'Doors, ordered' },
  tax_codes: { name: 'GST', status: 'ACTIVE', sale_tax_rate: 10, purchase_tax_rate: 10 },
  time_activities: {
    transaction_date: '2026-01-15',
    hours: 7,
    minutes: 30,
    description: 'Hanging doors',
    billable: true,
  },
};

/** Collections without an example of their own (protocol §9.11). */
const OTHERS = [
  'app_users',
  'connector_syncs',
  'event_orders',
  'leave_applications',
  'pay_items',
  'pay_runs',
  'pay_schedules',
  'pay_stubs',
  'stock_adjustments',
  'tax_rates',
  'teams',
  'time_sheets',
  'transaction_logs',
  'venues',
  'warehouses',
  'work_locations',
] as const;

/** Names of the collections and of the one singular resource (protocol §9.11). */
export const CONNEC_RESOURCES: ReadonlySet<string> = new Set([...Object.keys(EXAMPLES), ...OTHERS]);

/** The resource of which a company has exactly one record. */
export const SINGULAR_RESOURCE = 'company';

/** A plausible record of a resource. */
export function exampleOf(resource: string): Document {
  return EXAMPLES[resource] ?? { name: 'Example', status: 'ACTIVE' };
}

function schemaOf(value: unknown): Document {
  if (Array.isArray(value)) return { type: 'array', items: schemaOf(value[0] ?? '') };
  if (isRecord(value)) {
    return {
      type: 'object',
      properties: Object.fromEntries(Object.entries(value).map(([name, part]) => [name, schemaOf(part)])),
    };
  }
  if (typeof value === 'string' && /^\d{4}-\d{2}-\d{2}T/.test(value))
    return { type: 'string', format: 'date-time' };
  return { type: typeof value };
}

/** JSON schema of a resource, read off its example. */
export function jsonSchemaOf(resource: string): Document {
  return {
    $schema: 'http://json-schema.org/draft-04/schema#',
    title: resource,
    ...schemaOf({
      id: '',
      ...exampleOf(resource),
      group_id: '',
      channel_id: '',
      resource_type: '',
      created_at: '2026-01-01T00:00:00Z',
      updated_at: '2026-01-01T00:00:00Z',
    }),
  };
}
