import type { Provider, Type } from '@nestjs/common';

import type { MarketplaceSettings } from '../settings/maestrano-settings.js';
import { MARKETPLACE_SETTINGS } from '../settings/settings.providers.js';
import { SourceRunner } from './loader/source-runner.js';
import { MarketplaceLoader } from './marketplace-loader.js';
import { readingContext } from './marketplace-normaliser.js';
import { MarketplaceRegistry } from './marketplace-registry.js';
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
      inject: [MARKETPLACE_SETTINGS, ConfigurationFetcher, ...(own ? [MarketplaceSource] : [])],
      useFactory: async (
        settings: MarketplaceSettings,
        fetcher: ConfigurationFetcher,
        source?: MarketplaceSource,
      ): Promise<MarketplaceLoader> => {
        const loader = createMarketplaceLoader(settings, fetcher, {
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

/** What {@link createMarketplaceLoader} takes beside the settings. */
export interface LoaderContext {
  readonly source?: MarketplaceSource | undefined;
  readonly sourceName?: string | undefined;
  readonly routePrefix?: string | undefined;
}

/**
 * A loader of everything the settings name, not started. Precedence by marketplace: static options, the application's
 * own source, the developer platform; entries of one name are not merged.
 */
export function createMarketplaceLoader(
  { marketplaces, developerPlatform, defaultMarketplace, strict, refresh }: MarketplaceSettings,
  fetcher: ConfigurationFetcher,
  { source, sourceName, routePrefix }: LoaderContext = {},
): MarketplaceLoader {
  const table = {
    context: readingContext(routePrefix === undefined ? {} : { routePrefix }),
    strict,
    graceMs: refresh.vanishedGraceMs,
  };
  const live: SourceRunner[] = [];
  if (source) live.push(new SourceRunner(sourceName ?? source.constructor.name, source, table));
  if (developerPlatform) {
    live.push(
      new SourceRunner('developer-platform', new DeveloperPlatformSource(developerPlatform, fetcher), table),
    );
  }
  const fixed =
    marketplaces === undefined ? null : new SourceRunner('static', new StaticSource(marketplaces), table);
  const registry = new MarketplaceRegistry(defaultMarketplace);
  return new MarketplaceLoader(registry, { fixed, live }, refresh, strict);
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
