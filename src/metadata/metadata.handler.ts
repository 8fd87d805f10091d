import { Injectable } from '@nestjs/common';

import { type EndpointCall, EndpointHandler } from '../routing/endpoint.js';
import type { HttpExchange } from '../routing/http-exchange.js';
import { MetadataService } from './metadata.service.js';

/** Handles `GET …/metadata` (protocol §3.1). */
@Injectable()
export class MetadataHandler extends EndpointHandler {
  constructor(private readonly metadata: MetadataService) {
    super();
  }

  override handle(exchange: HttpExchange, { marketplace }: EndpointCall): Promise<void> {
    exchange.setHeader('Cache-Control', 'no-store');
    exchange.text(200, 'application/json; charset=utf-8', this.metadata.text(marketplace));
    return Promise.resolve();
  }
}
