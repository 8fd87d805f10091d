import { describe, expect, it } from '@jest/globals';

import { normaliseMarketplaces } from '../../src/marketplace/marketplace-normaliser.js';
import type { DeveloperPlatformOptions } from '../../src/interfaces/marketplace-options.interface.js';
import type { DeveloperPlatformSettings } from '../../src/settings/developer-platform-settings.js';
import {
  type ConfigurationFetcher,
  DeveloperPlatformSource,
} from '../../src/marketplace/sources/developer-platform.source.js';
import { sharedFixture, sharedFixturesPresent } from '../support/shared-fixtures.js';
import { settingsOf } from '../support/settings.js';

function resolveDeveloperPlatform(
  developerPlatform: DeveloperPlatformOptions | undefined,
  environment: Readonly<Record<string, string>>,
): DeveloperPlatformSettings | null {
  return settingsOf({ developerPlatform }, environment).marketplace.developerPlatform;
}

describe('the address of the developer platform', () => {
  it.each([
    '/api/config/v1/marketplaces',
    '/api/config/v1/marketplaces/',
    '/api/config/v1/',
    '/api/config/v1',
    'api/config/v1',
  ])('is the same with the path %s of another SDK', (path) => {
    expect(
      resolveDeveloperPlatform(
        { host: 'https://developer.maestrano.com/', apiPath: path, apiKey: 'k', apiSecret: 's' },
        {},
      ),
    ).toMatchObject({
      origin: 'https://developer.maestrano.com',
      path: '/api/config/v1/marketplaces',
    });
  });

  it('has the official defaults, and lets options win over variables', () => {
    const environment = {
      MNO_DEVPL_ENV_KEY: ' k ',
      MNO_DEVPL_ENV_SECRET: 's',
      MNO_DEVPL_HOST: 'https://a.example.com',
    };
    expect(
      resolveDeveloperPlatform({}, { ...environment, MNO_DEVPL_HOST: '', MNO_DEVPL_API_PATH: ' ' }),
    ).toMatchObject({
      origin: 'https://developer.maestrano.com',
      path: '/api/config/v1/marketplaces',
      apiKey: 'k',
    });
    const mixed = resolveDeveloperPlatform(
      { host: 'https://b.example.com/base', apiSecret: 'own' },
      environment,
    )!;
    expect(mixed.origin).toBe('https://b.example.com');
    expect(mixed.path).toBe('/base/api/config/v1/marketplaces');
    expect(mixed.apiSecret.reveal()).toBe('own');
    expect(resolveDeveloperPlatform(undefined, { MNO_DEVPL_HOST: 'https://a.example.com' })).toBeNull();
    expect(() => resolveDeveloperPlatform(undefined, { MNO_DEVPL_ENV_KEY: 'k' })).toThrow(
      'MNO_DEVPL_ENV_SECRET',
    );
  });
});

interface Exchange {
  readonly client: string;
  readonly url: string;
  readonly status: number;
  readonly answer: string;
}

const recorded = sharedFixturesPresent ? describe : describe.skip;

recorded('what a developer platform answered the official clients', () => {
  const exchanges = (sharedFixturesPresent ? sharedFixture('official-clients/exchanges.jsonl') : '')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Exchange)
    .filter(({ url }) => url.includes('/config/'));

  /** The recording ends within the second marketplace. */
  function firstMarketplace(response: string): string {
    return `${response.slice(0, response.indexOf('},{"nid"'))}}]}`;
  }

  function load({ status }: Exchange, text: string): Promise<unknown> {
    const fetcher: ConfigurationFetcher = { fetch: () => Promise.resolve({ status, headers: {}, text }) };
    const settings = resolveDeveloperPlatform({ apiKey: 'k', apiSecret: 's' }, {})!;
    return new DeveloperPlatformSource(settings, fetcher).load(new AbortController().signal);
  }

  it('loads, or says that the credentials are wrong, or that half of it is missing', async () => {
    expect(new Set(exchanges.map(({ client }) => client))).toEqual(new Set(['ruby', 'php', 'java']));
    for (const exchange of exchanges) {
      if (exchange.status === 401) {
        await expect(load(exchange, exchange.answer)).rejects.toMatchObject({
          code: 'configuration.sourceCredentials',
        });
        continue;
      }
      await expect(load(exchange, exchange.answer)).rejects.toMatchObject({
        code: 'configuration.sourceBody',
      });
      const { marketplaces, problems } = normaliseMarketplaces(
        await load(exchange, firstMarketplace(exchange.answer)),
      );
      expect(problems).toEqual([]);
      expect(marketplaces).toMatchObject([
        {
          name: 'lab-marketplace',
          environment: 'lab',
          sso: { enabled: true, certificates: [{ bits: 2048 }] },
          connec: { basePath: '/connec/api/v2', timeoutMs: 300_000 },
        },
      ]);
    }
  });
});
