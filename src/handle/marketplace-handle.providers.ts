import type { Provider } from '@nestjs/common';

import { AccountService } from '../account/account.service.js';
import { BillingService } from '../account/billing.service.js';
import { MembershipService } from '../account/membership.service.js';
import { ConnecService } from '../connec/connec.service.js';
import { MarketplaceRegistry } from '../marketplace/marketplace-registry.js';
import { MarketplaceHandle } from './marketplace-handle.js';
import { getMarketplaceToken } from './marketplace-token.js';

/** A handle for each name; an unknown name stops the application at start, naming those there are. */
export function marketplaceHandleProviders(names: readonly string[]): Provider[] {
  return names.map((name) => ({
    provide: getMarketplaceToken(name),
    inject: [MarketplaceRegistry, AccountService, BillingService, MembershipService, ConnecService],
    useFactory: (
      registry: MarketplaceRegistry,
      account: AccountService,
      billing: BillingService,
      membership: MembershipService,
      connec: ConnecService,
    ) => new MarketplaceHandle(name, { registry, account, billing, membership, connec }),
  }));
}
