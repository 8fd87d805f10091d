import { Inject, Injectable } from '@nestjs/common';

import { MaestranoHttp } from '../http/maestrano-http.service.js';
import type { ConnecClientOptions } from '../interfaces/connec-options.interface.js';
import type { Marketplace } from '../interfaces/marketplace.interface.js';
import { MarketplaceRegistry } from '../marketplace/marketplace-registry.js';
import type { ConnecSettings } from '../settings/maestrano-settings.js';
import { CONNEC_SETTINGS } from '../settings/settings.providers.js';
import { ConnecClient } from './client/connec-client.js';

/**
 * Reads and writes customers' business data (protocol §9).
 *
 * ```ts
 * const connec = this.connecService.for('cld-4');
 * for await (const invoice of connec.records('invoices', { where: { updated_at: { gt: since } } })) { … }
 * ```
 */
@Injectable()
export class ConnecService {
  constructor(
    private readonly http: MaestranoHttp,
    private readonly registry: MarketplaceRegistry,
    @Inject(CONNEC_SETTINGS) private readonly settings: ConnecSettings,
  ) {}

  /**
   * A client for one group. Costs next to nothing: make one where it is needed, and hand on the marketplace that the
   * work belongs to. It keeps the snapshot of that moment, so do not store it beyond the piece of work.
   *
   * @param marketplace name or snapshot; the default marketplace when left out
   * @throws MaestranoUnknownMarketplaceError for a name that is not configured
   * @throws MaestranoConnecError `connec.disabled`, `connec.argument`
   */
  for(groupUid: string, marketplace?: string | Marketplace, options: ConnecClientOptions = {}): ConnecClient {
    const snapshot = this.registry.resolve(marketplace);
    return new ConnecClient(this.http, snapshot, groupUid, {
      ...this.settings.client,
      ...definedOf(options),
    });
  }
}

/** What is given, without names whose value is undefined. */
function definedOf<T extends object>(options: T): { [Name in keyof T]?: Exclude<T[Name], undefined> } {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as never;
}
