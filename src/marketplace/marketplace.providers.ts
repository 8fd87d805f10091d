import type { Provider, Type } from '@nestjs/common';

import type { MarketplaceOptions } from '../interfaces/marketplace-options.interface.js';
import { MAESTRANO_OPTIONS } from '../maestrano.constants.js';
import { resolveRefreshSettings } from './loader/refresh-settings.js';
import { SourceRunner } from './loader/source-runner.js';
import { MarketplaceLoader } from './marketplace-loader.js';
import { readingContext } from './marketplace-normaliser.js';
import { MarketplaceRegistry } from './marketplace-registry.js';
import { resolveDeveloperPlatform } from './sources/developer-platform-settings.js';
import { ConfigurationFetcher, DeveloperPlatformSource } from './sources/developer-platform.source.js';
import { MarketplaceSource } from './sources/marketplace-source.js';

/** What of the extras concerns marketplaces. */
export interface MarketplaceExtras {
  /** The application's own source. */
  readonly marketplaceSource?: Type<MarketplaceSource>;
  readonly routes?: { readonly prefix?: string };
}

/**
 * The registry, filled before anything that injects it is made, and the loader that keeps it up to date. Whoever
 * composes this provides a {@link ConfigurationFetcher} beside it.
 */
export function marketplaceProviders(extras: MarketplaceExtras): Provider[] {
  const own = extras.marketplaceSource;
  return [
    ...(own ? [{ provide: MarketplaceSource, useClass: own }] : []),
    {
      provide: MarketplaceLoader,
      inject: [MAESTRANO_OPTIONS, ConfigurationFetcher, ...(own ? [MarketplaceSource] : [])],
      useFactory: async (
        options: MarketplaceOptions,
        fetcher: ConfigurationFetcher,
        source?: MarketplaceSource,
      ): Promise<MarketplaceLoader> => {
        const loader = createMarketplaceLoader(options, fetcher, {
          source,
          sourceName: own?.name,
          routePrefix: extras.routes?.prefix,
        });
        await loader.start();
        return loader;
      },
    },
    {
      provide: MarketplaceRegistry,
      inject: [MarketplaceLoader],
      useFactory: (loader: MarketplaceLoader): MarketplaceRegistry => loader.registry,
    },
  ];
}

/** What {@link createMarketplaceLoader} takes beside the options. */
export interface LoaderContext {
  readonly source?: MarketplaceSource | undefined;
  readonly sourceName?: string | undefined;
  readonly routePrefix?: string | undefined;
  /** The official variables; `process.env` by default. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

/**
 * A loader of everything the options name, not started. Precedence by marketplace: static options, the application's
 * own source, the developer platform; entries of one name are not merged.
 *
 * @throws ConfigurationError (`configuration.options`) for options that cannot be used.
 */
export function createMarketplaceLoader(
  options: MarketplaceOptions,
  fetcher: ConfigurationFetcher,
  { source, sourceName, routePrefix, environment = process.env }: LoaderContext = {},
): MarketplaceLoader {
  const settings = resolveRefreshSettings(options.refresh);
  const strict = options.strict ?? false;
  const table = {
    context: readingContext(routePrefix === undefined ? {} : { routePrefix }),
    strict,
    graceMs: settings.vanishedGraceMs,
  };
  const live: SourceRunner[] = [];
  if (source) live.push(new SourceRunner(sourceName ?? source.constructor.name, source, table));
  const platform = resolveDeveloperPlatform(options.developerPlatform, environment);
  if (platform) {
    live.push(new SourceRunner('developer-platform', new DeveloperPlatformSource(platform, fetcher), table));
  }
  const { marketplaces } = options;
  const fixed =
    marketplaces === undefined ? null : new SourceRunner('static', new StaticSource(marketplaces), table);
  const registry = new MarketplaceRegistry(options.defaultMarketplace ?? null);
  return new MarketplaceLoader(registry, { fixed, live }, settings, strict);
}

/** What the application wrote down. */
class StaticSource extends MarketplaceSource {
  constructor(private readonly marketplaces: unknown) {
    super();
  }

  override load(): Promise<unknown> {
    return Promise.resolve(this.marketplaces);
  }
}
