import type { Marketplace } from '../../src/interfaces/marketplace.interface.js';
import { normaliseMarketplaces } from '../../src/marketplace/marketplace-normaliser.js';
import { MarketplaceRegistry } from '../../src/marketplace/marketplace-registry.js';

/** Configuration of a marketplace as the developer platform delivers it, with what a test cares for on top. */
export function marketplaceInput(
  name: string,
  overrides: Record<string, unknown> = {},
): Record<string, unknown> {
  const own = (group: string): Record<string, unknown> => (overrides[group] ?? {}) as Record<string, unknown>;
  return {
    marketplace: name,
    ...overrides,
    app: { host: 'https://app.example.com', ...own('app') },
    api: {
      id: `app-${name}`,
      key: `key-of-${name}`,
      host: `https://api-hub.${name}.example.com`,
      base: '/api/v1/',
      ...own('api'),
    },
    sso: {
      init_path: `/maestrano/auth/saml/init/${name}`,
      consume_path: `/maestrano/auth/saml/consume/${name}`,
      x509_fingerprint: 'ab'.repeat(20),
      ...own('sso'),
    },
    connec: {
      host: `https://api-connec.${name}.example.com`,
      base_path: '/api/v2',
      timeout: 300,
      ...own('connec'),
    },
    webhooks: {
      account: {
        group_path: `/maestrano/account/groups/:id/${name}`,
        group_user_path: `/maestrano/account/groups/:group_id/users/:id/${name}`,
      },
      connec: { notification_path: `/maestrano/connec/notifications/${name}`, external_ids: false },
      ...own('webhooks'),
    },
  };
}

/** What the product makes of {@link marketplaceInput}; throws with the problems when there are errors. */
export function registeredMarketplace(name: string, overrides: Record<string, unknown> = {}): Marketplace {
  const { marketplaces, problems } = normaliseMarketplaces([marketplaceInput(name, overrides)]);
  const [marketplace] = marketplaces;
  if (!marketplace) throw new Error(`no marketplace: ${JSON.stringify(problems)}`);
  return marketplace;
}

/** A registry with these marketplaces in force. */
export function registryOf(...marketplaces: Marketplace[]): MarketplaceRegistry {
  const registry = new MarketplaceRegistry();
  registry.replace(marketplaces);
  return registry;
}

/** An `Authorization` header of a marketplace made by {@link marketplaceInput}. */
export function basicOf(name: string, key = `key-of-${name}`): string {
  return `Basic ${Buffer.from(`app-${name}:${key}`).toString('base64')}`;
}
