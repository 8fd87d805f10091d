import type { Marketplace } from '../interfaces/marketplace.interface.js';
import type { HttpExchange } from '../routing/http-exchange.js';
import type { IncomingRequest } from '../utils/incoming-request.js';
import type { SessionPayload } from './session-payload.js';

/** Where payloads of signed-in people are kept between requests; one payload a marketplace. */
export abstract class SessionStorage {
  /** Every payload that the request brought and that could be read, in no particular order. */
  abstract readAll(request: IncomingRequest): Promise<readonly SessionPayload[]>;

  /** Called when the browser leaves to log in: sees that logins through other marketplaces survive the new one. */
  depart(_exchange: HttpExchange, _marketplace: Marketplace): Promise<void> {
    return Promise.resolve();
  }

  /**
   * Begins a session: nothing of what an earlier visitor or another identity left survives, except logins through
   * other marketplaces.
   */
  abstract begin(exchange: HttpExchange, marketplace: Marketplace, payload: SessionPayload): Promise<void>;

  /** Replaces the payload of the marketplace within the same session. */
  abstract update(exchange: HttpExchange, marketplace: Marketplace, payload: SessionPayload): Promise<void>;

  /** Removes the payload of the marketplace. */
  abstract remove(exchange: HttpExchange, marketplace: Marketplace): Promise<void>;
}
