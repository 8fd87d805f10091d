import { ConnecClient } from '../../src/connec/client/connec-client.js';
import { ConnecService } from '../../src/connec/connec.service.js';
import type { MaestranoHttp } from '../../src/http/maestrano-http.service.js';
import type { ConnecClientOptions } from '../../src/interfaces/connec-options.interface.js';
import type { Marketplace } from '../../src/interfaces/marketplace.interface.js';
import { registryOf } from './marketplaces.js';
import { settingsOf } from './settings.js';

/** What a Connec! client is made of. */
export interface ConnecClientParts {
  readonly http: MaestranoHttp;
  readonly marketplace: Marketplace;
  /** `cld-1` by default. */
  readonly group?: string;
  readonly options?: ConnecClientOptions;
}

/** A client of one group's data, without Nest around it. */
export function connecClient({
  http,
  marketplace,
  group = 'cld-1',
  options,
}: ConnecClientParts): ConnecClient {
  return new ConnecClient(
    http,
    marketplace,
    group,
    settingsOf({ connec: { client: options } }).connec.client,
  );
}

/** The service over these marketplaces, without Nest around it. */
export function connecService(parts: {
  readonly http: MaestranoHttp;
  readonly marketplaces: readonly Marketplace[];
  readonly options?: ConnecClientOptions;
}): ConnecService {
  const { connec } = settingsOf({ connec: { client: parts.options } });
  return new ConnecService(parts.http, registryOf(...parts.marketplaces), connec);
}
