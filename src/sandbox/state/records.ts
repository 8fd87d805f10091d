/** A key of a sandbox marketplace's identity provider, with the certificate that its applications trust. */
export interface SandboxKeyPair {
  /** PKCS#8 PEM. Generated for this process; never a published key. */
  readonly privateKey: string;
  /** Self-signed X.509, PEM. */
  readonly certificate: string;
  /** SHA-1 of the certificate in pairs with colons, as the developer platform writes it. */
  readonly fingerprint: string;
}

/** Where the application's endpoints are, as the vendor typed them on the developer platform (protocol §1.6). */
export interface SandboxPaths {
  init: string;
  consume: string;
  group: string;
  groupUser: string;
  notification: string;
  initialization: string | null;
  synchronizationStart: string;
  synchronizationToggle: string;
  synchronizationStatus: string;
}

/** A marketplace of the sandbox. */
export interface SandboxMarketplaceRecord {
  /** Its key in the configuration. */
  readonly name: string;
  readonly nid: string;
  readonly apiId: string;
  /** Newest first; all of them are accepted, the first is published and sent. */
  apiKeys: string[];
  /** Newest first; all are published, `signingKey` signs. */
  keyPairs: SandboxKeyPair[];
  /** Index into `keyPairs`. */
  signingKey: number;
  signatureAlgorithm: 'sha1' | 'sha256';
  /** Removed from the developer platform's response; its hub keeps responding. */
  removed: boolean;
  /** Public base of the application; null follows the sandbox's application address. */
  appHost: string | null;
  paths: SandboxPaths;
  externalIds: boolean;
  /** Resource to subscribed (protocol §7.5). */
  subscriptions: Record<string, boolean>;
  protocol: 'saml' | 'openid';
}

interface Dated {
  /** ISO 8601, UTC, seconds. */
  readonly createdAt: string;
  updatedAt: string;
}

/** A person of one marketplace. */
export interface SandboxUserRecord extends Dated {
  readonly marketplace: string;
  readonly uid: string;
  name: string;
  surname: string;
  email: string;
  companyName: string | null;
  country: string | null;
  city: string | null;
  timezone: string | null;
  /** Token of the person's session on the marketplace; a new one ends the old session. */
  ssoSession: string;
  /** The reseller the person works for: may enter every group of that reseller. */
  resellerId: string | null;
}

/** A customer company's subscription of the application. */
export interface SandboxGroupRecord extends Dated {
  readonly marketplace: string;
  readonly uid: string;
  /** Connec! channel of the company. */
  readonly orgUid: string;
  name: string;
  status: 'running' | 'terminated';
  hasCreditCard: boolean;
  freeTrialEndAt: string | null;
  email: string | null;
  currency: string | null;
  timezone: string | null;
  country: string | null;
  city: string | null;
  mainAccounting: string | null;
  metadata: { pull_disabled: boolean; push_disabled: boolean };
  resellerId: string | null;
}

/** A person's place in a group. */
export interface SandboxMembershipRecord {
  readonly marketplace: string;
  readonly userUid: string;
  readonly groupUid: string;
  role: string;
}

/** A firm that sold the application to groups, and may enter them (protocol §8.10). */
export interface SandboxResellerRecord extends Dated {
  readonly marketplace: string;
  readonly id: string;
  name: string;
  code: string;
  country: string;
}

/** Invoiced bills cannot be cancelled any more. */
export type SandboxBillStatus = 'submitted' | 'invoiced' | 'cancelled';

/** A one-off charge (protocol §8.6). */
export interface SandboxBillRecord extends Dated {
  readonly marketplace: string;
  readonly id: string;
  readonly groupId: string;
  priceCents: number;
  description: string;
  currency: string;
  units: number | null;
  periodStartedAt: string | null;
  periodEndedAt: string | null;
  thirdParty: boolean;
  status: SandboxBillStatus;
}

/** Active from the first charge on. */
export type SandboxRecurringBillStatus = 'submitted' | 'active' | 'expired' | 'cancelled';

/** A subscription (protocol §8.7). */
export interface SandboxRecurringBillRecord extends Dated {
  readonly marketplace: string;
  readonly id: string;
  readonly groupId: string;
  priceCents: number;
  description: string;
  currency: string;
  period: string;
  frequency: number;
  cycles: number | null;
  startDate: string;
  initialCents: number;
  status: SandboxRecurringBillStatus;
  lastExecutionAt: string | null;
  nextExecutionAt: string | null;
  remainingCycles: number | null;
}

/** Usage of a local day, decimal text each. */
export interface SandboxUsageDay {
  /** `2026-09-30`. */
  readonly day: string;
  readonly quantity: string;
  /** What the day adds to the price of its period, in the main unit; null where the application has no price. */
  readonly amount: string | null;
}

/** Usage that an application reported of a company, to be looked at. */
export interface SandboxUsageRecord {
  readonly marketplace: string;
  readonly groupId: string;
  readonly meter: string;
  /** What its bills begin with. */
  label: string;
  zone: string;
  /** Of the amounts. */
  currency: string;
  days: readonly SandboxUsageDay[];
}

/** An identifier of a Connec! record in another system (protocol §9.7). */
export interface SandboxExternalId {
  readonly id: string;
  readonly provider: string;
  readonly realm: string;
}

/** A Connec! record as stored: the document, and what the sandbox knows about it. */
export interface SandboxConnecRecord {
  readonly marketplace: string;
  readonly groupId: string;
  readonly resource: string;
  readonly id: string;
  externalIds: SandboxExternalId[];
  document: Record<string, unknown>;
  readonly createdAt: string;
  updatedAt: string;
  /** External ids of its lines by the lines' own ids, and how many lines it ever had. */
  lineIds?: Record<string, SandboxExternalId[]>;
  lineCount?: number;
}

/** An event that somebody composed and keeps, to send it again. Outlives a reset. */
export interface SandboxSavedEvent {
  readonly id: string;
  name: string;
  /** Key of the catalogue. */
  readonly event: string;
  readonly marketplace: string;
  /** Null for an event of no company. */
  readonly groupId: string | null;
  /** Who leaves; null where nobody does. */
  readonly user: string | null;
  /** JSON as it was typed; null for an event without a body. */
  readonly body: string | null;
  /** How it is sent: values of the form's fields. */
  readonly manner: Readonly<Record<string, string>>;
}
