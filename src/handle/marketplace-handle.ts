import { Inject, type Provider } from '@nestjs/common';

import type { AccountCallOptions } from '../account/account-client.service.js';
import { AccountService } from '../account/account.service.js';
import { BillingService, type MarketplaceBilling } from '../account/billing.service.js';
import { type MarketplaceMembership, MembershipService } from '../account/membership.service.js';
import type { ConnecClient } from '../connec/client/connec-client.js';
import { ConnecService } from '../connec/connec.service.js';
import type { ConnecClientOptions } from '../interfaces/connec-options.interface.js';
import type { Marketplace } from '../interfaces/marketplace.interface.js';
import { MarketplaceRegistry } from '../marketplace/marketplace-registry.js';

/** What a handle is made of. */
export interface MarketplaceHandleParts {
  readonly registry: MarketplaceRegistry;
  readonly account: AccountService;
  readonly billing: BillingService;
  readonly membership: MembershipService;
  readonly connec: ConnecService;
}

/**
 * One marketplace with its services, for code that knows its name: inject it with `@InjectMarketplace('name')`. It is
 * live: after a refresh of the configuration the next call uses the new hosts and keys.
 */
export class MarketplaceHandle {
  /** Bills and recurring bills of this marketplace (protocol §8.6, §8.7). */
  readonly billing: MarketplaceBilling;
  /** Groups, users and resellers of this marketplace (protocol §8.8 to §8.10). */
  readonly membership: MarketplaceMembership;
  readonly #parts: MarketplaceHandleParts;

  /** @throws MaestranoUnknownMarketplaceError when no source brought the name. */
  constructor(
    readonly name: string,
    parts: MarketplaceHandleParts,
  ) {
    this.#parts = parts;
    this.billing = parts.billing.for(name);
    this.membership = parts.membership.for(name);
  }

  /**
   * The configuration as it is now, frozen.
   *
   * @throws MaestranoUnknownMarketplaceError when the marketplace has been removed meanwhile.
   */
  get configuration(): Marketplace {
    return this.#parts.registry.get(this.name);
  }

  /** A Connec! client for one group (protocol §9). */
  connec(groupUid: string, options?: ConnecClientOptions): ConnecClient {
    return this.#parts.connec.for(groupUid, this.name, options);
  }

  /** Proves that the marketplace is reachable and accepts the API id and key (protocol §8.1). */
  ping(options?: AccountCallOptions): Promise<void> {
    return this.#parts.account.ping(this.name, options);
  }
}

/** Injection token of a marketplace's handle, for factories and for `overrideProvider()` in tests. */
export function getMarketplaceToken(name: string): string {
  return `MaestranoMarketplace:${name}`;
}

/**
 * Injects the {@link MarketplaceHandle} of a marketplace that the application knows by name. The name must be listed
 * in `MaestranoModule.forFeature([...])` of the module that injects it.
 */
export function InjectMarketplace(name: string): ReturnType<typeof Inject> {
  return Inject(getMarketplaceToken(name));
}

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
