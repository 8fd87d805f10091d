import { Injectable } from '@nestjs/common';

import { AdapterResolver } from '../../adapters/adapter-resolver.js';
import { MaestranoNotificationAdapter } from '../../adapters/maestrano-notification.adapter.js';
import { MaestranoConnecError } from '../../errors/connec.error.js';
import { type EndpointCall, EndpointHandler } from '../../routing/endpoint.js';
import type { HttpExchange } from '../../routing/http-exchange.js';
import { ConnecNotifications } from './notification-intake.service.js';

/** Name of the endpoint that takes notifications. */
export const NOTIFICATION_ENDPOINT = 'connec.notification';

/** Name of the optional endpoint of Maestrano-hosted instances (protocol §7.4). */
export const INITIALIZATION_ENDPOINT = 'connec.initialization';

const SUCCESS = JSON.stringify({ success: true });

/** Seconds after which the platform may try again when nothing is wrong with what it sent. */
const RETRY_AFTER_S = '5';

/** Responds to what Connec! sends (protocol §7.2); docs/notifications.md has the table of outcomes and statuses. */
@Injectable()
export class ConnecNotificationHandler extends EndpointHandler {
  constructor(
    private readonly notifications: ConnecNotifications,
    private readonly adapters: AdapterResolver,
  ) {
    super();
  }

  override async handle(exchange: HttpExchange, call: EndpointCall): Promise<void> {
    if (call.endpoint === INITIALIZATION_ENDPOINT) return this.#initialize(exchange, call);
    try {
      await this.notifications.accept(call.marketplace, exchange.body);
    } catch (error) {
      if (error instanceof MaestranoConnecError && error.httpStatus === 503) {
        exchange.setHeader('Retry-After', RETRY_AFTER_S);
      }
      throw error;
    }
    succeed(exchange);
  }

  async #initialize(exchange: HttpExchange, { marketplace }: EndpointCall): Promise<void> {
    const adapter = await this.adapters.optional(MaestranoNotificationAdapter, exchange.request);
    if (adapter?.onInitialization) {
      await this.adapters.inTime(adapter, 'onInitialization', adapter.onInitialization(marketplace));
    }
    succeed(exchange);
  }
}

function succeed(exchange: HttpExchange): void {
  exchange.text(200, 'application/json; charset=utf-8', SUCCESS);
}
