import { Injectable } from '@nestjs/common';

import type { Marketplace } from '../interfaces/marketplace.interface.js';
import { MarketplaceRegistry } from '../marketplace/marketplace-registry.js';
import { type AccountCallOptions, AccountClient } from './account-client.service.js';

/** The Account API as such. */
@Injectable()
export class AccountService {
  constructor(
    private readonly client: AccountClient,
    private readonly registry: MarketplaceRegistry,
  ) {}

  /**
   * Proves that the marketplace is reachable and accepts the API id and key (protocol §8.1); resolves when it does.
   *
   * @param marketplace name or snapshot; the default one when left out.
   * @throws MaestranoAuthenticationError, MaestranoApiError, MaestranoHttpError
   */
  async ping(marketplace?: string | Marketplace, options?: AccountCallOptions): Promise<void> {
    await this.client.ping(this.registry.resolve(marketplace), options);
  }
}
