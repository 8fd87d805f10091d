import { Inject, Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import type { Subscription } from 'rxjs';

import { MarketplaceRegistry } from '../../marketplace/marketplace-registry.js';
import { EffectivePath } from './effective-path.service.js';
import { ENDPOINT_REGISTRATION, type EndpointRegistration } from '../endpoint.js';
import { RouteTable, type RouteMatch } from './route-table.js';

/** The route table of the marketplaces as they are now; replaced whole whenever they change. */
@Injectable()
export class RouteTableService implements OnModuleDestroy {
  readonly #logger = new Logger('MaestranoRoutes');
  readonly #subscription: Subscription;
  #table: RouteTable;
  #isMounted: ((path: string) => boolean) | null = null;

  constructor(
    @Inject(ENDPOINT_REGISTRATION) private readonly registration: EndpointRegistration,
    private readonly registry: MarketplaceRegistry,
    private readonly effectivePath: EffectivePath,
  ) {
    this.#table = this.#build();
    this.#subscription = registry.snapshots.subscribe(() => this.rebuild());
  }

  onModuleDestroy(): void {
    this.#subscription.unsubscribe();
  }

  /** The endpoint of a URL, global prefix or not; null when it is none of ours. */
  match(verb: string, url: string): RouteMatch | null {
    const found = this.#table.match(verb, url);
    if (found) return found;
    const within = this.effectivePath.withinPrefix(url);
    return within === null ? null : this.#table.match(verb, within);
  }

  /** Takes the registry's present snapshot. Called by itself after every change of configuration. */
  rebuild(): void {
    this.#table = this.#build();
    this.#warnOfUnmounted();
  }

  /** Called once by the mounter; templates outside the mounted directories are warned of from then on. */
  mounted(isMounted: (path: string) => boolean): void {
    this.#isMounted = isMounted;
  }

  #build(): RouteTable {
    const { registry } = this;
    return new RouteTable(this.registration.endpoints, this.registration.prefix, {
      marketplaces: registry.list(),
      find: (name) => registry.find(name),
      default: () => registry.findDefault(),
    });
  }

  #warnOfUnmounted(): void {
    if (!this.#isMounted) return;
    for (const marketplace of this.registry.list()) {
      for (const endpoint of this.registration.endpoints) {
        for (const path of endpoint.configured(marketplace)) {
          if (path === null || this.#isMounted(path)) continue;
          this.#logger.warn(
            `The path ${path} of marketplace "${marketplace.name}" (${endpoint.name}) lies outside the directories ` +
              'that were mounted at start. Restart the application to serve it.',
          );
        }
      }
    }
  }
}
