import type { Marketplace } from '../interfaces/marketplace.interface.js';
import type { MarketplaceRegistry } from '../marketplace/marketplace-registry.js';

/**
 * How a call finds its marketplace: a snapshot stays what it is, a name is looked up at every call, nothing means
 * the default one.
 *
 * @throws UnknownMarketplaceError at once for a name that there is not.
 */
export function marketplaceResolver(
  registry: MarketplaceRegistry,
  marketplace: string | Marketplace | undefined,
): () => Marketplace {
  if (marketplace === undefined) return () => registry.default();
  if (typeof marketplace !== 'string') return () => marketplace;
  registry.get(marketplace);
  return () => registry.get(marketplace);
}
