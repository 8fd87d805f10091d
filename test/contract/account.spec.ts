import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import {
  MaestranoAuthenticationError,
  MaestranoInvalidRequestError,
  MaestranoNotFoundError,
} from '../../src/errors/account.error.js';
import { Secret } from '../../src/utils/secret.js';
import { type AccountClients, accountClients } from '../support/account/account-clients.js';
import { registeredMarketplace } from '../support/marketplaces.js';
import { sharedFixture, sharedFixturesPresent } from '../support/shared-fixtures.js';
import { ScriptedServer } from '../unit/http/scripted-server.js';

/** One exchange between an official client and the real public sandbox. */
interface Recorded {
  readonly client: string;
  readonly method: string;
  readonly url: string;
  readonly body?: string;
  readonly status: number;
  readonly answer: string;
}

type Raw = Readonly<Record<string, unknown>>;

const recorded: Recorded[] = sharedFixturesPresent
  ? sharedFixture('official-clients/exchanges.jsonl')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Recorded)
      .filter(({ url }) => url.startsWith('/api/v1/account/'))
  : [];

const withRecordings = sharedFixturesPresent ? describe : describe.skip;

/** What the java client sent, in our spelling; it gave no end of the period, which ours asks for. */
const LAB_BILL = {
  groupId: 'cld-1',
  priceCents: 2000,
  description: 'Lab bill é & <b> 100%',
  currency: 'AUD',
  units: '2.5',
  periodStartedAt: new Date('2026-01-01T00:00:00Z'),
  periodEndedAt: '2026-02-01T00:00:00Z',
};

const LAB_SUBSCRIPTION = {
  groupId: 'cld-1',
  priceCents: 900,
  description: 'Lab subscription',
  period: 'Month',
  frequency: 1,
  cycles: 3,
  initialCents: 500,
} as const;

withRecordings('the Account API as the real sandbox answered the official clients', () => {
  let server: ScriptedServer;
  let clients: AccountClients;
  let next: Recorded;

  beforeAll(async () => {
    server = await new ScriptedServer().start();
    server.respond = (_request, response) => {
      response.writeHead(next.status, { 'content-type': 'application/json; charset=utf-8' }).end(next.answer);
    };
    clients = accountClients({ marketplaces: [registeredMarketplace('lab', { api: { host: server.url } })] });
  });

  afterAll(async () => {
    await clients.close();
    await server.stop();
  });

  /** Our call for what an official client asked. */
  function ask({ method, url, body }: Recorded): Promise<unknown> {
    const { billing, membership } = clients;
    const [path = '', query = ''] = url.replace('/api/v1/account/', '').split('?');
    const [resource, id, below] = path.split('/');
    const filter = new URLSearchParams(query);
    const groupId = filter.get('group_id') ?? undefined;
    const above = filter.get('price_cents_greater_than');
    const charges = { bills: billing.bills, recurring_bills: billing.recurringBills };
    switch (`${method} ${resource}${id ? '/id' : ''}${below ? `/${below}` : ''}`) {
      case 'GET groups':
        return membership.groups.list();
      case 'GET groups/id':
        return membership.groups.retrieve(id!);
      case 'GET users':
        return membership.users.list({ groupId });
      case 'GET users/id':
        return membership.users.retrieve(id!);
      case 'GET resellers':
        return membership.resellers.list();
      case 'GET resellers/id':
        return membership.resellers.retrieve(id!);
      case 'GET resellers/id/groups':
        return membership.resellers.groups(id!);
      case 'GET bills':
      case 'GET recurring_bills':
        return charges[resource as 'bills'].list({
          groupId,
          priceCentsGreaterThan: above ? Number(above) : undefined,
        });
      case 'GET bills/id':
      case 'GET recurring_bills/id':
        return charges[resource as 'bills'].retrieve(id!);
      case 'DELETE bills/id':
      case 'DELETE recurring_bills/id':
        return charges[resource as 'bills'].cancel(id!);
      case 'POST bills':
        return billing.bills.create({ ...LAB_BILL, groupId: groupOf(body) });
      case 'POST recurring_bills':
        return billing.recurringBills.create({ ...LAB_SUBSCRIPTION, groupId: groupOf(body) });
      default:
        throw new Error(`nothing of ours asks ${method} ${url}`);
    }
  }

  it('has recordings of three clients', () => {
    expect(new Set(recorded.map(({ client }) => client))).toEqual(new Set(['ruby', 'php', 'java']));
    expect(recorded.length).toBeGreaterThan(50);
  });

  it.each(
    recorded.map((exchange, index) => [index, exchange.client, exchange.method, exchange.url] as const),
  )('%i: %s %s %s', async (index) => {
    next = recorded[index]!;
    server.seen.length = 0;
    const { success, errors, data } = JSON.parse(next.answer) as {
      success: boolean;
      errors: Raw;
      data: unknown;
    };
    const outcome = await ask(next).catch((error: unknown) => error);

    expect(server.seen).toHaveLength(1);
    expect(server.seen[0]).toMatchObject({ method: next.method, url: next.url });
    if (success) expectSame(outcome, data);
    else expectRejection(outcome, next, errors);
  });

  it.each(['bills', 'recurring_bills'] as const)('sends %s as the java client does', async (resource) => {
    next = recorded.find(
      ({ client, method, url, status }) =>
        client === 'java' && method === 'POST' && url.endsWith(`/${resource}`) && status === 200,
    )!;
    server.seen.length = 0;
    if (resource === 'bills') await clients.billing.bills.create(LAB_BILL);
    else await clients.billing.recurringBills.create(LAB_SUBSCRIPTION);

    const theirs = JSON.parse(next.body ?? '') as Raw;
    const ours = JSON.parse(server.seen[0]?.body ?? '') as Raw;
    for (const [field, value] of Object.entries(theirs)) expect([field, ours[field]]).toEqual([field, value]);
    const extra = Object.keys(ours).filter((field) => !(field in theirs));
    expect(extra).toEqual(resource === 'bills' ? ['period_ended_at'] : []);
    expect(server.seen[0]?.headers['content-type']).toBe('application/json');
  });
});

function groupOf(body = ''): string {
  return /cld-[a-z0-9]+/.exec(body)?.[0] ?? 'cld-1';
}

/** Field by field, both ways: nothing that came is lost, and nothing is made up. */
function expectSame(ours: unknown, theirs: unknown): void {
  if (Array.isArray(theirs)) {
    expect(ours).toHaveLength(theirs.length);
    theirs.forEach((record, index) => expectSame((ours as unknown[])[index], record));
    return;
  }
  const entity = ours as Raw;
  for (const [field, value] of Object.entries(theirs as Raw)) {
    if (field === 'object') continue;
    const name = field.replace(/_(.)/g, (_match, letter: string) => letter.toUpperCase());
    expect([field, plain(entity[name])]).toEqual([field, expected(field, value)]);
  }
  const { object, ...raw } = (entity.raw ?? {}) as Raw;
  expect(object).toMatch(/^account_/);
  expect(Object.keys(raw)).toEqual(Object.keys(theirs as Raw).filter((field) => field !== 'object'));
  expect(Object.isFrozen(entity)).toBe(true);
}

function plain(value: unknown): unknown {
  if (value instanceof Secret) return value.reveal();
  return value instanceof Date ? value.toISOString() : value;
}

function expected(field: string, value: unknown): unknown {
  if (value === null) return null;
  if (/_(at|date)$/.test(field)) return new Date(value as string).toISOString();
  if (field === 'units') return String(value);
  if (field === 'period') return 'Month';
  return value;
}

function expectRejection(outcome: unknown, exchange: Recorded, errors: Raw): void {
  if (exchange.status === 401) expect(outcome).toBeInstanceOf(MaestranoAuthenticationError);
  else if ('id' in errors) expect(outcome).toBeInstanceOf(MaestranoNotFoundError);
  else expect(outcome).toBeInstanceOf(MaestranoInvalidRequestError);
  const { status, fields, marketplace } = outcome as MaestranoInvalidRequestError;
  expect({ status, marketplace }).toEqual({ status: exchange.status, marketplace: 'lab' });
  for (const [field, messages] of Object.entries(errors)) {
    const name = field.replace(/_(.)/g, (_match, letter: string) => letter.toUpperCase());
    expect(fields[name]).toEqual(messages);
  }
}
