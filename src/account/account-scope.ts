import type { Marketplace } from '../interfaces/marketplace.interface.js';
import type { AccountAnswer, AccountClient, AccountRequest } from './account-client.service.js';

/** Where the calls of one collection go: a snapshot, or whatever a name means at the moment of each call. */
export class AccountScope {
  constructor(
    private readonly client: AccountClient,
    private readonly resolve: () => Marketplace,
  ) {}

  /** The marketplace of the next call. */
  get marketplace(): Marketplace {
    return this.resolve();
  }

  call(request: AccountRequest): Promise<AccountAnswer> {
    return this.client.call(this.marketplace, request);
  }

  /** The same scope, held to one snapshot for a piece of work that takes several calls. */
  pinned(): AccountScope {
    const { marketplace } = this;
    return new AccountScope(this.client, () => marketplace);
  }
}
