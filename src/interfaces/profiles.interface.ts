/** How users are distinguished: one account for all their groups, or one account per group (protocol §4.10). */
export type CreationMode = 'real' | 'virtual';

/** Role of a user in a group. The platform's own values are listed; others are passed on as they come. */
export type MembershipRole = 'Member' | 'Power User' | 'Admin' | 'Super Admin' | 'Guest' | (string & {});

/** Set when the user signs in as a reseller on behalf of a customer (protocol §4.6). */
export interface ResellerProfile {
  readonly id: string;
  readonly name: string | null;
  /** ISO 3166-1 alpha-2. */
  readonly country: string | null;
}

/**
 * What a validated login says of the person (protocol §4.9). `uid` and `email` already follow the marketplace's
 * creation mode; the `real*` and `virtual*` pairs are always both there.
 */
export interface UserProfile {
  readonly provider: 'maestrano';
  /** Key of the marketplace. A user is identified by provider, marketplace and uid together. */
  readonly marketplace: string;
  /** The identifier to store: the real uid, or the virtual one in `virtual` mode. */
  readonly uid: string;
  /** The address to store: the real one, or the virtual one in `virtual` mode. */
  readonly email: string | null;
  readonly realUid: string;
  readonly virtualUid: string;
  readonly realEmail: string | null;
  readonly virtualEmail: string | null;
  readonly firstName: string | null;
  readonly lastName: string | null;
  /** ISO 3166-1 alpha-2. */
  readonly country: string | null;
  /** Company name typed at sign-up; not the name of the group. */
  readonly companyName: string | null;
  readonly reseller: ResellerProfile | null;
  /**
   * Every attribute of the response, known and unknown, without session token. Those that are only shown (names, cities,
   * countries, companies) are cleaned; several values of an attribute that is not the platform's are a JSON list.
   */
  readonly attributes: Readonly<Record<string, string>>;
  /** Names of the attributes that are not the platform's and were left out, as they are no plain text. */
  readonly omittedAttributes: readonly string[];
}

/** What a validated login says of the customer company the person signs in through (protocol §4.9). */
export interface GroupProfile {
  readonly provider: 'maestrano';
  readonly marketplace: string;
  /** `cld-…`; one subscription of one organisation. */
  readonly uid: string;
  readonly name: string | null;
  readonly email: string | null;
  readonly hasCreditCard: boolean | null;
  readonly freeTrialEndAt: Date | null;
  /** ISO 4217. */
  readonly currency: string | null;
  /** Olson name. */
  readonly timezone: string | null;
  /** ISO 3166-1 alpha-2. */
  readonly country: string | null;
  readonly city: string | null;
  /** `org-…`: the organisation's Connec! channel, when the marketplace sends it. */
  readonly organizationUid: string | null;
  /** `rsl-…`: reseller of the group. */
  readonly resellerId: string | null;
}

/** The person's place in the group (protocol §4.9). */
export interface MembershipProfile {
  readonly provider: 'maestrano';
  readonly marketplace: string;
  readonly groupUid: string;
  /** The same identifier as {@link UserProfile.uid}: masked by the creation mode. */
  readonly userUid: string;
  readonly role: MembershipRole;
}

/** Everything a validated login brings. */
export interface LoginProfile {
  readonly user: UserProfile;
  readonly group: GroupProfile;
  readonly membership: MembershipProfile;
}
