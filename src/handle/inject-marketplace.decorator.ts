import { Inject } from '@nestjs/common';

import { getMarketplaceToken } from './marketplace-token.js';

/**
 * Injects the {@link MarketplaceHandle} of a marketplace that the application knows by name. The name must be listed
 * in `MaestranoModule.forFeature([...])` of the module that injects it.
 */
export function InjectMarketplace(name: string): ReturnType<typeof Inject> {
  return Inject(getMarketplaceToken(name));
}
