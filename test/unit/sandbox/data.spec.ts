import { afterEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { nextExecution } from '../../../src/sandbox/account/billing-run.js';
import { decryptPassword } from '../../../src/sandbox/account/password-cipher.js';
import { ConnecApiException } from '../../../src/sandbox/connec/connec-api.exception.js';
import { readFilter } from '../../../src/sandbox/connec/connec-filter.js';
import {
  SCENARIO_NAMES,
  startSandbox,
  type Sandbox,
  type StartSandboxOptions,
} from '../../../src/sandbox/index.js';
import { sendRequest } from '../../../src/sandbox/http/send-request.js';

type Json = Record<string, unknown>;

let sandbox: Sandbox | undefined;
afterEach(async () => {
  await sandbox?.close();
  sandbox = undefined;
});

async function start(options: StartSandboxOptions = {}): Promise<Sandbox> {
  sandbox = await startSandbox({ seed: 7, ...options });
  return sandbox;
}

async function call(
  method: string,
  path: string,
  body?: unknown,
  headers = {},
): Promise<{ status: number; json: Json; location?: string }> {
  const { id, key } = sandbox?.options.marketplaces[0]?.api ?? { id: '', key: '' };
  const response = await sendRequest({
    method,
    url: sandbox?.url + path,
    headers: {
      authorization: `Basic ${Buffer.from(`${id}:${key}`).toString('base64')}`,
      'content-type': 'application/json',
      ...headers,
    },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  return {
    status: response.status,
    json: JSON.parse(response.body || '{}') as Json,
    location: response.headers['location'],
  };
}

const subscription = {
  group_id: 'cld-2',
  price_cents: 900,
  description: 'Seats',
  period: 'Month',
  cycles: 2,
  initial_cents: 500,
};

describe('bills and the nights that pass', () => {
  it('charges a subscription each month, ends it after its cycles, and invoices on the first', async () => {
    const { clock } = await start({ clock: new Date('2026-01-20T10:00:00Z') });
    clock.freeze('2026-01-20T10:00:00Z');
    const { json } = await call('POST', '/api/v1/account/recurring_bills', subscription);
    const { id } = json['data'] as { id: string };
    const bills = async (): Promise<string[]> => {
      const list = (await call('GET', '/api/v1/account/bills?group_id=cld-2')).json['data'] as Json[];
      return list.map((bill) => `${bill['description']} ${bill['price_cents']} ${bill['status']}`);
    };
    const show = async (): Promise<Json> =>
      (await call('GET', `/api/v1/account/recurring_bills/${id}`)).json['data'] as Json;
    expect(await bills()).toEqual(['Initial: Seats 500 submitted']);
    expect(await show()).toMatchObject({
      status: 'submitted',
      initial_cents: 500,
      remaining_cycles: 2,
      next_execution_at: '2026-01-20T10:00:00Z',
    });

    sandbox?.clock.advance('1d');
    expect(await show()).toMatchObject({
      status: 'active',
      remaining_cycles: 1,
      next_execution_at: '2026-02-20T10:00:00Z',
    });
    clock.set('2026-01-31T23:59:59Z');
    expect(await bills()).toEqual(['Initial: Seats 500 submitted', 'Seats 900 submitted']);
    clock.set('2026-02-01T00:00:00Z');
    expect(await bills()).toEqual(['Initial: Seats 500 invoiced', 'Seats 900 invoiced']);
    sandbox?.clock.set('2026-12-24T00:00:00Z');
    expect(await show()).toMatchObject({ status: 'expired', remaining_cycles: 0, next_execution_at: null });
    expect(await bills()).toHaveLength(3);
    expect(await call('DELETE', '/api/v1/account/bills/bill-1')).toMatchObject({
      status: 400,
      json: { errors: { status: [expect.stringContaining('invoiced')] } },
    });
  });

  it.each([
    ['day', 3, '2026-01-31', '2026-02-03'],
    ['week', 2, '2026-01-31', '2026-02-14'],
    ['semimonth', 1, '2026-01-01', '2026-01-16'],
    ['month', 1, '2026-01-31', '2026-02-28'],
    ['year', 1, '2024-02-29', '2025-02-28'],
  ])('%s × %i after %s is %s', (period, frequency, from, expected) => {
    expect(nextExecution(new Date(from), period, frequency).toISOString().slice(0, 10)).toBe(expected);
  });

  it.each([
    [{ price_cents: 1.5 }, 'price_cents'],
    [{ currency: 'usd' }, 'currency'],
    [{ period: 'Fortnight' }, 'period'],
    [{ period: 'SemiMonth', frequency: 2 }, 'frequency'],
    [{ period: 'Month', frequency: 13 }, 'frequency'],
    [{ start_date: '2001-01-01T00:00:00Z' }, 'start_date'],
    [{ cycles: 0 }, 'cycles'],
  ])('refuses %j', async (fields, field) => {
    await start();
    const response = await call('POST', '/api/v1/account/recurring_bills', { ...subscription, ...fields });
    expect(response).toMatchObject({
      status: 400,
      json: { success: false, data: {}, errors: { [field]: [expect.any(String)] } },
    });
  });

  it('responds with 404 for what is missing when it is strict', async () => {
    await start({ behaviour: 'strict' });
    expect(await call('GET', '/api/v1/account/bills/bill-999')).toMatchObject({
      status: 404,
      json: { success: false },
    });
  });

  it('selects with suffixes, and nothing by an unknown name', async () => {
    await start();
    const select = async (query: string): Promise<number> =>
      ((await call('GET', `/api/v1/account/bills?${query}`)).json['data'] as Json[]).length;
    expect(await select('price_cents_strictly_greater_than=4900')).toBe(1);
    expect(await select('price_cents_lower_than=4900&group_id=cld-1')).toBe(2);
    expect(await select('status=invoiced')).toBe(3);
    expect(await select(`created_at_after=${sandbox?.build.daysAgo(40)}`)).toBe(3);
    expect(await select('colour=blue')).toBe(0);
  });
});

describe('passwords', () => {
  it('decrypts what other languages encrypted', () => {
    expect(
      decryptPassword(
        'AAECAwQFBgcICQoLDA0ODw==--f/dXrap5vSwOOOmFmDIoMw==',
        '0123456789abcdef0123456789abcdefEXTRA7',
      ),
    ).toBe('s3cret!');
    expect(decryptPassword('nonsense', '0123456789abcdef0123456789abcdef')).toBeNull();
  });
});

describe('filters of Connec!', () => {
  const record = {
    code: "O'Neil",
    amount: { total: 12.5 },
    paid: true,
    gone: null,
    at: '2026-01-02T00:00:00Z',
  };
  it.each([
    ["code eq 'O''Neil'", true],
    ['amount.total gt 12', true],
    ['amount.total lte 12', false],
    ['paid eq true and gone eq null', true],
    ['gone ne null', false],
    ["code in ['A','O''Neil']", true],
    ['code match /^o.n/i', true],
    ["at gt '2026-01-01'", true],
    ["at lt '2026-01-02T01:00:00+02:00'", false],
  ])('%s is %s', (filter, expected) => {
    expect(readFilter(filter)(record)).toBe(expected);
  });

  it.each([
    "code eq 'open",
    'code',
    'code like 1',
    'code eq',
    'code in [1',
    'code match /(/',
    'a eq 1 or b eq 2',
    '',
  ])('refuses %j', (filter) => {
    expect(() => readFilter(filter)).toThrow();
  });
});

describe('filters of any content', () => {
  it('find every text by itself, quotes doubled', () => {
    const text = fc.oneof(
      fc.string({ unit: 'grapheme' }),
      fc.constantFrom('2026-99-99', '2026-01-01', "''", 'null'),
    );
    fc.assert(
      fc.property(text, (code) =>
        readFilter(`code eq '${code.replaceAll("'", "''")}' and code ne 'x${code.replaceAll("'", "''")}'`)({
          code,
        }),
      ),
    );
  });

  it('are read or rejected, and never break anything else', () => {
    const words = fc.constantFrom(
      'code',
      'eq',
      'in',
      'match',
      'and',
      "'a'",
      '[',
      ']',
      ',',
      '/a/',
      '1',
      'null',
      ' ',
      '/(',
      "'",
    );
    const filter = fc.oneof(
      fc.string(),
      fc.array(words).map((parts) => parts.join(' ')),
    );
    fc.assert(
      fc.property(filter, (text) => {
        try {
          readFilter(text)({ code: 'a' });
        } catch (error) {
          expect(error).toBeInstanceOf(ConnecApiException);
        }
      }),
    );
  });
});

describe('Connec! data', () => {
  const headers = { 'connec-external-ids': 'true' };

  it('creates by external id, finds the record again by it, and folds references', async () => {
    await start();
    const mine = (id: string): Json => ({ id, provider: 'acme', realm: 'r-1' });
    const organization = { organizations: { id: [mine('47')], name: 'Weir & Co' } };
    expect(await call('POST', '/connec/api/v2/cld-1/organizations', organization, headers)).toMatchObject({
      status: 201,
    });
    const again = await call(
      'POST',
      '/connec/api/v2/cld-1/organizations',
      { organizations: { ...organization.organizations, name: 'Weir' } },
      headers,
    );
    expect(again).toMatchObject({
      status: 200,
      json: { organizations: { name: 'Weir', id: [mine('47'), { provider: 'connec', realm: 'org-1' }] } },
    });
    const person = await call(
      'POST',
      '/api/v2/cld-1/people',
      { people: { first_name: 'Eve', organization_id: [mine('47')] } },
      headers,
    );
    expect(person.json['people']).toMatchObject({ organization_id: [mine('47'), { provider: 'connec' }] });
    const { id } = (person.json['people'] as { id: { id: string }[] }).id[0] as { id: string };
    expect(person.location).toContain(`/connec/api/v2/cld-1/people/${id}`);
    const plain = await call('GET', `/connec/api/v2/cld-1/people/${id}`);
    expect(plain.json['people']).toMatchObject({
      id,
      organization_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
    });
  });

  it('names a next page only where there is one', async () => {
    await start();
    const next = async (query: string): Promise<unknown> =>
      ((await call('GET', `/connec/api/v2/cld-1/invoices?${query}`)).json['pagination'] as Json)['next'];
    expect(await next('$top=2')).toBe(`${sandbox?.url}/connec/api/v2/cld-1/invoices?%24top=2&%24skip=2`);
    expect(await next('$top=3')).toBeUndefined();
    expect(await next('$top=2&$skip=1')).toBeUndefined();
    expect(await next('')).toBeUndefined();
  });

  it('writes ids inside of lists as lists too', async () => {
    await start();
    const { json } = await call(
      'GET',
      "/connec/api/v2/cld-1/payments?$filter=title eq 'INV-1001'",
      undefined,
      headers,
    );
    const [payment] = json['payments'] as [{ linked_transactions: [Json]; organization_id: unknown }];
    const [invoice] = sandbox?.connec.list('invoices').filter(({ code }) => code === 'INV-1001') ?? [];
    expect(payment.linked_transactions[0]['id']).toEqual([
      { id: invoice?.['id'], provider: 'connec', realm: 'org-1' },
    ]);
  });

  it('merges by matching fields, and duplicates into one record', async () => {
    await start();
    const write = (people: Json): ReturnType<typeof call> =>
      call('POST', '/connec/api/v2/cld-3/people', { people });
    const one = await write({
      first_name: 'Ida',
      last_name: 'Kern',
      opts: { matching_fields: [['first_name', 'last_name']] },
    });
    const same = await write({
      first_name: 'Ida',
      last_name: 'Kern',
      title: 'Dr',
      opts: { matching_fields: [['first_name', 'last_name']] },
    });
    expect(one.status).toBe(201);
    expect(same.status).toBe(200);
    const other = await write({ first_name: 'I.' });
    const id = (response: typeof one): string => (response.json['people'] as { id: string }).id;
    const merged = await call('PUT', `/connec/api/v2/cld-3/people/${id(one)}/merge`, {
      ids: [id(other)],
      people: { title: 'Prof' },
    });
    expect(merged).toMatchObject({ status: 200, json: { people: { id: id(one), title: 'Prof' } } });
    expect(await call('GET', `/connec/api/v2/cld-3/people/${id(other)}`)).toMatchObject({ status: 404 });
  });

  it.each([
    ['GET', '/connec/api/v2/cld-1/spaceships', undefined, 400, 'unknown-resource'],
    ['GET', '/connec/api/v2/cld-99/people', undefined, 401, 'unauthorized-access'],
    ['GET', '/connec/api/v2/cld-1/people/nobody', undefined, 404, 'resource-not-found'],
    ['POST', '/connec/api/v2/cld-1/people', { people: { id: 'abc' } }, 409, 'creation-of-resource-with-id'],
    ['POST', '/connec/api/v2/cld-1/people', { person: {} }, 400, 'missing-envelope'],
    ['GET', '/connec/api/v2/cld-1/people?$filter=nonsense', undefined, 400, 'invalid-filter'],
    ['GET', '/connec/api/v2/cld-1/people?$top=many', undefined, 400, 'invalid-top'],
    ['GET', '/connec/api/v2/cld-1/people?$orderby=name sideways', undefined, 400, 'invalid-orderby'],
    ['DELETE', '/connec/api/v2/cld-1/people', undefined, 405, 'method-not-allowed'],
    ['POST', '/connec/api/v2/cld-1', {}, 405, 'method-not-allowed'],
    ['POST', '/connec/api/v2/cld-1/company', { company: {} }, 405, 'method-not-allowed'],
    ['POST', '/batch', { sequential: true }, 400, 'missing-ops'],
    ['GET', '/api/reports/cld-1/horoscope', undefined, 404, 'resource-not-found'],
  ])('%s %s is refused', async (method, path, body, status, code) => {
    await start();
    expect(await call(method, path, body)).toMatchObject({
      status,
      json: { errors: [{ code, status: String(status) }] },
    });
  });

  it('runs a batch in order, each operation with its own result', async () => {
    await start();
    const ops = [
      { method: 'post', url: '/api/v2/cld-1/people/', params: { people: { first_name: 'Jo' } } },
      { method: 'get', url: '/api/v2/cld-1/spaceships' },
      { method: 'put', url: '/connec/api/v2/cld-1/company', params: { company: { name: 'Kovač' } } },
    ];
    const { json } = await call('POST', '/batch', { sequential: true, ops });
    expect(json['results']).toMatchObject([
      { status: 201 },
      { status: 400 },
      { status: 200, body: { company: { name: 'Kovač', currency: 'AUD' } } },
    ]);
  });

  it('has linked demo data, reports, a directory, schemas and examples', async () => {
    await start();
    const invoices = (await call('GET', '/connec/api/v2/cld-1/invoices?$orderby=code desc')).json[
      'invoices'
    ] as Json[];
    expect(invoices.map((one) => one['code'])).toEqual(['INV-1003', 'INV-1002', 'INV-1001']);
    expect(
      (await call('GET', `/connec/api/v2/cld-1/organizations/${invoices[0]?.['organization_id']}`)).status,
    ).toBe(200);
    const { json } = await call('GET', '/api/reports/cld-1/balance_sheet?period=YEARLY');
    expect(json).toMatchObject({ period: 'YEARLY', accounts: [{ code: '090' }] });
    expect((await call('GET', '/connec/api/v2/cld-1')).json['_links']).toContainEqual({
      people: { href: `${sandbox?.url}/connec/api/v2/cld-1/people` },
    });
    expect((await call('GET', '/connec/api/v2/json_schema/people')).json).toMatchObject({
      type: 'object',
      properties: { first_name: { type: 'string' } },
    });
    expect((await call('GET', '/connec/api/v2/cld-1/people/example')).json).toMatchObject({
      people: { first_name: 'Jo' },
    });
    expect((await call('GET', '/version')).json).toMatchObject({ ci_branch: 'v1.8' });
  });
});

describe('a persistent sandbox', () => {
  it('goes on where it stopped, in a file that others cannot read, and says when a file is none of its', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sandbox-persist-'));
    const persist = join(folder, 'sandbox.json');
    try {
      const first = await start({ persist });
      const before = first.options;
      await call('POST', '/api/v1/account/bills', {
        group_id: 'cld-1',
        price_cents: 77,
        description: 'Kept',
      });
      await first.close();
      expect(statSync(persist).mode & 0o777).toBe(0o600);
      const second = await start({ persist, port: 0 });
      expect(second.options.marketplaces[0]?.sso.x509_certificate).toBe(
        before.marketplaces[0]?.sso.x509_certificate,
      );
      expect(second.state.bills.list().at(-1)).toMatchObject({ description: 'Kept', priceCents: 77 });
      expect(second.connec.list('invoices')).toHaveLength(3);
      await second.close();
      sandbox = undefined;
      writeFileSync(persist, '{"version":');
      await expect(startSandbox({ persist })).rejects.toMatchObject({ code: 'sandbox.persist' });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe('webhooks', () => {
  let server: Server;
  let received: { method: string; url: string; body: string; authorization: string }[] = [];

  async function listen(): Promise<void> {
    received = [];
    server = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk) => (body += String(chunk)));
      request.on('end', () => {
        const { method = '', url = '', headers } = request;
        received.push({ method, url, body, authorization: headers.authorization ?? '' });
        response.writeHead(200, { 'content-type': 'application/json' }).end('{"success":true}');
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    sandbox?.setAppUrl(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  }
  afterEach(() => void server.close());

  it('reports cancelled groups and removed members at the configured paths, queries included', async () => {
    const { webhooks, marketplaces, state } = await start();
    await listen();
    marketplaces.edit('maestrano-uat', { paths: { group: '/gone?group=:id&m=uat' } });
    await webhooks.deleteGroup('cld-1', { times: 3 });
    await webhooks.deleteGroupUser('cld-2', 'usr-2');
    expect(received.map(({ method, url }) => `${method} ${url}`)).toEqual([
      'DELETE /gone?group=cld-1&m=uat',
      'DELETE /gone?group=cld-1&m=uat',
      'DELETE /gone?group=cld-1&m=uat',
      'DELETE /maestrano/account/groups/cld-2/users/usr-2/maestrano-uat',
    ]);
    expect(state.group('maestrano-uat', 'cld-1')?.status).toBe('terminated');
    expect(state.membership('maestrano-uat', 'usr-2', 'cld-2')).toBeUndefined();
    expect(sandbox?.journal.find({ direction: 'out' })).toHaveLength(4);
  });

  it('notifies of changes that are subscribed to, in the form that is configured', async () => {
    const { webhooks, marketplaces, connec } = await start();
    await listen();
    connec.write('items', { name: 'Unheard of' });
    webhooks.subscribe(['items']);
    marketplaces.edit('maestrano-uat', { externalIds: true });
    const item = connec.write('items', { name: 'Chair' });
    await webhooks.idle();
    expect(received).toHaveLength(1);
    expect(JSON.parse(received[0]?.body ?? '')).toMatchObject({
      items: [{ name: 'Chair', id: [{ id: item['id'], provider: 'connec' }] }],
    });
  });

  it('gathers what changes at once, repeats and shuffles when told so', async () => {
    const { webhooks, connec } = await start();
    await listen();
    webhooks.subscribe(['items', 'people']);
    connec.write('items', { name: 'Chair' });
    connec.write('people', { first_name: 'Ida' }, { group: 'cld-2' });
    await webhooks.idle();
    expect(received.map(({ body }) => Object.keys(JSON.parse(body) as Json))).toEqual([['items', 'people']]);
    webhooks.deliverChanges({ times: 2, delayMs: [0, 60] });
    for (let number = 0; number < 8; number++) {
      connec.write('items', { name: String(number) });
      await Promise.resolve();
    }
    await webhooks.idle();
    const names = received
      .slice(1)
      .map(({ body }) => (JSON.parse(body) as { items: Json[] }).items[0]?.['name']);
    expect(names.toSorted()).toEqual([
      '0',
      '0',
      '1',
      '1',
      '2',
      '2',
      '3',
      '3',
      '4',
      '4',
      '5',
      '5',
      '6',
      '6',
      '7',
      '7',
    ]);
    expect(names).not.toEqual(names.toSorted());
  });

  it('sends wrong, old and foreign credentials, resends, and writes a command line', async () => {
    const { webhooks, marketplaces } = await start();
    await listen();
    const before = marketplaces.get('maestrano-uat').apiKeys[0];
    await expect(webhooks.notify({}, { credentials: 'old' })).rejects.toMatchObject({
      code: 'sandbox.unknown',
    });
    marketplaces.rotateKey('maestrano-uat');
    const [delivery] = await webhooks.notify({ people: [] }, { credentials: 'old' });
    await webhooks.notify({ people: [] }, { credentials: 'none' });
    await webhooks.notify({ people: [] }, { credentials: { of: 'bluebank' } });
    await webhooks.resend(delivery?.id ?? '');
    const old = `Basic ${Buffer.from(`app-1:${before}`).toString('base64')}`;
    expect(received.map(({ authorization }) => authorization)).toEqual([
      old,
      '',
      expect.not.stringContaining(old),
      old,
    ]);
    expect(webhooks.curl(delivery?.id ?? '')).toContain(`-H 'authorization: ${old}'`);
  });

  it('wakes a hosted application where it said so', async () => {
    const { webhooks, marketplaces } = await start();
    await listen();
    expect(() => webhooks.initialize()).toThrow('no initialization path');
    marketplaces.edit('maestrano-uat', { paths: { initialization: '/wake' } });
    await webhooks.initialize();
    expect(received).toMatchObject([{ method: 'POST', url: '/wake', body: '' }]);
  });

  it('logs what did not arrive', async () => {
    const { webhooks } = await start({ appUrl: 'http://127.0.0.1:9' });
    await listen();
    sandbox?.setAppUrl('http://127.0.0.1:9');
    expect(await webhooks.deleteGroup('cld-1')).toMatchObject([
      { status: null, error: expect.stringContaining('ECONNREFUSED') },
    ]);
  });
});

describe('scenarios', () => {
  it.each(SCENARIO_NAMES)('%s can be played', async (scenario) => {
    await start({ scenario });
    expect(sandbox?.options.marketplaces.length).toBeGreaterThan(0);
    if (scenario === 'many-groups')
      expect((await call('GET', '/api/v1/account/groups')).json['data']).toHaveLength(2_000);
  });
});
