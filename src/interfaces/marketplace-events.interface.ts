import type { Marketplace } from './marketplace.interface.js';

/** One parameter that differs between two snapshots. Secrets show as `[secret]`, certificates as fingerprints. */
export interface MarketplaceChange {
  /** Canonical parameter such as `sso.init_path` (protocol §1.2). */
  readonly key: string;
  /** Null when it was not there. */
  readonly before: string | null;
  /** Null when it is gone. */
  readonly after: string | null;
}

interface Event<T extends string> {
  readonly type: T;
  /** The snapshot after the event; for `removed` the last one. */
  readonly marketplace: Marketplace;
  /** Version of the registry's table that the event belongs to. */
  readonly version: number;
}

/** A marketplace is served from now on. */
export type MarketplaceAddedEvent = Event<'added'>;

/** A marketplace is not served any more. */
export type MarketplaceRemovedEvent = Event<'removed'>;

/** A marketplace has other parameters than before; the difference is redacted. */
export interface MarketplaceChangedEvent extends Event<'changed'> {
  readonly changes: readonly MarketplaceChange[];
}

/** The id or the list of keys changed, also when a past key reached the end of its overlap. Follows `changed`. */
export type CredentialsRotatedEvent = Event<'credentialsRotated'>;

/** The list of certificates or fingerprints changed. Follows `changed`. */
export type CertificateRotatedEvent = Event<'certificateRotated'>;

/** What happens to the registry; emitted after the new table is in force. */
export type MarketplaceEvent =
  | MarketplaceAddedEvent
  | MarketplaceRemovedEvent
  | MarketplaceChangedEvent
  | CredentialsRotatedEvent
  | CertificateRotatedEvent;
