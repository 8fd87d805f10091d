import type { Secret } from '../utils/secret.js';
import type { CreationMode } from './profiles.interface.js';

/** A certificate of the marketplace's identity provider, normalised (protocol §1.5). */
export interface IdpCertificate {
  /** PEM with 64 columns, as node-saml wants it. */
  readonly pem: string;
  /** Lower-case hex without separators. */
  readonly sha1: string;
  /** Lower-case hex without separators. */
  readonly sha256: string;
  readonly subject: string;
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** Modulus length in bits. */
  readonly bits: number;
}

/** A pinned digest of a certificate that the configuration does not contain (saml §2.5). */
export interface IdpFingerprint {
  readonly algorithm: 'sha1' | 'sha256';
  /** Lower-case hex without separators: 40 digits for SHA-1, 64 for SHA-256. */
  readonly digest: string;
}

/** The application as this marketplace knows it. */
export interface MarketplaceApp {
  /** Public base of the application, without trailing slash. */
  readonly host: string;
  readonly synchronizationStartPath: string | null;
  readonly synchronizationTogglePath: string | null;
  /** Template with `:cld-uid`. */
  readonly synchronizationStatusPath: string | null;
}

/** The Account API of the hub, and the one pair of credentials for both directions (protocol §0.2). */
export interface MarketplaceApi {
  /** The application's id on this marketplace: SAML issuer and basic-auth user. Not a secret. */
  readonly id: string;
  /** Keys that open our webhooks, newest first; the first is the one we send. Several during a rotation. */
  readonly keys: readonly Secret[];
  /** Base of the hub, without trailing slash. */
  readonly host: string;
  /** Starts and ends with a slash; `/api/v1/` unless configured. */
  readonly base: string;
}

/** How users of this marketplace sign in (protocol §4). */
export interface MarketplaceSso {
  readonly enabled: boolean;
  /** When false, sessions are never rechecked (protocol §4.11). */
  readonly sloEnabled: boolean;
  /** `saml` unless the marketplace is configured for OpenID 2.0 (protocol §5). */
  readonly protocol: 'saml' | 'openid';
  readonly creationMode: CreationMode;
  /** Base of the init and consume URLs, without trailing slash; `app.host` unless configured. */
  readonly idm: string;
  /** Starts with a slash; may hold a query. */
  readonly initPath: string;
  /** Starts with a slash; may hold a query. */
  readonly consumePath: string;
  /** Base of the identity provider, without trailing slash. */
  readonly idp: string;
  readonly nameIdFormat: string;
  /** Newest first. Empty for a marketplace that pins a fingerprint only. */
  readonly certificates: readonly IdpCertificate[];
  /** Used only where no certificate is configured. */
  readonly fingerprints: readonly IdpFingerprint[];
}

/** The business-data API (protocol §9). */
export interface MarketplaceConnec {
  readonly enabled: boolean;
  /** Without trailing slash; null switches the feature off. */
  readonly host: string | null;
  /** Starts with a slash, no trailing one; `/api/v2` unless configured. */
  readonly basePath: string;
  /** Absolute path of the reports API, `/api/reports` unless configured. */
  readonly reportsPath: string;
  /** Milliseconds. */
  readonly timeoutMs: number;
}

/** Where this marketplace calls the application (protocol §6, §7). */
export interface MarketplaceWebhooks {
  readonly account: {
    /** Template with `:id`. */
    readonly groupPath: string;
    /** Template with `:group_id` and `:id`. */
    readonly groupUserPath: string;
  };
  readonly connec: {
    readonly notificationPath: string;
    readonly initializationPath: string | null;
    /** Notifications carry id arrays (protocol §7.3). */
    readonly externalIds: boolean;
    /** Resource to subscribed; empty in the dynamic generation (protocol §7.5). */
    readonly subscriptions: Readonly<Record<string, boolean>>;
  };
}

/**
 * One marketplace the application is listed on: a deeply frozen snapshot, valid for the piece of work it was
 * handed to even when the configuration changes meanwhile (protocol §1.2).
 */
export interface Marketplace {
  /** The key in the configuration; the official SDKs also say preset or tenant. */
  readonly name: string;
  readonly nid: string | null;
  /** Name of the developer-platform environment, or of the preset. Informational. */
  readonly environment: string | null;
  /** Keyed digest over everything, secrets included: equal for equal snapshots of one process. */
  readonly revision: string;
  readonly app: MarketplaceApp;
  readonly api: MarketplaceApi;
  readonly sso: MarketplaceSso;
  readonly connec: MarketplaceConnec;
  readonly webhooks: MarketplaceWebhooks;
}
