import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import * as fc from 'fast-check';

import { describeProblem } from '../../src/errors/configuration.error.js';
import type { Marketplace } from '../../src/interfaces/marketplace.interface.js';
import { createMarketplaceLoader } from '../../src/marketplace/marketplace.providers.js';
import { normaliseMarketplaces } from '../../src/marketplace/marketplace-normaliser.js';
import { MarketplaceRegistry } from '../../src/marketplace/marketplace-registry.js';
import { serialiseMarketplace } from '../../src/marketplace/marketplace-serialiser.js';
import {
  CERTIFICATE_A,
  CERTIFICATE_B,
  CERTIFICATE_C,
} from '../../src/marketplace/normaliser/environment-presets.js';
import type { ConfigurationFetcher } from '../../src/marketplace/sources/developer-platform.source.js';
import { MarketplaceSource, UNCHANGED } from '../../src/marketplace/sources/marketplace-source.js';
import { settingsOf } from '../support/settings.js';

/** Stands in every secret of this file, so that any leak is found by looking for it. */
const CANARY = 'canary7f3b';

/** A full entry of the platform's form, with a secret key. */
function entry(name: string, key = `${CANARY}-${name}`) {
  return {
    marketplace: name,
    nid: 'timesheets',
    environment: 'uat',
    app: {
      host: 'https://timesheets.example.com',
      synchronization_status_path: '/maestrano/synchronizations/:cld-uid',
    },
    api: { id: `app-${name}`, key, host: 'https://hub.example.com', base: '/api/v1/' },
    sso: {
      enabled: true,
      slo_enabled: 'true',
      creation_mode: 'virtual',
      idm: '',
      init_path: `/in?marketplace=${name}`,
      consume_path: `/out/${name}`,
      idp: 'https://hub.example.com/',
      x509_fingerprint: '8a:1e:2e:76:c4:67:80:68:6c:81:18:f7:d3:29:5d:77:f8:79:54:2f',
      x509_certificate: CERTIFICATE_B,
    },
    connec: { host: 'https://connec.example.com', base_path: '/api', v2_path: '/v2', timeout: '30.0' },
    webhooks: {
      account: { group_path: '/g/:id', group_user_path: '/g/:group_id/u/:id' },
      connec: {
        notification_path: '/n',
        external_ids: 1,
        subscriptions: { salesOrders: true, people: false },
      },
    },
  };
}

type Path = readonly [section: string, leaf: string];

const LEAVES: readonly Path[] = Object.entries(entry('x')).flatMap(([section, value]) =>
  typeof value === 'object' ? Object.keys(value).map((leaf): Path => [section, leaf]) : [],
);

/** Values that configurations of the wild have in the wrong places, and anything JSON can say. */
const oddValue = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    '',
    '  ',
    '0',
    'yes',
    -1,
    1e99,
    true,
    [],
    {},
    [[]],
    { a: { b: 1 } },
    '/x',
    'x/',
    '//x',
    ':id',
    '/:id/:group_id',
    'https://u:p@h/',
    'http://[::1]:80',
    'ftp://x',
    'x?y#z',
    '/%zz',
    '..',
    CERTIFICATE_A,
    CERTIFICATE_B + CERTIFICATE_C,
    CERTIFICATE_C.replaceAll('\n', ''),
    ['ab', 'cd'],
    'virtual',
    'openid',
    300,
  ),
  fc.jsonValue({ maxDepth: 3 }),
);

/** An entry with some leaves replaced, and some spelled otherwise. */
const mutatedEntry = fc
  .record({
    name: fc.constantFrom('a', 'maestrano-uat', 'über.1', 'x/y', ''),
    mutations: fc.array(fc.tuple(fc.constantFrom(...LEAVES), oddValue), { maxLength: 4 }),
    extra: fc.dictionary(fc.string({ maxLength: 12 }), oddValue, { maxKeys: 2 }),
    camel: fc.boolean(),
    dotted: fc.boolean(),
  })
  .map(({ name, mutations, extra, camel, dotted }) => {
    const result = structuredClone(entry(name)) as unknown as Record<string, Record<string, unknown>>;
    for (const [[section, leaf], value] of mutations) {
      if (section !== 'api' || leaf !== 'key') result[section]![leaf] = value;
    }
    const spelled: [string, unknown][] = Object.entries(result).flatMap(([section, value]) => {
      if (typeof value !== 'object') return [[section, value]];
      const leaves = Object.entries(value).map(([leaf, item]): [string, unknown] => [
        camel ? toCamel(leaf) : leaf,
        item,
      ]);
      return dotted
        ? leaves.map(([leaf, item]): [string, unknown] => [`${section}.${leaf}`, item])
        : [[section, Object.fromEntries(leaves)]];
    });
    return { ...extra, ...Object.fromEntries(spelled) };
  });

function toCamel(leaf: string): string {
  return leaf.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

/** The one input that gives nothing without being wrong. */
function isEmptyList(input: unknown): boolean {
  const list = (input as { marketplaces?: unknown } | null)?.marketplaces ?? input;
  return Array.isArray(list) && list.length === 0;
}

function expectDeeplyFrozen(value: unknown): void {
  if (typeof value !== 'object' || value === null) return;
  expect(Object.isFrozen(value)).toBe(true);
  for (const child of Object.values(value)) expectDeeplyFrozen(child);
}

describe('reading a configuration', () => {
  it('never throws, whatever JSON it is', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.jsonValue(),
          fc.jsonValue().map((value) => ({ marketplaces: value })),
        ),
        (input) => {
          const result = normaliseMarketplaces(input);
          expectDeeplyFrozen(result);
          if (result.marketplaces.length === 0 && !isEmptyList(input))
            expect(result.problems).not.toEqual([]);
        },
      ),
      { numRuns: 200 },
    );
  });

  it('gives frozen marketplaces that read themselves, and problems without a secret', () => {
    fc.assert(
      fc.property(fc.array(mutatedEntry, { maxLength: 3 }), fc.boolean(), (entries, production) => {
        const { marketplaces, problems } = normaliseMarketplaces(entries, { production });
        expectDeeplyFrozen(marketplaces);
        const reported =
          JSON.stringify(problems) + problems.map(describeProblem).join('\n') + JSON.stringify(marketplaces);
        expect(reported).not.toContain(CANARY);
        const again = normaliseMarketplaces(
          { marketplaces: marketplaces.map(serialiseMarketplace) },
          { production },
        );
        expect(again.marketplaces).toEqual(marketplaces);
        expect(again.marketplaces.map(keysOf)).toEqual(marketplaces.map(keysOf));
      }),
      { numRuns: 200 },
    );
  });

  it('finds all problems that each entry has alone', () => {
    fc.assert(
      fc.property(mutatedEntry, mutatedEntry, (one, other) => {
        const alone = [one, other].flatMap((item) => normaliseMarketplaces([item]).problems);
        const name = (item: object) => normaliseMarketplaces([item]).problems[0]?.marketplace;
        fc.pre(name(one) !== name(other));
        const together = normaliseMarketplaces([one, other]).problems.map(describeProblem);
        if (!together.some((line) => line.includes('configuration.duplicate'))) {
          expect(together).toEqual(expect.arrayContaining(alone.map(describeProblem)));
        }
      }),
      { numRuns: 50 },
    );
  });
});

function keysOf({ api }: Marketplace): string[] {
  return api.keys.map((key) => key.reveal());
}

describe('credentials', () => {
  it('belong to the marketplaces that have both halves, whatever they hold', () => {
    const half = fc.oneof(
      fc.constantFrom('a', 'b', 'a:b', 'ab'),
      fc.string({ minLength: 1, unit: 'binary' }),
    );
    fc.assert(
      fc.property(
        fc.array(fc.tuple(half, fc.array(half, { maxLength: 3 })), { maxLength: 5 }),
        fc.tuple(half, half),
        (pairs, [otherId, otherKey]) => {
          const entries = pairs.map(([id, keys], index) => {
            const base = entry(`m${index}`);
            return { ...base, sso: { enabled: false }, api: { ...base.api, id, key: keys } };
          });
          const registry = new MarketplaceRegistry();
          const { marketplaces } = normaliseMarketplaces(entries);
          registry.replace(marketplaces);
          const known = marketplaces.flatMap((item) =>
            keysOf(item).map((key) => [item.api.id, key] as const),
          );
          for (const [id, key] of [...known, [otherId, otherKey] as const, [otherId, ''] as const]) {
            const owners = marketplaces.filter((item) => item.api.id === id && keysOf(item).includes(key));
            expect(registry.allByCredentials(id, key)).toEqual(owners);
            expect(registry.findByCredentials(id, key)).toBe(owners.length === 1 ? owners[0] : null);
          }
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe('a sequence of responses', () => {
  beforeEach(() => {
    for (const level of ['warn', 'error'] as const)
      jest.spyOn(Logger.prototype, level).mockImplementation(() => undefined);
  });

  afterEach(() => {
    jest.restoreAllMocks();
  });

  it('never loses a marketplace that worked, nor its newest good key', async () => {
    const names = ['a', 'b', 'c'];
    const item = fc.record({ name: fc.constantFrom(...names), key: fc.nat({ max: 5 }), good: fc.boolean() });
    const response = fc.oneof(
      { weight: 3, arbitrary: fc.uniqueArray(item, { selector: ({ name }) => name, minLength: 1 }) },
      {
        weight: 1,
        arbitrary: fc.constantFrom('fail' as const, 'empty' as const, 'garbage' as const, 'same' as const),
      },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(response, { minLength: 1, maxLength: 12 }), async (responses) => {
        class Source extends MarketplaceSource {
          next: unknown = [];
          load(): Promise<unknown> {
            return this.next instanceof Error ? Promise.reject(this.next) : Promise.resolve(this.next);
          }
        }
        const source = new Source();
        const loader = createMarketplaceLoader(
          settingsOf({
            developerPlatform: false,
            refresh: { intervalMs: 0, startEmpty: true, bootDeadlineMs: 1 },
          }).marketplace,
          null as unknown as ConfigurationFetcher,
          { source },
        );
        await loader.start();
        const model = new Map<string, string>();
        for (const step of responses) {
          if (typeof step === 'string') {
            source.next = { fail: new Error('x'), empty: [], garbage: { error: 'x' }, same: UNCHANGED }[step];
          } else {
            source.next = step.map(({ name, key, good }) => ({
              ...entry(name, `${CANARY}-${key}`),
              ...(good ? {} : { app: { host: 'broken' } }),
            }));
            for (const { name, key, good } of step) if (good) model.set(name, `${CANARY}-${key}`);
          }
          const status = await loader.refresh();
          expect(JSON.stringify(status)).not.toContain(CANARY);
          const served = loader.registry
            .list()
            .map(({ name, api }): [string, string] => [name, api.keys[0]!.reveal()]);
          expect(new Map(served)).toEqual(model);
        }
        loader.onModuleDestroy();
      }),
      { numRuns: 50 },
    );
  });
});
