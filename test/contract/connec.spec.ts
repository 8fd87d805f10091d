import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import type { ConnecClient } from '../../src/connec/client/connec-client.js';
import type { MaestranoHttp } from '../../src/http/maestrano-http.service.js';
import type { Marketplace } from '../../src/interfaces/marketplace.interface.js';
import { normaliseMarketplaces } from '../../src/marketplace/marketplace-normaliser.js';
import { type Sandbox, startSandbox } from '../../src/sandbox/index.js';
import { connecClient } from '../support/connec-clients.js';
import { ConnecServer, type SeenRequest } from '../support/connec-server.js';
import { httpClient } from '../support/http-client.js';
import { sharedFixture, sharedFixturesPresent } from '../support/shared-fixtures.js';

let http: MaestranoHttp;
beforeAll(() => {
  http = httpClient({ attempts: 1, breaker: false });
});

interface Exchange {
  readonly client: string;
  readonly method: string;
  readonly url: string;
  readonly headers: Record<string, string>;
  readonly body?: string;
  readonly status: number;
  readonly answer: string;
}

const recorded = sharedFixturesPresent
  ? sharedFixture('official-clients/exchanges.jsonl')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Exchange)
      .filter(({ url }) => /^\/connec\/|^\/api\/reports\//.test(url))
  : [];
const withRecordings = recorded.length > 0 ? describe : describe.skip;

withRecordings('what the official clients exchanged with the real sandbox', () => {
  let server: ConnecServer;
  let marketplace: Marketplace;

  beforeAll(async () => {
    server = await ConnecServer.start(() => ({}));
    marketplace = server.marketplace('mart', { base_path: '/connec/api/v2' });
  });
  afterAll(() => server.close());

  const decoded = (url: string) => {
    const { pathname, searchParams } = new URL(url, 'http://h');
    return { pathname, query: Object.fromEntries(searchParams) };
  };

  /** Our spelling of the recorded call. */
  async function repeat({ method, url, body }: Exchange): Promise<unknown> {
    const { pathname, query } = decoded(url);
    const [, area = '', group = ''] = /^\/(connec\/api\/v2|api\/reports)\/([^/]+)/.exec(pathname) ?? [];
    const [resource = '', id] = pathname.slice(area.length + group.length + 3).split('/');
    const client = connecClient({ http, marketplace, group });
    const fields = body
      ? ((JSON.parse(body) as Record<string, object>)[resource] as Record<string, unknown>)
      : {};
    if (area === 'api/reports') return client.report(resource, query);
    if (method === 'POST') return client.post(resource, fields);
    if (resource === 'company') return client.put('company', fields);
    if (method === 'PUT') return client.put(resource, id!, fields);
    if (id !== undefined) return client.get(resource, id);
    return client.list(resource, {
      ...(query.$filter ? { where: { name: 'Renamed' } } : {}),
      ...(query.$top ? { top: Number(query.$top) } : {}),
    });
  }

  it.each(
    recorded.map((exchange) => [`${exchange.client} ${exchange.method} ${exchange.url}`, exchange] as const),
  )('is what we send and understand: %s', async (_name, exchange) => {
    let seen: SeenRequest | null = null;
    server.respond((request) => {
      seen = request;
      return { status: exchange.status, body: exchange.answer };
    });
    const outcome = await repeat(exchange).catch((error: unknown) => error);
    const sent = seen as unknown as SeenRequest;
    expect(sent.method).toBe(exchange.method);
    expect(decoded(sent.url)).toEqual(decoded(exchange.url));
    expect(sent.headers.accept).toBe(exchange.headers.accept);
    if (exchange.body) {
      const { resource: _java, ...body } = JSON.parse(exchange.body) as Record<string, unknown>;
      expect(sent.body).toEqual(body);
      expect(sent.headers['content-type']).toBe(exchange.headers['content-type']);
    }
    const response = JSON.parse(exchange.answer) as Record<string, unknown>;
    const content = Object.values(response)[0];
    if (exchange.status >= 400) {
      expect(outcome).toMatchObject({
        status: exchange.status,
        codes: [(content as { code: string }[])[0]!.code],
      });
    } else if (exchange.method === 'POST') expect(outcome).toEqual({ outcome: 'created', record: content });
    else if (exchange.url.startsWith('/api/reports')) expect(outcome).toEqual(response);
    else if (Array.isArray(content)) expect(outcome).toEqual({ records: content, total: null, cursor: null });
    else expect(outcome).toEqual(content);
  });
});

describe('our client against our sandbox', () => {
  let sandbox: Sandbox;
  let client: ConnecClient;
  let external: ConnecClient;

  beforeAll(async () => {
    sandbox = await startSandbox({ port: 0 });
    const { marketplaces, problems } = normaliseMarketplaces(sandbox.options.marketplaces);
    const [marketplace] = marketplaces;
    if (!marketplace) throw new Error(JSON.stringify(problems));
    client = connecClient({ http, marketplace });
    external = connecClient({ http, marketplace, options: { externalIds: true } });
  });
  afterAll(() => sandbox.close());
  beforeEach(() => sandbox.reset());

  const names = (records: readonly { readonly name?: string | null }[]) => records.map(({ name }) => name);
  const create = (count: number) =>
    client.batch(
      Array.from({ length: count }, (_, n) => ({
        method: 'post' as const,
        resource: 'projects' as const,
        record: {
          name: `Project ${String(n).padStart(3, '0')}`,
          budget: n,
          code: n % 2 ? 'odd' : "it's even",
        },
      })),
    );

  it('creates, reads, changes and merges records', async () => {
    const { outcome, record } = await client.post('items', { name: 'Chair', reference: 'C-1' });
    expect(outcome).toBe('created');
    const id = record.id as string;
    expect(await client.get('items', id)).toMatchObject({ name: 'Chair', group_id: 'cld-1' });
    expect(await client.put('items', id, { name: 'Stool' })).toMatchObject({
      name: 'Stool',
      reference: 'C-1',
    });
    const again = await client.post(
      'items',
      { name: 'Bench', reference: 'C-1' },
      { matchingFields: [['reference']] },
    );
    expect(again.outcome).toBe('merged');
    expect(again.record).toMatchObject({ id, name: 'Bench' });
    const company = await client.put('company', { name: 'Lab Co' });
    expect(await client.get('company')).toEqual(company);
    await expect(client.get('items', 'nope')).rejects.toMatchObject({
      code: 'connec.notFound',
      codes: ['resource-not-found'],
    });
    await expect(client.post('items', { id: 'mine', name: 'x' })).rejects.toMatchObject({
      code: 'connec.conflict',
    });
    await expect(client.list('spaceships')).rejects.toMatchObject({
      code: 'connec.invalid',
      codes: ['unknown-resource'],
    });
  });

  it('reads all pages in order, filtered on the other side', async () => {
    expect((await create(120)).ok).toBe(true);
    const all = [];
    for await (const project of client.records('projects', {
      where: { budget: { gte: 0 } },
      orderBy: { budget: 'asc' },
      top: 25,
    })) {
      all.push(project.budget);
    }
    expect(all).toEqual(Array.from({ length: 120 }, (_, n) => n));
    const even = await client.list('projects', {
      where: { code: "it's even", budget: { in: [3, 4, 6] } },
      orderBy: { budget: 'desc' },
    });
    expect(names(even.records)).toEqual(['Project 006', 'Project 004']);
    const matched = await client.list('projects', {
      where: { name: { match: /^Project 00[0-2]$/ } },
      orderBy: 'name asc',
    });
    expect(matched.total).toBe(3);
  });

  it('keeps results of a batch in order, rejections among them', async () => {
    const results = await client.batch([
      { method: 'post', resource: 'items', record: { name: 'A' } },
      { method: 'get', resource: 'items', id: 'nope' },
      { method: 'post', resource: 'items', record: { name: 'C' } },
    ]);
    expect(results.results.map((result) => [result.ok, result.status])).toEqual([
      [true, 201],
      [false, 404],
      [true, 201],
    ]);
  });

  it('links records by external ids', async () => {
    const owner = { provider: 'timesheets', realm: 'r-1' };
    const { record } = await client.post('items', { name: 'Linked' });
    await external.put('items', record.id as string, { id: [{ id: 'item-9', ...owner }] });
    const read = await external.get('items', record.id as string);
    expect(read.id).toEqual(expect.arrayContaining([{ id: 'item-9', ...owner }]));
  });

  it('knows the other addresses', async () => {
    expect(Object.keys(await client.directory())).toContain('invoices');
    expect(await client.example('invoices')).toBeDefined();
    expect(await client.jsonSchema('invoices')).toBeDefined();
    expect(await client.report('accounts_summary', { from: '2026-01-01', period: 'MONTHLY' })).toHaveProperty(
      'accounts',
    );
    expect(await client.version()).toHaveProperty('ci_branch');
    const { record: one } = await client.post('items', { name: 'One' });
    const { record: two } = await client.post('items', { name: 'Two' });
    expect((await client.merge('items', one.id as string, [two.id as string])).name).toBe('One');
    await expect(client.get('items', two.id as string)).rejects.toMatchObject({ status: 404 });
    expect(
      await client.commit('items', one.id as string, [{ group_id: 'cld-1', commit: true }]),
    ).toBeDefined();
  });
});
