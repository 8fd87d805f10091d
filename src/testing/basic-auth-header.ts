import type { MarketplaceInput } from '../interfaces/marketplace-input.interface.js';
import type { Marketplace } from '../interfaces/marketplace.interface.js';

/**
 * The `Authorization` header that a marketplace calls our webhooks with (protocol §6.1), from a registered
 * marketplace or from its configuration.
 */
export function basicAuthHeader(marketplace: Marketplace | MarketplaceInput): string {
  const { api } = marketplace;
  const key = 'key' in api ? [api.key].flat()[0] : api.keys[0]?.reveal();
  return `Basic ${Buffer.from(`${api.id}:${key ?? ''}`).toString('base64')}`;
}
