import type { MarketplaceInput } from '../interfaces/marketplace-input.interface.js';

/** Where the application of {@link testMarketplace} is. */
export const TEST_APP_HOST = 'http://localhost:3000';

/**
 * A complete marketplace for tests: id `app-<name>`, key `key-of-<name>`, hosts that nobody serves (RFC 2606), the
 * conventional paths. Sections in `changes` are merged, one level deep.
 *
 * @param name `test` by default.
 */
export function testMarketplace(name = 'test', changes: Partial<MarketplaceInput> = {}): MarketplaceInput {
  return {
    ...changes,
    marketplace: name,
    // Informational: the name must not choose a preset with real hosts.
    environment: changes.environment ?? 'unit-tests',
    app: { host: TEST_APP_HOST, ...changes.app },
    api: { id: `app-${name}`, key: `key-of-${name}`, host: `https://hub.${name}.example`, ...changes.api },
    sso: { ...changes.sso },
    connec: { host: `https://connec.${name}.example`, ...changes.connec },
  };
}
