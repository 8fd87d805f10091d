import { Injectable } from '@nestjs/common';

import type { Marketplace } from '../interfaces/marketplace.interface.js';
import { MarketplaceRegistry } from '../marketplace/marketplace-registry.js';
import { AccountClient } from './account-client.service.js';
import { AccountCollection } from './account.collection.js';
import { type Group, GROUPS } from './resources/group.js';
import { ResellerCollection, RESELLERS } from './resources/reseller.js';
import { UserCollection, USERS } from './resources/user.js';

/** The customer companies of the application. */
export type GroupCollection = AccountCollection<Group, (typeof GROUPS)['filters']>;

/** Companies, people and resellers of one marketplace. */
export interface MarketplaceMembership {
  readonly groups: GroupCollection;
  readonly users: UserCollection;
  readonly resellers: ResellerCollection;
}

/** Who the application's customers are (protocol §8.8 to §8.11). */
@Injectable()
export class MembershipService implements MarketplaceMembership {
  /** Groups of the default marketplace. */
  readonly groups: GroupCollection;
  /** Users of the default marketplace. */
  readonly users: UserCollection;
  /** Resellers of the default marketplace. */
  readonly resellers: ResellerCollection;

  constructor(
    private readonly client: AccountClient,
    private readonly registry: MarketplaceRegistry,
  ) {
    ({ groups: this.groups, users: this.users, resellers: this.resellers } = this.#membership());
  }

  /**
   * Companies and people of a marketplace: by name, looked up at every call, or on the snapshot that a handler was
   * given.
   *
   * @throws MaestranoUnknownMarketplaceError for a name that there is not.
   */
  for(marketplace: string | Marketplace): MarketplaceMembership {
    return this.#membership(marketplace);
  }

  #membership(marketplace?: string | Marketplace): MarketplaceMembership {
    const scope = { client: this.client, marketplace: this.registry.resolver(marketplace) };
    return {
      groups: new AccountCollection(scope, () => GROUPS),
      users: new UserCollection(scope, () => USERS),
      resellers: new ResellerCollection(scope, () => RESELLERS),
    };
  }
}
