import { Injectable } from '@nestjs/common';

import { inChunks } from '../utils/chunks.js';
import { MAX_BATCH, MaestranoStore } from './maestrano-store.js';
import { companyKey } from './store-key.js';

/** How long a cancelled group is remembered, in milliseconds: 90 days, far beyond any late delivery. */
export const DELETED_GROUP_TTL_MS = 90 * 24 * 60 * 60 * 1000;

/**
 * Remembers which groups cancelled the application, for all instances that share the store, so that a notification
 * that was under way at the time does not bring their data back (protocol §6.4, §7.1). A customer who returns gets a
 * new group id (protocol §0.3), which is why the marker may stay for long.
 */
@Injectable()
export class DeletedGroupsService {
  constructor(private readonly store: MaestranoStore) {}

  /** Call once the application has dropped the group. Safe to repeat. */
  async groupDeleted(marketplace: string, groupUid: string): Promise<void> {
    await this.store.set(keyOf(marketplace, groupUid), new Date().toISOString(), DELETED_GROUP_TTL_MS);
  }

  /** When the group cancelled the application; null for a group that did not, as far as is remembered. */
  async deletedAt(marketplace: string, groupUid: string): Promise<Date | null> {
    const at = await this.store.get(keyOf(marketplace, groupUid));
    return at === null ? null : new Date(at);
  }

  /** Those of the groups that cancelled the application, in one round trip for up to 1,000. */
  async deletedOf(marketplace: string, groupUids: readonly string[]): Promise<ReadonlySet<string>> {
    const keys = groupUids.map((groupUid) => keyOf(marketplace, groupUid));
    const found = await inChunks(keys, MAX_BATCH, (some) => this.store.getMany(some));
    return new Set(groupUids.filter((_, position) => (found[position] ?? null) !== null));
  }

  /** Forgets the marker: the group is a customer again, for example because somebody signed in through it. */
  async groupRestored(marketplace: string, groupUid: string): Promise<void> {
    await this.store.delete(keyOf(marketplace, groupUid));
  }
}

function keyOf(marketplace: string, groupUid: string): string {
  return companyKey('deleted-group', marketplace, groupUid);
}
