import { Injectable } from '@nestjs/common';

import { type EndpointCall, EndpointHandler } from '../routing/endpoint.js';
import type { HttpExchange } from '../routing/http-exchange.js';
import { AccountWebhooksService } from './account-webhooks.service.js';
import { identifierOf } from './identifier-of.js';

/** Answers `DELETE …/groups/:id` (protocol §6.1). */
@Injectable()
export class GroupDeletionHandler extends EndpointHandler {
  constructor(private readonly webhooks: AccountWebhooksService) {
    super();
  }

  override async handle(exchange: HttpExchange, call: EndpointCall): Promise<void> {
    await this.webhooks.deleteGroup(call.marketplace, identifierOf(call, 'id'), exchange.request);
    exchange.json(200, { success: true });
  }
}
