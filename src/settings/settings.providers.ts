import type { Provider } from '@nestjs/common';

import { MAESTRANO_OPTIONS } from '../maestrano.constants.js';
import { type MaestranoSettings, resolveSettings } from './maestrano-settings.js';
import { ShutdownClock } from './shutdown-clock.service.js';

/** Injection token of the `MarketplaceSettings`. */
export const MARKETPLACE_SETTINGS = Symbol('MAESTRANO_MARKETPLACE_SETTINGS');
/** Injection token of the `store` option; null where it is left out. */
export const STORE_SETTING = Symbol('MAESTRANO_STORE_SETTING');
/** Injection token of the `storeTimeoutMs` option. */
export const STORE_TIMEOUT_SETTING = Symbol('MAESTRANO_STORE_TIMEOUT_SETTING');
/** Injection token of the `adapterTimeoutMs` option. */
export const ADAPTER_TIMEOUT_SETTING = Symbol('MAESTRANO_ADAPTER_TIMEOUT_SETTING');
/** Injection token of the `SsoSettings`. */
export const SSO_SETTINGS = Symbol('MAESTRANO_SSO_SETTINGS');
/** Injection token of the `SessionSettings`. */
export const SESSION_SETTINGS = Symbol('MAESTRANO_SESSION_SETTINGS');
/** Injection token of the `WebhooksSettings`. */
export const WEBHOOKS_SETTINGS = Symbol('MAESTRANO_WEBHOOKS_SETTINGS');
/** Injection token of the `HttpSettings`. */
export const HTTP_SETTINGS = Symbol('MAESTRANO_HTTP_SETTINGS');
/** Injection token of the `AccountSettings`. */
export const ACCOUNT_SETTINGS = Symbol('MAESTRANO_ACCOUNT_SETTINGS');
/** Injection token of the `ConnecSettings`. */
export const CONNEC_SETTINGS = Symbol('MAESTRANO_CONNEC_SETTINGS');
/** Injection token of the `PagesSettings`. */
export const PAGES_SETTINGS = Symbol('MAESTRANO_PAGES_SETTINGS');
/** Injection token of the `shutdownTimeoutMs` option. */
export const SHUTDOWN_SETTING = Symbol('MAESTRANO_SHUTDOWN_SETTING');

const SETTINGS = Symbol('MAESTRANO_SETTINGS');

const TOKENS: Readonly<Record<keyof MaestranoSettings, symbol>> = {
  marketplace: MARKETPLACE_SETTINGS,
  store: STORE_SETTING,
  storeTimeoutMs: STORE_TIMEOUT_SETTING,
  adapterTimeoutMs: ADAPTER_TIMEOUT_SETTING,
  sso: SSO_SETTINGS,
  session: SESSION_SETTINGS,
  webhooks: WEBHOOKS_SETTINGS,
  http: HTTP_SETTINGS,
  account: ACCOUNT_SETTINGS,
  connec: CONNEC_SETTINGS,
  pages: PAGES_SETTINGS,
  shutdownTimeoutMs: SHUTDOWN_SETTING,
};

/**
 * The settings of one registration by group, so that each class sees what it uses. The options are checked once, when
 * the module is instantiated.
 *
 * @param extras names of the module's extras, which are no options.
 */
export function settingsProviders(extras: readonly string[]): Provider[] {
  return [
    {
      provide: SETTINGS,
      inject: [MAESTRANO_OPTIONS],
      useFactory: (options: unknown) => resolveSettings(options, { extras }),
    },
    ...Object.entries(TOKENS).map(([group, provide]) => ({
      provide,
      inject: [SETTINGS],
      useFactory: (settings: MaestranoSettings) => settings[group as keyof MaestranoSettings],
    })),
    {
      provide: ShutdownClock,
      inject: [SHUTDOWN_SETTING],
      useFactory: (totalMs: number) => new ShutdownClock(totalMs),
    },
  ];
}

/** What the session guard needs where the application uses it: Nest makes guards in the module that names them. */
export const SETTINGS_EXPORTS = [SESSION_SETTINGS];
