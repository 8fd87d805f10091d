import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import type { ConnecClient } from '../../../src/connec/client/connec-client.js';
import {
  foldReferences,
  connecId,
  ownId,
  toExternalIds,
  unfoldReferences,
} from '../../../src/connec/client/external-ids.js';
import { filterText, queryParameters, queryString } from '../../../src/connec/client/connec-query.js';
import { MaestranoConnecError } from '../../../src/errors/connec.error.js';
import { MaestranoHttpError } from '../../../src/errors/http.error.js';
import type { MaestranoHttp } from '../../../src/http/maestrano-http.service.js';
import { connecClient } from '../../support/connec-clients.js';
import { ConnecServer, pageOf, type SeenRequest } from '../../support/connec-server.js';
import { errorOf } from '../../support/error-of.js';
import { httpClient } from '../../support/http-client.js';

interface Numbered {
  readonly n: number;
}

let server: ConnecServer;
let http: MaestranoHttp;
let client: ConnecClient;
const records = Array.from({ length: 1050 }, (_, n) => ({ n }));
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);
const skipsOf = () =>
  server.seen.map(({ url }) => Number(new URL(url, server.url).searchParams.get('$skip') ?? 0));

beforeAll(async () => {
  server = await ConnecServer.start(() => ({}));
  http = httpClient({ attempts: 1, breaker: false });
  client = connecClient({ http, marketplace: server.marketplace(), group: 'cld-4' });
});
afterAll(() => server.close());
beforeEach(() => server.respond((request) => pageOf(request, 'things', records, server.url)));

async function all(source: AsyncIterable<unknown>): Promise<number[]> {
  const found: number[] = [];
  for await (const record of source) found.push((record as Numbered).n);
  return found;
}

const slowly =
  (response: (request: SeenRequest) => object, ms: () => number) =>
  (request: SeenRequest): Promise<object> =>
    new Promise((resolve) => setTimeout(() => resolve(response(request)), ms()));

describe('pages', () => {
  it('come in order although several are under way, at most as many as allowed', async () => {
    const page = (request: SeenRequest) => pageOf(request, 'things', records, server.url);
    server.respond(slowly(page, () => Math.random() * 15));
    expect(await all(client.records('things', { top: 50 }))).toEqual(range(0, 1050));
    expect(server.seen).toHaveLength(21);
    expect(server.mostOpen).toBeLessThanOrEqual(4);
    expect(server.mostOpen).toBeGreaterThan(1);
  });

  it('carry the query on every request and begin where it says', async () => {
    const query = { where: { status: "it's" }, orderBy: { n: 'asc' as const }, top: 500, skip: 30 };
    expect(await all(client.records('things', query, { concurrency: 1 }))).toEqual(range(30, 1050));
    expect(server.mostOpen).toBe(1);
    const queries = server.seen.map(({ url }) => Object.fromEntries(new URL(url, server.url).searchParams));
    expect(queries).toEqual(
      ['30', '530', '1030'].map((skip) => ({
        $filter: "status eq 'it''s'",
        $orderby: 'n asc',
        $top: '500',
        $skip: skip,
      })),
    );
  });

  it('follow the page size the server decides on, also when it changes on the way', async () => {
    server.respond((request) => {
      const url = new URL(request.url, server.url);
      const skip = Number(url.searchParams.get('$skip') ?? 0);
      url.searchParams.set('$top', skip < 300 ? '100' : '70');
      return pageOf({ ...request, url: url.href }, 'things', records, server.url);
    });
    expect(await all(client.records('things', { top: 1000 }))).toEqual(range(0, 1050));
  });

  it('are a single one when the server has no pagination', async () => {
    server.respond(() => ({ body: { things: [{ n: 1 }] } }));
    expect(await all(client.records('things'))).toEqual([1]);
    expect(server.seen).toHaveLength(1);
  });

  it('go on where a cursor points, and only in the same collection', async () => {
    const query = { orderBy: 'n asc', top: 100 };
    let cursor: string | null = null;
    const first: number[] = [];
    for await (const page of client.pages('things', query)) {
      expect(page.total).toBe(1050);
      first.push(...page.records.map(({ n }) => n as number));
      cursor = page.cursor;
      if (first.length === 300) break;
    }
    expect(await all(client.records('things', query, { after: cursor }))).toEqual(range(300, 1050));
    const { records: one } = await client.list('things', query, { after: cursor });
    expect(one[0]).toEqual({ n: 300 });
    for (const [group, resource, other] of [
      ['cld-5', 'things', query],
      ['cld-4', 'people', query],
      ['cld-4', 'things', { top: 100 }],
    ] as const) {
      const elsewhere = connecClient({ http, marketplace: server.marketplace(), group });
      expect(() => elsewhere.pages(resource, other, { after: cursor })).toThrow(MaestranoConnecError);
    }
    for (const bad of ['x', '', 'bnVsbA', Buffer.from('[1,2]').toString('base64url')]) {
      if (bad) expect(() => client.pages('things', query, { after: bad })).toThrow(MaestranoConnecError);
    }
  });

  it('fetch one page for list(), and tell where the next begins', async () => {
    const page = await client.list('things', { top: 10 });
    expect(page.records).toHaveLength(10);
    expect(page.cursor).not.toBeNull();
    expect(server.seen).toHaveLength(1);
    const last = await client.list('things', { top: 10, skip: 1040 });
    expect(last.cursor).toBeNull();
  });

  it('stop asking when the consumer stops, and when told to', async () => {
    server.respond(
      slowly(
        (request) => pageOf(request, 'things', records, server.url),
        () => 5,
      ),
    );
    for await (const page of client.pages('things', { top: 10 })) {
      if (page.records[0]?.n === 50) break;
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(server.seen.length).toBeLessThanOrEqual(11);

    const stop = new AbortController();
    const reading = errorOf(
      all(client.records('things', { top: 10 }, { signal: stop.signal })),
      MaestranoHttpError,
    );
    setTimeout(() => stop.abort(new Error('enough')), 30);
    expect(String(await reading)).toMatch(/enough|aborted|signal/i);
  });

  it('report the failure of a page at its turn, with the records before it', async () => {
    server.respond((request) =>
      request.url.includes('skip=300') ? { status: 500 } : pageOf(request, 'things', records, server.url),
    );
    const found: number[] = [];
    const reading = (async () => {
      for await (const { n } of client.records('things', { top: 100 })) found.push(n as number);
    })();
    await expect(reading).rejects.toMatchObject({ code: 'connec.server' });
    expect(found).toEqual(range(0, 300));
  });
});

describe('the next link', () => {
  const withNext = (next: (url: URL) => string) => (request: SeenRequest) => {
    const response = pageOf(request, 'things', records, server.url);
    const pagination = response.body.pagination as { next?: string };
    if (pagination.next) pagination.next = next(new URL(pagination.next));
    return response;
  };

  it.each([
    ['another host', (url: URL) => url.href.replace('127.0.0.1', 'evil.test')],
    ['another group', (url: URL) => url.href.replace('cld-4', 'cld-5')],
    ['another resource', (url: URL) => url.href.replace('things', 'people')],
    ['credentials in it', (url: URL) => url.href.replace('http://', 'http://me:pw@')],
    ['dots that leave the group', (url: URL) => url.href.replace('/things', '/things/../../cld-5/things')],
    ['no URL', () => 'http://'],
    ['a script', () => 'javascript:alert(1)'],
  ])('with %s is not followed but rebuilt from the numbers', async (_name, next) => {
    server.respond(withNext(next));
    expect(await all(client.records('things', { top: 200 }))).toEqual(range(0, 1050));
    expect(server.seen.every(({ url }) => url.startsWith('/api/v2/cld-4/things?'))).toBe(true);
  });

  it('may be relative, and may leave out our filter without losing it', async () => {
    server.respond(withNext((url) => `${url.pathname}?$skip=${url.searchParams.get('$skip')}&$top=200`));
    expect(await all(client.records('things', { where: { a: 1 }, top: 200 }))).toEqual(range(0, 1050));
    expect(server.seen.every(({ url }) => url.includes('filter'))).toBe(true);
  });

  it('with a parameter of the server is followed as it is, one by one', async () => {
    server.respond(withNext((url) => `${url.href}&token=t%20${url.searchParams.get('$skip')}`));
    const pages = client.pages('things', { top: 200 });
    const seen: number[] = [];
    let cursor: string | null = null;
    for await (const page of pages) {
      seen.push(...page.records.map(({ n }) => n as number));
      cursor = page.cursor;
      if (seen.length === 600) break;
    }
    expect(server.seen.at(2)!.url).toContain('token=t%20400');
    seen.push(...(await all(client.records('things', { top: 200 }, { after: cursor }))));
    expect(seen).toEqual(range(0, 1050));
  });

  it('without numbers to rebuild it from is an error', async () => {
    server.respond(() => ({ body: { things: [{ n: 1 }], pagination: { next: 'http://evil.test/' } } }));
    expect((await errorOf(all(client.records('things')), MaestranoConnecError)).code).toBe(
      'connec.pagination',
    );
  });

  it('that does not lead forward is an error', async () => {
    server.respond((request) => {
      const response = pageOf(request, 'things', records, server.url);
      (response.body.pagination as { next: string }).next = `${server.url}/api/v2/cld-4/things?$skip=0`;
      return response;
    });
    expect((await errorOf(all(client.records('things', { top: 100 })), MaestranoConnecError)).code).toBe(
      'connec.pagination',
    );
    server.respond(() => ({
      body: { things: [{ n: 1 }], pagination: { next: `${server.url}/api/v2/cld-4/things?token=1` } },
    }));
    expect((await errorOf(all(client.records('things')), MaestranoConnecError)).code).toBe(
      'connec.pagination',
    );
  });

  it('without end is an error in the end', async () => {
    let n = 0;
    server.respond(() => ({
      body: {
        things: [{ n: 1 }],
        pagination: { next: `${server.url}/api/v2/cld-4/things?token=${(n += 1)}` },
      },
    }));
    const error = await errorOf(all(client.records('things', {}, { maxPages: 20 })), MaestranoConnecError);
    expect(error.code).toBe('connec.pagination');
    expect(server.seen.length).toBeLessThanOrEqual(21);
  });

  it('decides when records appear or vanish on the way, as if pages were read one by one', async () => {
    let total = 500;
    server.respond((request) => {
      if (request.url.includes('skip=200')) total = 730;
      return pageOf(request, 'things', records.slice(0, total), server.url);
    });
    expect(await all(client.records('things', { top: 100 }))).toEqual(range(0, 730));
    server.respond((request) => {
      if (request.url.includes('skip=200')) total = 250;
      return pageOf(request, 'things', records.slice(0, total), server.url);
    });
    expect(await all(client.records('things', { top: 100 }))).toEqual(range(0, 250));
    expect(Math.max(...skipsOf())).toBeLessThan(730);
  });
});

describe('queries', () => {
  it('spell every operator of the protocol', () => {
    const at = new Date('2016-08-01T15:30:20Z');
    expect(
      filterText({
        where: {
          status: 'ACTIVE',
          updated_at: { gt: at, lte: new Date('2016-08-02T00:00:00.500Z') },
          code: { in: ['A', "B'C"] },
          name: { match: /^a\/b[/]\\/, ne: null },
          parent: null,
          amount: { gte: -1.5, lt: 10 },
          paid: { eq: true },
          skipped: undefined,
        },
        filter: ' (x eq 1) ',
      }),
    ).toBe(
      "status eq 'ACTIVE' and updated_at gt '2016-08-01T15:30:20Z' and updated_at lte '2016-08-02T00:00:00.500Z'" +
        " and code in ['A','B''C'] and name match /^a\\/b[\\/]\\\\/ and name ne null and parent eq null" +
        ' and amount gte -1.5 and amount lt 10 and paid eq true and (x eq 1)',
    );
  });

  it('carry order, window, search, expansion and raw parameters', () => {
    const parameters = queryParameters({
      orderBy: { updated_at: 'desc', name: 'asc' },
      top: 5,
      skip: 0,
      search: 'a b',
      expand: ['matching_records', 'x'],
      params: { 'mappings[]': ['{"group_id":"cld-9"}', '2'] },
    });
    expect(queryString(parameters)).toBe(
      '?%24orderby=updated_at%20desc%2Cname%20asc&%24search=a%20b&%24expand=matching_records%2Cx' +
        '&mappings%5B%5D=%7B%22group_id%22%3A%22cld-9%22%7D&mappings%5B%5D=2&%24top=5&%24skip=0',
    );
    expect(queryString(queryParameters({}))).toBe('');
    expect(queryParameters({ orderBy: ' name asc ' })).toEqual([['$orderby', 'name asc']]);
  });

  it.each([
    ['a field that is more than a name', { where: { "a eq 1 or 'x'": 1 } }],
    ['an invalid date', { where: { a: new Date('x') } }],
    ['NaN', { where: { a: Number.NaN } }],
    ['a number with an exponent', { where: { a: 1e21 } }],
    ['an empty list', { where: { a: { in: [] } } }],
    ['flags', { where: { a: { match: /a/i } } }],
    ['an unknown operator', { where: { a: { like: 'x' } as object } }],
    ['an object as a value', { where: { a: { eq: {} as string } } }],
    ['an odd field to order by', { orderBy: { 'a desc, b': 'asc' as const } }],
    ['a page of none', { top: 0 }],
    ['half a record', { skip: 0.5 }],
  ])('refuse %s', (_name, query) => {
    expect(() => queryParameters(query)).toThrow(expect.objectContaining({ code: 'connec.argument' }));
  });
});

describe('external ids', () => {
  const owner = { provider: 'acme', realm: 'r-1' };
  const ids = [
    { id: '42', provider: 'acme', realm: 'r-1' },
    { id: 'uuid', provider: 'connec', realm: 'org-a' },
    { id: '43', provider: 'acme', realm: 'r-2' },
  ];

  it('tell own from the platform', () => {
    expect(ownId(ids, owner)).toBe('42');
    expect(connecId(ids)).toBe('uuid');
    expect(ownId('uuid', owner)).toBeNull();
    expect(connecId('uuid')).toBe('uuid');
    expect(ownId(ids, { ...owner, realm: 'other' })).toBeNull();
    expect(connecId([])).toBeNull();
    expect(connecId('')).toBeNull();
    expect(connecId({})).toBeNull();
    expect(ownId([null, 'x', { id: 4 }], owner)).toBeNull();
    expect(toExternalIds('7', owner)).toEqual([{ id: '7', ...owner }]);
  });

  it('fold outgoing references and unfold incoming ones', () => {
    const paths = ['organization_id', 'lines.item_id', 'nothing.here'];
    const outgoing = {
      id: 'x',
      organization_id: '42',
      lines: [{ item_id: '9' }, { item_id: null }, { note: 1 }],
    };
    const folded = foldReferences(outgoing, paths, owner) as unknown as Record<string, unknown>;
    expect(folded).toEqual({
      id: 'x',
      organization_id: [{ id: '42', ...owner }],
      lines: [{ item_id: [{ id: '9', ...owner }] }, { item_id: null }, { note: 1 }],
    });
    expect(outgoing.organization_id).toBe('42');
    expect(unfoldReferences(folded, paths, owner)).toMatchObject({ record: outgoing, missing: [] });
    const foreign = { organization_id: ids.slice(1, 2), lines: [{ item_id: ids }] };
    expect(unfoldReferences(foreign, paths, owner)).toMatchObject({
      record: { organization_id: foreign.organization_id, lines: [{ item_id: '42' }] },
      missing: ['organization_id'],
    });
  });
});
