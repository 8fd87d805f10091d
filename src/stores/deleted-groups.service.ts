import { Injectable } from '@nestjs/common';

import { inChunks } from '../utils/chunks.js';
import { MAX_BATCH, MaestranoStore } from './maestrano-store.js';
import { companyKey } from './store-key.js';

/** How long a cancelled group is remembered, in milliseconds: 90 days, far beyond any late delivery. */
export const DELETED_GROUP_TTL_MS = 90 * 24 * 60 * 60 * 1000;

/** What a feature does for groups in the background, and ends when a group cancels. */
export interface GroupWork {
  /** Begins nothing more for the group, on any instance, and resolves once nothing runs, or its own deadline passed. */
  stop?(marketplace: string, groupUid: string): Promise<void>;
  /** Removes what waits for the group, with its data. */
  discard?(marketplace: string, groupUid: string): Promise<void>;
  /** Begins again: the group is a customer once more, under the id that it had. */
  resume?(marketplace: string, groupUid: string): Promise<void>;
}

/**
 * Remembers which groups cancelled the application, for all instances that share the store, so that a notification
 * that was under way at the time does not bring their data back (protocol §6.4, §7.1). A customer who returns gets a
 * new group id (protocol §0.3), which is why the marker may stay for long.
 */
@Injectable()
export class DeletedGroupsService {
  readonly #work: GroupWork[] = [];

  constructor(private readonly store: MaestranoStore) {}

  /** Has the work end with the groups that cancel from now on. */
  register(work: GroupWork): void {
    this.#work.push(work);
  }

  /**
   * Call before the application drops the group. Once it resolves, nothing is begun for the group any more; what ran
   * has ended, or is no longer waited for. Safe to repeat.
   */
  async groupDeleted(marketplace: string, groupUid: string): Promise<void> {
    await this.store.set(keyOf(marketplace, groupUid), new Date().toISOString(), DELETED_GROUP_TTL_MS);
    await Promise.all(this.#work.map(async (work) => work.stop?.(marketplace, groupUid)));
  }

  /** Removes what still waits for the group. Call once the application has dropped it. Safe to repeat. */
  async discardWaiting(marketplace: string, groupUid: string): Promise<void> {
    await Promise.all(this.#work.map(async (work) => work.discard?.(marketplace, groupUid)));
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
    const key = keyOf(marketplace, groupUid);
    if ((await this.store.get(key)) === null) return;
    // The marker last: where something fails, the next login tries again.
    await Promise.all(this.#work.map(async (work) => work.resume?.(marketplace, groupUid)));
    await this.store.delete(key);
  }
}

function keyOf(marketplace: string, groupUid: string): string {
  return companyKey('deleted-group', marketplace, groupUid);
}
