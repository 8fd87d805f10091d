import { generateKeyPairSync, X509Certificate } from 'node:crypto';

import { Logger } from '@nestjs/common';

import { createMarketplaceLoader } from '../src/marketplace/marketplace.providers.js';
import { resolveSettings } from '../src/settings/maestrano-settings.js';
import type { MarketplaceLoader } from '../src/marketplace/marketplace-loader.js';
import type {
  ConfigurationResponse,
  ConfigurationFetcher,
} from '../src/marketplace/sources/developer-platform.source.js';
import { RouteTable } from '../src/routing/table/route-table.js';
import { selfSignedCertificate } from '../src/sandbox/keys/self-signed-certificate.js';
import { ssoFeature } from '../src/sso/sso.feature.js';
import { accountWebhooksFeature } from '../src/webhooks/account-webhooks.feature.js';
import { type Comparison, defineBench, type ProbeValue } from './harness.js';

/** As large as those of real marketplaces. */
const DER = new X509Certificate(
  selfSignedCertificate(generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey, {
    commonName: 'hub.example.com',
    serial: 1,
    notBefore: new Date('2026-01-01'),
    notAfter: new Date('2046-01-01'),
  }),
).raw;

/** A certificate of its own for each marketplace: another signature, which nobody verifies. */
function certificate(index: number): string {
  const der = Buffer.from(DER);
  der.writeUInt32BE(index, der.length - 4);
  return `-----BEGIN CERTIFICATE-----\n${der.toString('base64').replace(/.{64}/g, '$&\n')}\n-----END CERTIFICATE-----\n`;
}

/** A full entry as the developer platform sends it, in a directory of its own. */
function entry(index: number, suffix = `market-${index}`): object {
  const name = `market-${index}`;
  return {
    marketplace: name,
    nid: `app-on-${name}`,
    environment: 'timesheets',
    app: {
      host: 'https://timesheets.example.com',
      synchronization_start_path: `/maestrano/${name}/synchronizations`,
      synchronization_toggle_path: `/maestrano/${name}/synchronizations/toggle_sync`,
      synchronization_status_path: `/maestrano/${name}/synchronizations/:cld-uid`,
    },
    api: {
      id: `app-${index}`,
      key: `${index}`.padStart(64, '0'),
      host: `https://hub-${index}.example.com`,
      base: '/api/v1/',
    },
    sso: {
      idm: 'https://timesheets.example.com',
      init_path: `/maestrano/auth/saml/init/${suffix}`,
      consume_path: `/maestrano/auth/saml/consume/${suffix}`,
      idp: `https://hub-${index}.example.com`,
      x509_certificate: certificate(index),
    },
    connec: { host: `https://connec-${index}.example.com`, base_path: '/api/v2', timeout: 300 },
    webhooks: {
      account: {
        group_path: `/maestrano/account/groups/:id/${suffix}`,
        group_user_path: `/maestrano/account/groups/:group_id/users/:id/${suffix}`,
      },
      connec: { external_ids: true, notification_path: `/maestrano/connec/notifications/${suffix}` },
    },
  };
}

/** The platform's text for so many marketplaces. */
function bodyOf(count: number, suffix?: (index: number) => string): string {
  return JSON.stringify({
    marketplaces: Array.from({ length: count }, (_, index) => entry(index, suffix?.(index))),
  });
}

/** @param text asked at every fetch, so that nothing here keeps it. */
async function load(text: () => string): Promise<MarketplaceLoader> {
  // The warnings of ten thousand certificates are not what is measured.
  Logger.overrideLogger(false);
  const fetcher: ConfigurationFetcher = {
    fetch: () => Promise.resolve<ConfigurationResponse>({ status: 200, headers: {}, text: text() }),
  };
  const settings = resolveSettings(
    { developerPlatform: { apiKey: 'k', apiSecret: 's' }, refresh: { intervalMs: 0 } },
    { environment: {} },
  );
  const loader = createMarketplaceLoader(settings.marketplace, fetcher);
  await loader.start();
  return loader;
}

const SIZES = [1, 100, 10_000] as const;

/** One operation for each size; the smallest is the baseline. */
async function bySize(
  short: boolean,
  operation: (count: number) => Promise<() => unknown>,
): Promise<Comparison> {
  const [baseline, medium, large] = await Promise.all(
    SIZES.map((size) => operation(short ? Math.min(size, 100) : size)),
  );
  return {
    baseline: baseline!,
    candidates: {
      '100 marketplaces': { run: medium!, goal: { atMost: 1.5 } },
      '10,000 marketplaces': { run: large!, goal: { atMost: 1.5 } },
    },
  };
}

/** The marketplaces that are busy, spread over all of them: what is measured is the table, not the CPU's cache. */
const BUSY = 64;

/** Goes round the busy ones of so many marketplaces. */
function busy<T>(count: number, make: (index: number) => T): () => T {
  const made = Array.from({ length: BUSY }, (_, turn) => make((turn * 7_919) % count));
  let turn = 0;
  return () => made[(turn = (turn + 1) % BUSY)]!;
}

async function routing(count: number, suffix: (index: number) => string): Promise<() => unknown> {
  const { registry } = await load(() => bodyOf(count, suffix));
  const endpoints = [...ssoFeature().endpoints, ...accountWebhooksFeature({}).endpoints];
  const table = new RouteTable(endpoints, 'maestrano', {
    marketplaces: registry.list(),
    find: (name) => registry.find(name),
    default: () => registry.findDefault(),
  });
  const url = busy(count, (index) => `/maestrano/account/groups/cld-${index}/users/usr-1/${suffix(index)}`);
  return () => table.match('DELETE', url());
}

/** Bytes that the configuration of so many marketplaces keeps, each. */
async function memory(count: number): Promise<number> {
  await load(() => bodyOf(1));
  globalThis.gc?.();
  const before = process.memoryUsage().heapUsed;
  const loader = await load(() => bodyOf(count));
  globalThis.gc?.();
  const kept = process.memoryUsage().heapUsed - before;
  return kept / loader.registry.snapshot.marketplaces.size;
}

/** Milliseconds of CPU time, so that a busy machine does not count. */
async function cpuMs(run: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage();
  await run();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

export default defineBench(
  {
    name: 'marketplace by credentials',
    setup: ({ short }) =>
      bySize(short, async (count) => {
        const { registry } = await load(() => bodyOf(count));
        const pair = busy(count, (index) => [`app-${index}`, `${index}`.padStart(64, '0')] as const);
        return () => {
          const [id, key] = pair();
          return registry.findByCredentials(id, key);
        };
      }),
  },
  {
    name: 'marketplace by route, conventional paths',
    setup: ({ short }) => bySize(short, (count) => routing(count, (index) => `market-${index}`)),
  },
  {
    name: 'marketplace by route, paths of its own',
    setup: ({ short }) => bySize(short, (count) => routing(count, (index) => `own/path-${index}`)),
  },
  {
    name: 'many marketplaces',
    probe: async ({ short }): Promise<Record<string, ProbeValue>> => {
      const count = short ? 100 : 10_000;
      const result: Record<string, ProbeValue> = {
        'memory of one': { value: await memory(count), unit: 'B', goal: { atMost: 5_000 } },
      };
      for (const size of SIZES) {
        const text = bodyOf(Math.min(size, count));
        let loader: MarketplaceLoader | null = null;
        result[`start with ${size}`] = {
          value: await cpuMs(async () => void (loader = await load(() => text))),
          unit: 'ms CPU',
        };
        result[`refresh of ${size} unchanged`] = {
          value: await cpuMs(() => loader!.refresh()),
          unit: 'ms CPU',
        };
      }
      return result;
    },
  },
);
