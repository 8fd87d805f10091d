import type { Provider } from '@nestjs/common';

import { ConfigurationFetcher } from '../marketplace/sources/developer-platform.source.js';
import { HttpConfigurationFetcher } from './http-configuration-fetcher.js';
import { MaestranoHttp } from './maestrano-http.service.js';

/** What the other features make their calls with. */
export function httpProviders(): Provider[] {
  return [MaestranoHttp, { provide: ConfigurationFetcher, useClass: HttpConfigurationFetcher }];
}
