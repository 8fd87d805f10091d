import type { MarketplacesInput } from './marketplace-input.interface.js';

/** Where the developer platform is and who asks (protocol §2). What is left out comes from `MNO_DEVPL_*`. */
export interface DeveloperPlatformOptions {
  /** `MNO_DEVPL_HOST`; `https://developer.maestrano.com` by default. */
  readonly host?: string;
  /** `MNO_DEVPL_API_PATH`; `/api/config/v1` by default. With or without `/marketplaces` at the end. */
  readonly apiPath?: string;
  /** `MNO_DEVPL_ENV_NAME`; informational, never sent. */
  readonly environmentName?: string;
  /** `MNO_DEVPL_ENV_KEY`. */
  readonly apiKey?: string;
  /** `MNO_DEVPL_ENV_SECRET`. */
  readonly apiSecret?: string;
}

/** How marketplaces that come from elsewhere are kept up to date. Static ones never change. */
export interface MarketplaceRefreshOptions {
  /** Milliseconds between refreshes; 300,000 by default, 0 for none but those asked for. */
  readonly intervalMs?: number;
  /** Milliseconds that one attempt may take; 5,000 by default. */
  readonly timeoutMs?: number;
  /** Milliseconds that the start may wait for the sources, all attempts together; 15,000 by default. */
  readonly bootDeadlineMs?: number;
  /** Ask a source again that failed at start, until `bootDeadlineMs` is over; true by default, false in unit tests. */
  readonly retryAtStart?: boolean;
  /** Milliseconds that a marketplace is served on after it vanished from the response; 86,400,000 by default. */
  readonly vanishedGraceMs?: number;
  /** Milliseconds that the past key and certificate stay valid beside the new ones; 3,600,000 by default. */
  readonly rotationOverlapMs?: number;
  /**
   * Path of the last-known-good copy, from which the application starts while the sources fail. Holds the keys, and
   * is readable by its owner alone. None by default.
   */
  readonly file?: string;
  /** Start without any marketplace and go on trying, instead of failing; false by default. */
  readonly startEmpty?: boolean;
}

/** Which marketplaces there are, and where they come from. */
export interface MarketplaceOptions {
  /** Marketplaces written down by the application; they win over those of the same name from elsewhere. */
  readonly marketplaces?: MarketplacesInput;
  /**
   * `false` leaves the developer platform alone even where `MNO_DEVPL_ENV_KEY` is set; `true` and an object ask it.
   * Left out, it is asked where the variables hold credentials.
   */
  readonly developerPlatform?: DeveloperPlatformOptions | boolean;
  /** Name of the marketplace meant where none is named; the only one by default. */
  readonly defaultMarketplace?: string;
  /**
   * Any error rejects the whole configuration: at start the application fails, later the present one stays; false by
   * default.
   */
  readonly strict?: boolean;
  readonly refresh?: MarketplaceRefreshOptions;
}
