import { Injectable } from '@nestjs/common';

import { MaestranoWebhookError } from '../errors/webhook.error.js';
import { type EndpointCall, EndpointHandler } from '../routing/endpoint.js';
import type { HttpExchange } from '../routing/http-exchange.js';
import { isPlatformIdentifier, unmaskUser } from '../utils/platform-identifier.js';
import { AccountWebhooksService } from './account-webhooks.service.js';

/** Handles `DELETE …/groups/:id` (protocol §6.1). */
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

/** Handles `DELETE …/groups/:group_id/users/:id` (protocol §6.1). */
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

/**
 * A placeholder of the route as an identifier.
 *
 * @throws MaestranoWebhookError `webhook.identifier` when it cannot be one.
 */
function identifierOf({ marketplace, params }: EndpointCall, name: string): string {
  const value = params[name];
  // A virtual uid without the real one before its dot names nobody.
  if (isPlatformIdentifier(value) && unmaskUser(value) !== '') return value;
  throw new MaestranoWebhookError('webhook.identifier', {
    message: `The path holds no usable ":${name}".`,
    marketplace: marketplace.name,
    remedy: 'Check the path templates of the account webhooks.',
  });
}
