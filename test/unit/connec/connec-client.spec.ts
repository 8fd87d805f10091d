import { inspect } from 'node:util';

import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';

import { MaestranoConnecError } from '../../../src/errors/connec.error.js';
import { MaestranoHttpError } from '../../../src/errors/http.error.js';
import type { MaestranoHttp } from '../../../src/http/maestrano-http.service.js';
import type { ConnecClientOptions } from '../../../src/interfaces/connec-options.interface.js';
import { connecClient, connecService } from '../../support/connec-clients.js';
import { ConnecServer } from '../../support/connec-server.js';
import { errorOf } from '../../support/error-of.js';
import { httpClient } from '../../support/http-client.js';
import { registeredMarketplace } from '../../support/marketplaces.js';

let server: ConnecServer;
let http: MaestranoHttp;

beforeAll(async () => {
  server = await ConnecServer.start(() => ({}));
  http = httpClient({ attempts: 2, breaker: false });
});
afterAll(() => server.close());
afterEach(() => server.respond(() => ({})));

const client = (options?: ConnecClientOptions, group = 'cld-4') =>
  connecClient({ http, marketplace: server.marketplace(), group, ...(options && { options }) });

const only = () => {
  expect(server.seen).toHaveLength(1);
  return server.seen[0]!;
};

describe('ConnecClient: requests', () => {
  it('authenticates, and sends the headers of the protocol', async () => {
    server.respond(() => ({ body: { people: { id: 'p1', first_name: 'Jo' } } }));
    const person = await client().get('people', 'p1');
    expect(person.first_name).toBe('Jo');
    const { method, url, headers } = only();
    expect(`${method} ${url}`).toBe('GET /api/v2/cld-4/people/p1');
    expect(headers.authorization).toBe(`Basic ${Buffer.from('app-mart:key-of-mart').toString('base64')}`);
    expect(headers.accept).toBe('application/vnd.api+json');
    expect(headers['connec-country-format']).toBe('alpha2');
    expect(headers['content-type']).toBeUndefined();
    expect(headers['connec-external-ids']).toBeUndefined();
  });

  it('asks for external ids and leaves the country format out when told so', async () => {
    server.respond(() => ({ body: { people: {} } }));
    await client({ externalIds: true, countryFormat: null }).get('people', 'p1');
    const { headers } = only();
    expect(headers['connec-external-ids']).toBe('true');
    expect(headers['connec-country-format']).toBeUndefined();
  });

  it('wraps what it writes, leaves read-only fields out, and tells created from merged', async () => {
    server.respond(({ body }) => ({
      status: 201,
      body: { people: { id: 'n1', ...(body as { people: object }).people } },
    }));
    const created = await client().post('people', {
      first_name: 'Jo',
      created_at: 'x',
      updated_at: 'x',
      group_id: 'x',
      channel_id: 'x',
      resource_type: 'x',
      loyalty: 3,
    });
    expect(created).toEqual({ outcome: 'created', record: { id: 'n1', first_name: 'Jo', loyalty: 3 } });
    expect(only().body).toEqual({ people: { first_name: 'Jo', loyalty: 3 } });
    expect(only().headers['content-type']).toBe('application/vnd.api+json');

    server.respond(() => ({ status: 200, body: { items: { id: 'i1' } } }));
    const merged = await client().post(
      'items',
      { reference: 'A', opts: { keep: 1 } },
      { matchingFields: [['reference']] },
    );
    expect(merged.outcome).toBe('merged');
    expect(only().body).toEqual({
      items: { reference: 'A', opts: { keep: 1, matching_fields: [['reference']] } },
    });
  });

  it('reads and writes the company without id', async () => {
    server.respond(() => ({ body: { company: { name: 'Lab' } } }));
    expect((await client().get('company')).name).toBe('Lab');
    expect((await client().put('company', { name: 'Lab' })).name).toBe('Lab');
    expect(server.seen.map(({ method, url, body }) => [method, url, body])).toEqual([
      ['GET', '/api/v2/cld-4/company', undefined],
      ['PUT', '/api/v2/cld-4/company', { company: { name: 'Lab' } }],
    ]);
  });

  it('knows every other form of URL', async () => {
    server.respond(({ url }) => ({
      body: {
        people: { id: 'p' },
        _links: [{ accounts: { href: 'https://evil.test/accounts' } }, { people: {} }, null],
        ci_branch: 'v1.8',
        url,
      },
    }));
    const connec = client();
    await connec.put('people', 'p/1', { first_name: 'A' });
    await connec.example('people');
    await connec.jsonSchema('people');
    await connec.report('accounts_summary', { from: '2016-01-01', period: 'MONTHLY' });
    await connec.merge('people', 'p1', ['p2', 'p3'], { first_name: 'B' });
    await connec.commit('people', 'p1', [{ group_id: 'cld-9', commit: true }]);
    expect(await connec.directory()).toEqual({ accounts: 'https://evil.test/accounts' });
    expect((await connec.version()).ci_branch).toBe('v1.8');
    await connec.request({ method: 'GET', path: '/events/e 1/tickets/', query: { top: 3 } });
    await connec.request({
      method: 'GET',
      path: ['updates', '5'],
      query: [['$filter[entity]', 'Company,Item']],
    });
    await connec.request({ method: 'POST', path: 'x', scope: 'base', body: { a: 1 } });
    await connec.request({ method: 'GET', path: 'status', scope: 'host', headers: { accept: 'text/plain' } });
    expect(server.seen.map(({ method, url }) => `${method} ${url}`)).toEqual([
      'PUT /api/v2/cld-4/people/p%2F1',
      'GET /api/v2/cld-4/people/example',
      'GET /api/v2/json_schema/people',
      'GET /api/reports/cld-4/accounts_summary?from=2016-01-01&period=MONTHLY',
      'PUT /api/v2/cld-4/people/p1/merge',
      'PUT /api/v2/cld-4/people/p1/commit',
      'GET /api/v2/cld-4',
      'GET /version',
      'GET /api/v2/cld-4/events/e%201/tickets?%24top=3',
      'GET /api/v2/cld-4/updates/5?%24filter%5Bentity%5D=Company%2CItem',
      'POST /api/v2/x',
      'GET /status',
    ]);
    expect(server.seen[4]!.body).toEqual({ ids: ['p2', 'p3'], people: { first_name: 'B' } });
    expect(server.seen[5]!.body).toEqual({ mappings: [{ group_id: 'cld-9', commit: true }] });
    expect(server.seen[7]!.headers.accept).toBe('application/json');
    expect(server.seen[11]!.headers.accept).toBe('text/plain');
  });

  it.each(['', '.', '..', 'x'.repeat(600)])('never lets the identifier %j change the path', async (id) => {
    expect(() => client(undefined, id)).toThrow(MaestranoConnecError);
    expect((await errorOf(client().get('people', id), MaestranoConnecError)).code).toBe('connec.argument');
    expect((await errorOf(client().get(id, 'p1'), MaestranoConnecError)).code).toBe('connec.argument');
    expect(
      (await errorOf(client().request({ method: 'GET', path: ['people', id] }), MaestranoConnecError)).code,
    ).toBe('connec.argument');
    expect(server.seen).toEqual([]);
  });

  it('keeps odd but legal identifiers in their segment', async () => {
    server.respond(() => ({ body: { people: {} } }));
    await client({}, 'cld 4/../5?x#y').get('people', 'é\ud800;%2e');
    expect(only().url).toBe('/api/v2/cld%204%2F..%2F5%3Fx%23y/people/%C3%A9%EF%BF%BD%3B%252e');
  });
});

describe('ConnecClient: errors', () => {
  const problem = {
    id: '1',
    status: '404',
    code: 'resource-not-found',
    title: 'T',
    detail: 'jo@example.com is gone',
  };

  it.each([
    [400, 'connec.invalid'],
    [401, 'connec.unauthorized'],
    [403, 'connec.unauthorized'],
    [404, 'connec.notFound'],
    [409, 'connec.conflict'],
    [422, 'connec.invalid'],
    [429, 'connec.rateLimited'],
    [500, 'connec.server'],
    [302, 'connec.unexpectedAnswer'],
  ])('turns %i into %s', async (status, code) => {
    server.respond(() => ({
      status,
      headers: { location: 'http://evil.test/' },
      body: { errors: [problem] },
    }));
    const error = await errorOf(client().put('people', 'p1', {}), MaestranoConnecError);
    expect(error).toBeInstanceOf(MaestranoConnecError);
    expect(error).toMatchObject({
      code,
      status,
      marketplace: 'mart',
      group: 'cld-4',
      operation: 'PUT connec/:group/:resource/:id',
      attempts: 1,
      codes: ['resource-not-found'],
    });
    expect(error.problems).toEqual([
      { status: '404', code: 'resource-not-found', title: 'T', detail: problem.detail },
    ]);
    const printed =
      inspect(error, { depth: 9, showHidden: false }) + JSON.stringify(error) + String(error.stack);
    expect(printed).not.toContain('key-of-mart');
    expect(printed).not.toContain('jo@example.com');
  });

  it.each([
    ['HTML', '<html>'],
    ['a truncated body', '{"people":{'],
    ['no envelope', { person: {} }],
    ['a list where a record is due', { people: [{}] }],
    ['an empty body', ''],
    ['null', 'null'],
  ])('says so when the answer to a read is %s', async (_name, body) => {
    server.respond(() => ({ body }));
    const error = await errorOf(client().get('people', 'p1'), MaestranoConnecError);
    expect(error).toMatchObject({ code: 'connec.unexpectedAnswer', status: 200, group: 'cld-4' });
  });

  it.each([
    ['a record', { people: {} }],
    ['strings', { people: ['x'] }],
    ['nothing', {}],
  ])('says so when a collection holds %s', async (_name, body) => {
    server.respond(() => ({ body }));
    expect((await errorOf(client().list('people'), MaestranoConnecError)).code).toBe(
      'connec.unexpectedAnswer',
    );
  });

  it('survives errors that are not a list of objects', async () => {
    server.respond(() => ({ status: 400, body: { errors: ['x', null, 5, { code: 7, detail: {} }] } }));
    const error = await errorOf(client().get('people', 'p1'), MaestranoConnecError);
    expect(error.problems).toEqual([{ status: null, code: '7', title: null, detail: null }]);
  });

  it('repeats reads after a server failure, and never a POST', async () => {
    let calls = 0;
    server.respond(() => ({ status: (calls += 1) === 1 ? 503 : 200, body: { people: {} } }));
    await client().get('people', 'p1');
    expect(calls).toBe(2);
    calls = 0;
    const error = await errorOf(client().post('people', {}), MaestranoConnecError);
    expect(calls).toBe(1);
    expect(error).toMatchObject({ code: 'connec.server', attempts: 1 });
  });

  it('hands on the typed error of the way when no response came', async () => {
    const gone = registeredMarketplace('mart', { connec: { host: 'http://127.0.0.1:9' } });
    const error = await errorOf(
      connecClient({ http, marketplace: gone }).get('people', 'p1'),
      MaestranoHttpError,
    );
    expect(error).toBeInstanceOf(MaestranoHttpError);
    expect(error).toMatchObject({ code: 'http.connection', marketplace: 'mart', sent: 'no' });
  });

  it('lets a call have its own timeout and signal', async () => {
    server.respond(() => new Promise((resolve) => setTimeout(() => resolve({ body: { people: {} } }), 500)));
    const late = await errorOf(
      client().get('people', 'p1', { timeoutMs: 20, deadlineMs: 60 }),
      MaestranoHttpError,
    );
    expect(late).toBeInstanceOf(MaestranoHttpError);
    const stopped = new AbortController();
    const aborted = errorOf(client().get('people', 'p1', { signal: stopped.signal }), MaestranoHttpError);
    stopped.abort();
    expect((await aborted).code).toBe('http.aborted');
    // What was given up may still arrive: not in the next test.
    await new Promise((resolve) => setTimeout(resolve, 300));
  });
});

describe('ConnecClient: batch', () => {
  it('sends fifty at a time and gives the results in order, rejections typed', async () => {
    server.respond(({ body }) => {
      const { ops } = body as {
        ops: { method: string; url: string; params?: { people?: { n?: number } } }[];
      };
      return {
        body: {
          results: ops.map(({ params }) =>
            params?.people?.n === 7
              ? { status: 400, headers: {}, body: { errors: [{ code: 'bad' }] } }
              : { status: 201, headers: {}, body: { people: { n: params?.people?.n } } },
          ),
        },
      };
    });
    const operations = Array.from({ length: 120 }, (_, n) => ({
      method: 'post' as const,
      resource: 'people' as const,
      record: { n },
    }));
    const results = await client().batch(operations);
    expect(server.seen.map(({ url, body }) => [url, (body as { ops: unknown[] }).ops.length])).toEqual([
      ['/batch', 50],
      ['/batch', 50],
      ['/batch', 20],
    ]);
    expect((server.seen[0]!.body as { sequential: boolean; ops: unknown[] }).ops[0]).toEqual({
      method: 'post',
      url: '/api/v2/cld-4/people/',
      params: { people: { n: 0 } },
    });
    expect(results.results.map((result) => (result.ok ? result.record?.n : 'refused'))).toEqual(
      operations.map(({ record: { n } }) => (n === 7 ? 'refused' : n)),
    );
    expect(results.ok).toBe(false);
    const [failure] = results.failures;
    expect(failure).toMatchObject({
      status: 400,
      error: { code: 'connec.invalid', codes: ['bad'] },
      operation: { record: { n: 7 } },
    });
    expect([...results]).toHaveLength(120);
  });

  it('writes ids, matching fields and reads down', async () => {
    server.respond(() => ({ body: { results: [1, 2, 3, 4].map(() => ({ status: 200, body: {} })) } }));
    const results = await client().batch(
      [
        { method: 'get', resource: 'people', id: 'a/b' },
        { method: 'put', resource: 'company', record: { name: 'X' } },
        { method: 'post', resource: 'items', record: { reference: 'r' }, matchingFields: [['reference']] },
        { method: 'get', resource: 'people' },
      ],
      { sequential: false },
    );
    expect(results.ok).toBe(true);
    expect(only().body).toEqual({
      sequential: false,
      ops: [
        { method: 'get', url: '/api/v2/cld-4/people/a%2Fb' },
        { method: 'put', url: '/api/v2/cld-4/company/', params: { company: { name: 'X' } } },
        {
          method: 'post',
          url: '/api/v2/cld-4/items/',
          params: { items: { reference: 'r', opts: { matching_fields: [['reference']] } } },
        },
        { method: 'get', url: '/api/v2/cld-4/people/' },
      ],
    });
  });

  it('keeps what succeeded when a later request fails, and sends nothing behind it', async () => {
    let calls = 0;
    server.respond(({ body }) => {
      calls += 1;
      const { ops } = body as { ops: unknown[] };
      return calls === 2
        ? { status: 500, body: 'boom' }
        : { body: { results: ops.map(() => ({ status: 200, body: { people: {} } })) } };
    });
    const operations = Array.from({ length: 130 }, () => ({
      method: 'put' as const,
      resource: 'people',
      id: 'p',
      record: {},
    }));
    const { results } = await client().batch(operations);
    expect(calls).toBe(2);
    expect(results.slice(0, 50).every(({ ok }) => ok)).toBe(true);
    const codes = results
      .slice(50)
      .map((result) => (result.ok ? 'ok' : (result.error as MaestranoConnecError).code));
    expect([...new Set(codes.slice(0, 50))]).toEqual(['connec.server']);
    expect([...new Set(codes.slice(50))]).toEqual(['connec.batchNotSent']);
  });

  it.each([
    ['too few results', { results: [] }],
    ['no results', {}],
  ])('does not guess when the answer has %s', async (_name, body) => {
    server.respond(() => ({ body }));
    const { results } = await client().batch([{ method: 'get', resource: 'people', id: 'p' }]);
    expect(results[0]).toMatchObject({ ok: false, status: null, error: { code: 'connec.unexpectedAnswer' } });
  });

  it('sends nothing for no operations', async () => {
    expect((await client().batch([])).ok).toBe(true);
    expect(server.seen).toEqual([]);
  });
});

describe('ConnecService', () => {
  it('takes a name, a snapshot or the default marketplace, and never mixes them', async () => {
    server.respond(() => ({ body: { people: {} } }));
    const [one, two] = [server.marketplace('one'), server.marketplace('two')];
    const service = connecService({ http, marketplaces: [one, two], options: { externalIds: true } });
    await service.for('cld-1', 'one').get('people', 'x');
    await service.for('cld-2', two, { externalIds: false }).get('people', 'x');
    expect(
      server.seen.map(({ url, headers }) => [url, headers.authorization, headers['connec-external-ids']]),
    ).toEqual([
      ['/api/v2/cld-1/people/x', `Basic ${Buffer.from('app-one:key-of-one').toString('base64')}`, 'true'],
      ['/api/v2/cld-2/people/x', `Basic ${Buffer.from('app-two:key-of-two').toString('base64')}`, undefined],
    ]);
    expect(() => service.for('cld-1', 'three')).toThrow('three');
    expect(() => service.for('cld-1')).toThrow('default');
    const alone = connecService({ http, marketplaces: [one] });
    expect(alone.for('cld-1').marketplace.name).toBe('one');
  });

  it('says so when a marketplace shares no data', () => {
    const off = server.marketplace('mart', { enabled: false });
    expect(() => connecClient({ http, marketplace: off })).toThrow(
      expect.objectContaining({ code: 'connec.disabled' }),
    );
  });
});
