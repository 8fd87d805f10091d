import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { Agent } from 'node:http';
import { join } from 'node:path';

import axios from 'axios';

import { ConnecClient } from '../src/connec/client/connec-client.js';
import { MaestranoHttp } from '../src/http/maestrano-http.service.js';
import { resolveSettings } from '../src/settings/maestrano-settings.js';
import type { Marketplace } from '../src/interfaces/marketplace.interface.js';
import { normaliseMarketplaces } from '../src/marketplace/marketplace-normaliser.js';
import { defineBench, type ProbeValue } from './harness.js';

const LATENCY_MS = 5;
const PAGE = 100;

async function server(latency: number): Promise<{ url: string; child: ChildProcess }> {
  const child = fork(join(import.meta.dirname, 'connec-pages-server.mjs'), [String(latency)]);
  const [{ port }] = (await once(child, 'message')) as [{ port: number }];
  return { url: `http://127.0.0.1:${port}`, child };
}

function marketplaceAt(host: string): Marketplace {
  const { marketplaces, problems } = normaliseMarketplaces([
    {
      marketplace: 'uat',
      app: { host: 'https://app.example.com' },
      api: { id: 'app-1', key: 'k'.repeat(64), host: 'https://hub.example.com' },
      sso: { enabled: false },
      connec: { host, base_path: '/api/v2' },
    },
  ]);
  if (!marketplaces[0]) throw new Error(JSON.stringify(problems));
  return marketplaces[0];
}

interface Page {
  readonly people: readonly { readonly n: number }[];
  readonly pagination: { readonly next?: string };
}

/** As the official framework reads: one page, then the one its `next` names. Kinder to it: connections are kept. */
async function oneByOne(url: string, total: number): Promise<void> {
  const client = axios.create({ httpAgent: agent, auth: { username: 'app-1', password: 'k'.repeat(64) } });
  let next: string | undefined = `${url}/api/v2/${total}/people?$top=${PAGE}`;
  let expected = 0;
  while (next !== undefined) {
    const { data }: { data: Page } = await client.get<Page>(next, {
      headers: { accept: 'application/vnd.api+json' },
    });
    for (const { n } of data.people) if (n !== expected++) throw new Error('out of order');
    next = data.pagination.next;
  }
  if (expected !== total) throw new Error(`${expected} records`);
}

const SETTINGS = resolveSettings({}, { environment: {} });
const agent = new Agent({ keepAlive: true });

async function ours(http: MaestranoHttp, marketplace: Marketplace, total: number): Promise<void> {
  const client = new ConnecClient(http, marketplace, String(total), SETTINGS.connec.client);
  let expected = 0;
  for await (const { n } of client.records('people', { top: PAGE }))
    if (n !== expected++) throw new Error('out of order');
  if (expected !== total) throw new Error(`${expected} records`);
}

/** Most bytes in use while so many records go by, beyond those before. */
async function peak(http: MaestranoHttp, marketplace: Marketplace, total: number): Promise<number> {
  const client = new ConnecClient(http, marketplace, String(total), SETTINGS.connec.client);
  globalThis.gc?.();
  const inUse = () => {
    const { heapUsed, external } = process.memoryUsage();
    return heapUsed + external;
  };
  const before = inUse();
  let most = 0;
  let pages = 0;
  for await (const page of client.pages('people', { top: PAGE })) {
    if (page.records.length === 0) throw new Error('an empty page');
    pages += 1;
    if (pages % 20 !== 0) continue;
    globalThis.gc?.();
    most = Math.max(most, inUse() - before);
  }
  return most / 1024 / 1024;
}

export default defineBench(
  {
    name: `reading records in pages of ${PAGE} with ${LATENCY_MS} ms of latency, in order`,
    setup: async ({ short }) => {
      const total = short ? 500 : 50_000;
      const { url, child } = await server(LATENCY_MS);
      const http = new MaestranoHttp(SETTINGS.http);
      const marketplace = marketplaceAt(url);
      return {
        clock: 'wall',
        // Nine seconds each.
        cycles: 4,
        baseline: () => oneByOne(url, total),
        candidates: {
          'records() by default settings': {
            run: () => ours(http, marketplace, total),
            goal: { atLeast: 3 },
          },
        },
        close: async () => {
          await http.onApplicationShutdown();
          child.disconnect();
        },
      };
    },
  },
  {
    name: 'memory while pages go by',
    probe: async ({ short }) => {
      const { url, child } = await server(0);
      const http = new MaestranoHttp(SETTINGS.http);
      const marketplace = marketplaceAt(url);
      const values: Record<string, ProbeValue> = {};
      await peak(http, marketplace, 5_000);
      for (const total of short ? [2_000] : [10_000, 50_000, 200_000]) {
        values[`${total} records`] = {
          value: await peak(http, marketplace, total),
          unit: 'MB',
          goal: { atMost: 20 },
        };
      }
      await http.onApplicationShutdown();
      child.disconnect();
      return values;
    },
  },
);
