import { Injectable } from '@nestjs/common';

import { type EndpointCall, EndpointHandler } from '../routing/endpoint.js';
import type { HttpExchange } from '../routing/http-exchange.js';
import { AccountWebhooksService } from './account-webhooks.service.js';
import { identifierOf } from './identifier-of.js';

/** Answers `DELETE …/groups/:group_id/users/:id` (protocol §6.1). */
@Injectable()
export class GroupUserRemovalHandler extends EndpointHandler {
  constructor(private readonly webhooks: AccountWebhooksService) {
    super();
  }

  override async handle(exchange: HttpExchange, call: EndpointCall): Promise<void> {
    const groupUid = identifierOf(call, 'group_id');
    await this.webhooks.removeUser(call.marketplace, groupUid, identifierOf(call, 'id'), exchange.request);
    exchange.json(200, { success: true });
  }
}
