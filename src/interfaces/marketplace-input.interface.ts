import type { CreationMode } from './profiles.interface.js';

/** Any JSON object; every spelling of protocol §1 is understood. */
export type JsonObject = Readonly<Record<string, unknown>>;

/**
 * One marketplace as an application writes it down (protocol §1.2). The platform's own spellings are understood as
 * well: snake_case, dotted keys, the static generation's names. What is left out comes from the preset that
 * `environment` or `marketplace` names, then from the defaults.
 */
export interface MarketplaceInput {
  /** Name of the marketplace: suffix of routes and tag of stored users. Letters, digits, `.`, `_`, `~`, `-`. */
  readonly marketplace: string;
  readonly nid?: string | null;
  /** A preset: `local`, `test`, `sandbox`, `uat`, `production`; any other value is informational. */
  readonly environment?: string | null;
  readonly app: {
    /** Public base URL of the application. */
    readonly host: string;
    readonly synchronizationStartPath?: string | null;
    readonly synchronizationTogglePath?: string | null;
    /** Template with `:cld-uid`. */
    readonly synchronizationStatusPath?: string | null;
  };
  readonly api: {
    readonly id: string;
    /** One key, or several during a rotation; the first is the one we send. */
    readonly key: string | readonly string[];
    /** Further keys that open our webhooks. */
    readonly keys?: readonly string[];
    readonly host?: string;
    /** `/api/v1/` by default. */
    readonly base?: string;
  };
  readonly sso?: {
    /** True by default. */
    readonly enabled?: boolean;
    /** True by default; when false, sessions are never rechecked. */
    readonly sloEnabled?: boolean;
    /** `saml` by default. */
    readonly protocol?: 'saml' | 'openid';
    /** `real` by default. */
    readonly creationMode?: CreationMode;
    /** Base of the init and consume URLs; `app.host` by default. */
    readonly idm?: string | null;
    /** May hold a query. */
    readonly initPath?: string;
    /** May hold a query. */
    readonly consumePath?: string;
    /** Base of the identity provider; `api.host` by default. */
    readonly idp?: string;
    readonly nameIdFormat?: string;
    /** One or several, PEM in any spelling of protocol §1.5. */
    readonly x509Certificate?: string | readonly string[];
    /** SHA-1 or SHA-256; trusted only where no certificate is configured. */
    readonly x509Fingerprint?: string | readonly string[];
  };
  readonly connec?: {
    /** True by default where a host is known. */
    readonly enabled?: boolean;
    readonly host?: string;
    /** `/api/v2` by default. */
    readonly basePath?: string;
    /** `/api/reports` by default. */
    readonly reportsPath?: string;
    /** Seconds; 60 by default. */
    readonly timeout?: number;
  };
  readonly webhooks?: {
    readonly account?: {
      /** Template with `:id`. */
      readonly groupPath?: string;
      /** Template with `:group_id` and `:id`. */
      readonly groupUserPath?: string;
    };
    readonly connec?: {
      readonly notificationPath?: string;
      readonly initializationPath?: string | null;
      /** False by default. */
      readonly externalIds?: boolean;
      readonly subscriptions?: Readonly<Record<string, boolean>> | null;
    };
  };
}

/** Everything the `marketplaces` option takes: one, several, by name, or the developer platform's body. */
export type MarketplacesInput = MarketplaceInput | readonly (MarketplaceInput | JsonObject)[] | JsonObject;
