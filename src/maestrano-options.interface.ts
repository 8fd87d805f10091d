import type { ConfigurableModuleAsyncOptions } from '@nestjs/common';

import type { AccountOptions } from './interfaces/account-options.interface.js';
import type { ConnecOptions } from './interfaces/connec-options.interface.js';
import type { HttpOptions } from './interfaces/http-options.interface.js';
import type { MarketplaceOptions } from './interfaces/marketplace-options.interface.js';
import type { PagesOptions } from './interfaces/pages-options.interface.js';
import type { SessionOptions } from './interfaces/session-options.interface.js';
import type { SsoOptions } from './interfaces/sso-options.interface.js';
import type { WebhooksOptions } from './interfaces/webhooks-options.interface.js';
import type { MaestranoModuleExtras } from './routing/module-extras.interface.js';
import type { MaestranoStore } from './stores/maestrano-store.js';

/**
 * The values of a registration: they may come from a factory, a configuration service, a vault. What must be known
 * while the module is being defined is an extra instead: {@link MaestranoModuleExtras}.
 */
export interface MaestranoModuleOptions extends MarketplaceOptions {
  /** Where state that several instances share is kept; in memory by default. */
  readonly store?: MaestranoStore;
  /**
   * How long one call of the store may take, in milliseconds; 3,000 by default. What takes longer fails with
   * `store.unavailable`.
   */
  readonly storeTimeoutMs?: number;
  /**
   * How long one call of an adapter of yours may take, in milliseconds; 60,000 by default. What takes longer goes on, and the
   * request ends with `adapter.timeout` (503).
   */
  readonly adapterTimeoutMs?: number;
  /** How people log in. */
  readonly sso?: SsoOptions;
  /** How a person who logged in is remembered. */
  readonly session?: SessionOptions;
  /** What the platform may send to our routes. */
  readonly webhooks?: WebhooksOptions;
  /** How calls to marketplaces are made. */
  readonly http?: HttpOptions;
  /** The client of the Account API. */
  readonly account?: AccountOptions;
  /** The Connec! client and its notifications. */
  readonly connec?: ConnecOptions;
  /** What the pages say that people see who sign in. */
  readonly pages?: PagesOptions;
  /** How long the application may take to stop as a whole, in milliseconds; 25,000 by default. */
  readonly shutdownTimeoutMs?: number;
}

/** What a factory returns: options and no extras, which would come too late and be ignored. */
export type MaestranoFactoryOptions = MaestranoModuleOptions & {
  readonly [Extra in keyof MaestranoModuleExtras]?: never;
};

/** A class that makes the options: for `useClass` and `useExisting`. */
export interface MaestranoOptionsFactory {
  createMaestranoOptions(): MaestranoFactoryOptions | Promise<MaestranoFactoryOptions>;
}

/** What forRootAsync() takes: how the options are made, and the extras. */
export type MaestranoModuleAsyncOptions = Omit<
  ConfigurableModuleAsyncOptions<MaestranoFactoryOptions, 'createMaestranoOptions'>,
  'imports'
> &
  MaestranoModuleExtras;
