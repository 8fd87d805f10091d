import { Injectable } from '@nestjs/common';

import {
  type ConfigurationResponse,
  ConfigurationFetcher,
  type ConfigurationRequest,
} from '../marketplace/sources/developer-platform.source.js';
import { MaestranoHttp } from './maestrano-http.service.js';

/** Asks the developer platform through the shared client (protocol §2.1). */
@Injectable()
export class HttpConfigurationFetcher extends ConfigurationFetcher {
  constructor(private readonly http: MaestranoHttp) {
    super();
  }

  fetch(request: ConfigurationRequest): Promise<ConfigurationResponse> {
    const { origin, path, user, password, headers, maxResponseBytes, signal } = request;
    const credentials = { user, password };
    return this.http.request(
      { name: 'developer-platform', owner: this, service: 'developer-platform', origin, credentials },
      {
        method: 'GET',
        path,
        operation: 'GET marketplaces',
        headers,
        maxResponseBytes,
        signal,
        // The loader paces the attempts itself.
        attempts: 1,
      },
    );
  }
}
