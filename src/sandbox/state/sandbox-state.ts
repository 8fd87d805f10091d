import { Collection } from './collection.js';
import { ConnecShelf } from './connec-shelf.js';
import { SeededRandom } from './random.js';
import type {
  SandboxBillRecord,
  SandboxGroupRecord,
  SandboxMarketplaceRecord,
  SandboxMembershipRecord,
  SandboxRecurringBillRecord,
  SandboxResellerRecord,
  SandboxSavedEvent,
  SandboxUsageRecord,
  SandboxUserRecord,
} from './records.js';

/** Credentials of the one environment of the sandbox's developer platform (protocol §2.1). */
export interface SandboxEnvironment {
  name: string;
  apiKey: string;
  apiSecret: string;
}

const LETTERS_AND_DIGITS = 'abcdefghijklmnopqrstuvwxyz0123456789';

/** The key of a record that belongs to a marketplace; identifiers are unique within one marketplace only. */
export function recordKey(marketplace: string, ...ids: readonly string[]): string {
  return [marketplace, ...ids].join('\n');
}

/**
 * Everything a sandbox knows, in memory. Plain records in collections: the services read and change them, the pages
 * show them, `--persist` writes them.
 */
export class SandboxState {
  environment: SandboxEnvironment = { name: 'sandbox', apiKey: '', apiSecret: '' };
  /** Where the application under test is, without trailing slash. Outlives a reset. */
  appUrl = 'http://localhost:3000';
  random: SeededRandom;
  counters: Record<string, number> = {};
  /** Up to where the nightly billing run has come, ISO 8601. */
  billedUntil: string | null = null;

  readonly marketplaces = new Collection<SandboxMarketplaceRecord>((record) => record.name);
  readonly users = new Collection<SandboxUserRecord>((record) => recordKey(record.marketplace, record.uid));
  readonly groups = new Collection<SandboxGroupRecord>((record) => recordKey(record.marketplace, record.uid));
  readonly memberships = new Collection<SandboxMembershipRecord>((record) =>
    recordKey(record.marketplace, record.userUid, record.groupUid),
  );
  readonly resellers = new Collection<SandboxResellerRecord>((record) =>
    recordKey(record.marketplace, record.id),
  );
  readonly bills = new Collection<SandboxBillRecord>((record) => recordKey(record.marketplace, record.id));
  readonly recurringBills = new Collection<SandboxRecurringBillRecord>((record) =>
    recordKey(record.marketplace, record.id),
  );
  /** What applications reported; not written by `--persist`, since they report it anew. */
  readonly usage = new Collection<SandboxUsageRecord>((record) =>
    recordKey(record.marketplace, record.groupId, record.meter),
  );
  readonly connec = new ConnecShelf();
  /** What somebody composed and keeps. Outlives a reset, as the address of the application does. */
  readonly savedEvents = new Collection<SandboxSavedEvent>((record) => record.id);

  constructor(readonly seed: number) {
    this.random = new SeededRandom(seed);
  }

  /** The next identifier of a kind: `bill-1`, `bill-2`, … */
  nextId(kind: string): string {
    const number = (this.counters[kind] ?? 0) + 1;
    this.counters[kind] = number;
    return `${kind}-${number}`;
  }

  /** A secret of the shape the marketplace's API keys and session tokens have (protocol §0.3). */
  nextToken(): string {
    return this.random.shuffle(LETTERS_AND_DIGITS);
  }

  /** Forgets everything, and starts the same sequence of identifiers again. */
  clear(): void {
    for (const collection of this.collections()) collection.clear();
    this.counters = {};
    this.billedUntil = null;
    this.random = new SeededRandom(this.seed);
  }

  /** Every collection of records. */
  collections(): { clear(): void }[] {
    const { marketplaces, users, groups, memberships, resellers, bills, recurringBills, usage, connec } =
      this;
    return [marketplaces, users, groups, memberships, resellers, bills, recurringBills, usage, connec];
  }

  user(marketplace: string, uid: string): SandboxUserRecord | undefined {
    return this.users.get(recordKey(marketplace, uid));
  }

  group(marketplace: string, uid: string): SandboxGroupRecord | undefined {
    return this.groups.get(recordKey(marketplace, uid));
  }

  membership(marketplace: string, userUid: string, groupUid: string): SandboxMembershipRecord | undefined {
    return this.memberships.get(recordKey(marketplace, userUid, groupUid));
  }

  /** Takes a person out of a group. @returns whether there was a membership. */
  removeMembership(marketplace: string, userUid: string, groupUid: string): boolean {
    return this.memberships.delete(recordKey(marketplace, userUid, groupUid));
  }

  usersOf(marketplace: string): SandboxUserRecord[] {
    return this.users.filter((user) => user.marketplace === marketplace);
  }

  groupsOf(marketplace: string): SandboxGroupRecord[] {
    return this.groups.filter((group) => group.marketplace === marketplace);
  }

  /** Where the application of a marketplace is. */
  appHostOf(marketplace: SandboxMarketplaceRecord): string {
    return marketplace.appHost ?? this.appUrl;
  }

  /** The running groups a person may enter: memberships, and the customers of the person's reseller. */
  accessibleGroups(user: SandboxUserRecord): SandboxGroupRecord[] {
    return this.groupsOf(user.marketplace).filter(
      (group) =>
        group.status === 'running' &&
        (this.membership(user.marketplace, user.uid, group.uid) !== undefined ||
          (user.resellerId !== null && group.resellerId === user.resellerId)),
    );
  }
}
