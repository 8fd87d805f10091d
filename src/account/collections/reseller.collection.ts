import type { AccountCallOptions } from '../account-client.service.js';
import type { AccountScope } from '../account-scope.js';
import { type Group, toGroup } from '../entities/group.entity.js';
import { type Reseller, toReseller } from '../entities/reseller.entity.js';
import { RESELLER_FILTERS } from '../filters/account-filters.js';
import { AccountCollection, readRecords } from './account.collection.js';

/** The resellers of the marketplace. */
export class ResellerCollection extends AccountCollection<Reseller, typeof RESELLER_FILTERS> {
  /** @internal Collections are made by {@link MembershipService}. */
  constructor(scope: AccountScope) {
    super(scope, { resource: 'resellers', filters: RESELLER_FILTERS, read: toReseller });
  }

  /** The groups that came through a reseller (protocol §8.10). */
  async groups(resellerId: string, options?: AccountCallOptions): Promise<readonly Group[]> {
    const path = ['resellers', resellerId, 'groups'];
    const template = 'resellers/:id/groups';
    return readRecords(await this.scope.call({ method: 'GET', path, template, options }), toGroup);
  }
}
