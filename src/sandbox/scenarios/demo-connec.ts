import { addressOf, type ScenarioBuilder } from './scenario-builder.js';

/** A joinery's trade over some months: customers, goods, invoices and what was paid of them, all linked. */
export function joinery(build: ScenarioBuilder, marketplace: string, group: string): void {
  const write = build.writer(marketplace, group);
  const sales = write(
    'accounts',
    { code: '200', name: 'Sales', class: 'REVENUE', status: 'ACTIVE', currency: 'AUD', balance: 14_350 },
    120,
  );
  write(
    'accounts',
    {
      code: '090',
      name: 'Business bank account',
      class: 'ASSET',
      status: 'ACTIVE',
      currency: 'AUD',
      balance: 8_420.5,
    },
    120,
  );
  write(
    'accounts',
    { code: '300', name: 'Timber', class: 'EXPENSE', status: 'ACTIVE', currency: 'AUD', balance: 3_180 },
    120,
  );
  const gst = write(
    'tax_codes',
    { name: 'GST', status: 'ACTIVE', sale_tax_rate: 10, purchase_tax_rate: 10 },
    120,
  );

  const homes = write(
    'organizations',
    organization('Harbour Homes', 'office@harbourhomes.example', true),
    90,
  );
  const school = write(
    'organizations',
    organization('Northside Public School', 'admin@northside.example', true),
    80,
  );
  const timber = write(
    'organizations',
    organization('Blue Gum Timber', 'orders@bluegum.example', false),
    110,
  );
  write('people', person('Mia', 'Tran', homes), 88);
  write('people', person('Oscar', "D'Arcy", school), 79);
  write('people', person('Lena', 'Bauer', timber), 109);

  const door = write('items', item('DOOR-OAK', 'Oak door', 450, 8), 100);
  const desk = write('items', item('DESK-PLY', 'Plywood desk', 210, 30), 100);

  const sold = { account_id: sales, tax_code_id: gst };
  const first = invoice(write, { code: 'INV-1001', customer: homes, days: 65, paid: true }, [
    { item_id: door, quantity: 6, unit_price: 450, description: 'Oak doors, hung', ...sold },
  ]);
  invoice(write, { code: 'INV-1002', customer: school, days: 34, paid: false }, [
    { item_id: desk, quantity: 24, unit_price: 210, description: 'Desks for two classrooms', ...sold },
  ]);
  invoice(write, { code: 'INV-1003', customer: homes, days: 6, paid: false }, [
    { item_id: door, quantity: 2, unit_price: 450, description: 'Oak doors', ...sold },
    { item_id: desk, quantity: 1, unit_price: 210, description: 'Desk, sample', ...sold },
  ]);
  write(
    'payments',
    {
      title: 'INV-1001',
      type: 'CUSTOMER',
      status: 'ACTIVE',
      organization_id: homes,
      amount: money(2_700),
      linked_transactions: [{ id: first, class: 'Invoice', applied_amount: 2_700 }],
    },
    40,
  );
}

type Write = ReturnType<ScenarioBuilder['writer']>;

function money(amount: number): Record<string, unknown> {
  return { total_amount: amount, currency: 'AUD' };
}

function organization(name: string, email: string, customer: boolean): Record<string, unknown> {
  return {
    name,
    status: 'ACTIVE',
    is_customer: customer,
    is_supplier: !customer,
    is_lead: false,
    email: { address: email },
  };
}

function person(first: string, last: string, organizationId: string): Record<string, unknown> {
  return {
    first_name: first,
    last_name: last,
    status: 'ACTIVE',
    organization_id: organizationId,
    email: { address: addressOf(first, last) },
  };
}

function item(code: string, name: string, price: number, stock: number): Record<string, unknown> {
  return {
    code,
    name,
    status: 'ACTIVE',
    type: 'PURCHASED',
    is_inventoried: true,
    quantity_on_hand: stock,
    sale_price: money(price),
  };
}

interface Line {
  readonly quantity: number;
  readonly unit_price: number;
  readonly [name: string]: unknown;
}

function invoice(
  write: Write,
  { code, customer, days, paid }: { code: string; customer: string; days: number; paid: boolean },
  lines: readonly Line[],
): string {
  const total = lines.reduce((sum, { quantity, unit_price: price }) => sum + quantity * price, 0);
  const document = {
    code,
    type: 'CUSTOMER',
    status: paid ? 'PAID' : 'AUTHORISED',
    organization_id: customer,
    currency: 'AUD',
    amount: money(total),
    balance: paid ? 0 : total,
    lines: lines.map((line, index) => ({ line_number: index + 1, ...line })),
  };
  return write('invoices', document, days);
}
