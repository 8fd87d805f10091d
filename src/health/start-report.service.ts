import { Inject, Injectable, Logger, type OnApplicationBootstrap, Optional } from '@nestjs/common';

import { NotificationQueue } from '../connec/notifications/notification-queue.js';
import type { Marketplace } from '../interfaces/marketplace.interface.js';
import { initUrl } from '../marketplace/marketplace-urls.js';
import { MarketplaceRegistry } from '../marketplace/marketplace-registry.js';
import { ENDPOINT_GROUPS, type EndpointGroup } from '../routing/endpoint-groups.js';
import { ENDPOINT_REGISTRATION, type EndpointRegistration } from '../routing/endpoint.js';
import type { SessionSettings } from '../settings/maestrano-settings.js';
import { SESSION_SETTINGS } from '../settings/settings.providers.js';
import { MaestranoStore } from '../stores/maestrano-store.js';
import { storeKind } from '../stores/store-with-deadline.js';
import { count } from '../views/format.js';

/** Marketplaces that are listed by name; the others are counted. */
const MAX_LISTED = 20;

const SESSIONS: Readonly<Record<SessionSettings['storage'], string>> = {
  auto: "in the application's session where there is one, else in a sealed cookie",
  request: "in the application's session",
  cookie: 'in a sealed cookie',
};

const OF_MARKETPLACE: readonly (readonly [name: string, isOn: (marketplace: Marketplace) => boolean])[] = [
  ['SSO', ({ sso }) => sso.enabled],
  ['single logout', ({ sso }) => sso.sloEnabled],
  ['Connec!', ({ connec }) => connec.enabled],
];

/**
 * Says at start what the integration does: one block of lines in the log, and a warning for each thing that is right on
 * a developer's machine and wrong in production. Certificates and what marketplaces share are in the log already, from
 * when they were loaded.
 */
@Injectable()
export class StartReport implements OnApplicationBootstrap {
  readonly #logger = new Logger('Maestrano');

  constructor(
    private readonly registry: MarketplaceRegistry,
    private readonly store: MaestranoStore,
    @Inject(ENDPOINT_REGISTRATION) private readonly registration: EndpointRegistration,
    @Inject(SESSION_SETTINGS) private readonly sessions: SessionSettings,
    @Optional() private readonly queue?: NotificationQueue,
  ) {}

  onApplicationBootstrap(): void {
    this.#logger.log(this.lines().join('\n'));
    // Not waited for: an application starts without its store.
    void this.#warn(this.store);
    if (this.queue) void this.#warn(this.queue);
  }

  /** The block of lines. */
  lines(): readonly string[] {
    const marketplaces = this.registry.list();
    const listed = marketplaces.slice(0, MAX_LISTED);
    const more = marketplaces.length - listed.length;
    const off = this.#switchedOff();
    return [
      count(marketplaces.length, 'marketplace'),
      ...listed.map((marketplace) => `  ${this.#describe(marketplace)}`),
      ...(more > 0 ? [`  and ${more} more`] : []),
      `Sessions: ${SESSIONS[this.sessions.storage]}`,
      `State: ${storeKind(this.store)}`,
      `Notifications: ${this.queue ? `queued (${this.queue.constructor.name})` : 'handled before the response'}`,
      ...(off.length > 0 ? [`Not served: ${off.join(', ')}`] : []),
    ];
  }

  #describe(marketplace: Marketplace): string {
    const off = OF_MARKETPLACE.flatMap(([name, isOn]) => (isOn(marketplace) ? [] : [name]));
    const title = marketplace.name === this.registry.findDefault()?.name ? ' (default)' : '';
    const address = marketplace.sso.enabled ? `: sign in at ${initUrl(marketplace)}` : '';
    return `${marketplace.name}${title}${address}${off.length > 0 ? `; off: ${off.join(', ')}` : ''}`;
  }

  #switchedOff(): string[] {
    const served = new Set(this.registration.endpoints.map(({ group }) => group));
    return (Object.keys(ENDPOINT_GROUPS) as EndpointGroup[]).filter((group) => !served.has(group));
  }

  async #warn(part: MaestranoStore | NotificationQueue): Promise<void> {
    try {
      for (const warning of await part.warnings()) this.#logger.warn(warning);
    } catch {
      // That it is away has its line already.
    }
  }
}
