import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import { ConnecClient } from '../../../src/connec/client/connec-client.js';
import { MaestranoHttp } from '../../../src/http/maestrano-http.service.js';
import { ConnecServer, pageOf, type Reply, type SeenRequest } from '../../support/connec-server.js';
import { errorOf } from '../../support/error-of.js';
import { settingsOf } from '../../support/settings.js';

interface Row {
  readonly id: string;
  updated_at?: string;
}

let server: ConnecServer;
let http: MaestranoHttp;
let connec: ConnecClient;
/** The collection as it is now. */
let rows: Row[];

const iso = (instant: number): string => new Date(instant).toISOString().replace(/\.\d+Z$/, 'Z');
const START = Date.UTC(2016, 7, 1);
const at = (second: number): string => iso(START + second * 1_000);

/** Filters by `updated_at gte`, orders and pages as Connec! does, over the records as they are at that moment. */
function respond(request: SeenRequest): Reply {
  const { searchParams } = new URL(request.url, server.url);
  const from = /updated_at gte '([^']+)'/.exec(searchParams.get('$filter') ?? '')?.[1] ?? '';
  expect(searchParams.get('$orderby')).toBe('updated_at asc');
  const found = rows
    .filter(({ updated_at = '' }) => updated_at >= from)
    .sort((a, b) => (a.updated_at ?? '').localeCompare(b.updated_at ?? ''));
  return pageOf(request, 'people', found, server.url);
}

async function read(
  since: Date | string | null,
  options: Parameters<ConnecClient['changedSince']>[2] = {},
  onPage: (ids: string[]) => void = () => undefined,
): Promise<{ pages: string[][]; cursor: string | null }> {
  const pages: string[][] = [];
  let cursor: string | null = null;
  for await (const page of connec.changedSince('people', since, options)) {
    const ids = page.records.map(({ id }) => String(id));
    pages.push(ids);
    cursor = page.cursor;
    onPage(ids);
  }
  return { pages, cursor };
}
const people = (count: number, time: (n: number) => string): Row[] =>
  Array.from({ length: count }, (_, n) => ({ id: `p${n}`, updated_at: time(n) }));
const touch = (ids: readonly string[], updated_at: string): void => {
  for (const row of rows) if (ids.includes(row.id)) row.updated_at = updated_at;
};

beforeAll(async () => {
  server = await ConnecServer.start(() => ({}));
  http = new MaestranoHttp(settingsOf({ http: { attempts: 1, breaker: false } }).http);
});
beforeEach(() => {
  server.respond(respond);
  connec = new ConnecClient(http, server.marketplace(), 'cld-1', settingsOf().connec.client);
});
afterAll(async () => {
  await http.onApplicationShutdown();
  await server.close();
});

describe('records that changed', () => {
  it('come in the order they changed, each once, in pages that begin at the last time', async () => {
    rows = people(250, (n) => at(n));
    const { pages, cursor } = await read(null, { top: 100 });
    expect(pages.flat()).toEqual(rows.map(({ id }) => id));
    expect(pages.map((page) => page.length)).toEqual([100, 99, 51]);
    const filters = server.seen.map(({ url }) => new URL(url, server.url).searchParams.get('$filter'));
    expect(filters).toEqual([null, `updated_at gte '${at(99)}'`, `updated_at gte '${at(198)}'`]);
    expect(server.seen.every(({ url }) => !url.includes('skip=1'))).toBe(true);
    // The last two minutes come again.
    expect((await read(cursor)).pages.flat()).toEqual(rows.slice(249 - 120).map(({ id }) => id));
    expect((await read(cursor, { overlapMs: 0 })).pages).toEqual([['p249']]);
    expect((await read(new Date(START + 300_000), { overlapMs: 0 })).pages).toEqual([]);
  });

  it.each([
    ['at different times', (n: number) => at(n)],
    ['within one second', () => at(7)],
    ['a few in each second', (n: number) => at(Math.floor(n / 30))],
  ])('are all seen by a reader that writes each page (changed %s)', async (_name, time) => {
    rows = people(250, time);
    const { pages } = await read(null, { top: 50 }, (ids) => touch(ids, iso(Date.now())));
    expect(new Set(pages.flat()).size).toBe(250);
    expect(pages.flat().length).toBeLessThan(600);
  });

  it('are all seen while others move and appear at random', async () => {
    for (let round = 0; round < 10; round += 1) {
      rows = people(300, (n) => at(Math.floor(n / 70)));
      const { pages } = await read(null, { top: 20 }, () => {
        const ids = Array.from({ length: 7 }, () => `p${Math.floor(Math.random() * 300)}`);
        touch(ids, iso(Date.now() + 3_600_000));
        rows.push({ id: `late-${rows.length}`, updated_at: iso(Date.now() + 3_600_000) });
      });
      const unseen = rows.filter(
        ({ id, updated_at }) => updated_at! < iso(Date.now()) && !pages.flat().includes(id),
      );
      expect(unseen).toEqual([]);
    }
  });

  it('of one second that fills several pages are read by offset, and again until nothing is new', async () => {
    rows = [...people(130, () => at(5)), { id: 'later', updated_at: at(6) }];
    const { pages } = await read(null, { top: 50 });
    expect(new Set(pages.flat())).toEqual(new Set(rows.map(({ id }) => id)));
    expect(pages.flat()).toHaveLength(131);
    const skips = server.seen.map(({ url }) => new URL(url, server.url).searchParams.get('$skip') ?? '0');
    expect(skips).toEqual(['0', '0', '50', '100', '0', '50', '100', '0']);
  });

  it('leave what changes after the reading began for the next one', async () => {
    rows = people(30, (n) => at(n));
    const first = await read(null, { top: 10 }, () => touch(['p3'], iso(Date.now() + 60_000)));
    expect(first.pages.flat().filter((id) => id === 'p3')).toHaveLength(1);
    rows = rows.map((row) => (row.id === 'p3' ? { ...row, updated_at: at(40) } : row));
    expect((await read(first.cursor, { overlapMs: 0 })).pages.flat()).toEqual(['p29', 'p3']);
  });

  it('that become visible late with an earlier time are found by the overlap', async () => {
    rows = people(5, (n) => at(n * 100));
    const { cursor } = await read(null);
    rows.push({ id: 'late', updated_at: at(395) });
    expect((await read(cursor)).pages.flat()).toEqual(['p3', 'late', 'p4']);
  });

  it('narrow down by the conditions of a query, which a cursor belongs to', async () => {
    rows = people(3, (n) => at(n));
    const query = { where: { status: 'ACTIVE' }, filter: "code eq 'x'" };
    const { cursor } = await read(new Date(START), { ...query, overlapMs: 0 });
    expect(new URL(server.seen[0]!.url, server.url).searchParams.get('$filter')).toBe(
      `status eq 'ACTIVE' and code eq 'x' and updated_at gte '${at(0)}'`,
    );
    expect((await read(cursor, { ...query, top: 7 })).pages.flat()).toHaveLength(3);
    for (const other of [cursor!, 'nonsense', '', new Date(Number.NaN)]) {
      expect(await errorOf(read(other))).toMatchObject({ code: 'connec.argument' });
    }
  });

  it('without times are read once, by offset', async () => {
    rows = Array.from({ length: 25 }, (_, n) => ({ id: `p${n}` }));
    const { pages } = await read(null, { top: 10 });
    expect(pages.flat()).toEqual(rows.map(({ id }) => id));
  });

  it('end with an error where the server neither orders nor filters, or too many pages come', async () => {
    rows = people(30, (n) => at(n));
    expect(await errorOf(read(null, { top: 5, maxPages: 3 }))).toMatchObject({ code: 'connec.pagination' });
    server.respond((request) => pageOf(request, 'people', rows, server.url));
    expect(await errorOf(read(null, { top: 5 }))).toMatchObject({ code: 'connec.pagination' });
    rows = rows.reverse();
    expect(await errorOf(read(null, { top: 50 }))).toMatchObject({ code: 'connec.pagination' });
  });

  it('end with the signal', async () => {
    rows = people(30, (n) => at(n));
    const stop = new AbortController();
    const reading = read(null, { top: 10, signal: stop.signal }, () => stop.abort(new Error('enough')));
    await expect(reading).rejects.toThrow('enough');
  });
});
