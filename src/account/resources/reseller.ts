import type { AccountCallOptions } from '../account-client.service.js';
import { AccountCollection, type AccountResource, readList } from '../account.collection.js';
import { type AccountEntity, ENTITY_FIELDS, type FieldsOf, type FilterOf, text } from '../fields.js';
import { type Group, GROUPS } from './group.js';

/** A reseller of the marketplace (protocol §8.10). */
export interface Reseller extends AccountEntity {
  readonly name: string | null;
  /** Such as `US-204512-BCL`. */
  readonly code: string | null;
  /** ISO 3166-1 alpha-2. */
  readonly country: string | null;
}

// The real server lists all resellers, whatever the query.
const RESELLER_FIELDS = {
  id: { ...ENTITY_FIELDS.id, local: true },
  createdAt: { ...ENTITY_FIELDS.createdAt, local: true },
  updatedAt: { ...ENTITY_FIELDS.updatedAt, local: true },
  name: { column: 'name', type: text, local: true },
  code: { column: 'code', type: text, local: true },
  country: { column: 'country', type: text, local: true },
} as const satisfies FieldsOf<Reseller>;

/** What a list of resellers is filtered by. */
export type ResellerFilter = FilterOf<typeof RESELLER_FIELDS>;

/** The resellers of the marketplace (protocol §8.10). */
export const RESELLERS: AccountResource<Reseller, typeof RESELLER_FIELDS> = {
  name: 'resellers',
  fields: RESELLER_FIELDS,
  filters: RESELLER_FIELDS,
};

/** The resellers of the marketplace. */
export class ResellerCollection extends AccountCollection<Reseller, typeof RESELLER_FIELDS> {
  /** The groups that came through a reseller (protocol §8.10). */
  async groups(resellerId: string, options?: AccountCallOptions): Promise<readonly Group[]> {
    const { calls } = await this.open();
    const path = ['resellers', resellerId, 'groups'];
    const template = 'resellers/:id/groups';
    return readList(GROUPS, await calls.send({ method: 'GET', path, template, options }));
  }
}
