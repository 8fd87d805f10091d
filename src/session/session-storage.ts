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

  /**
   * Called when the application has done its part of a login that began within the same request: sees that the session
   * is still there, whatever the application did to its own, and that all of it is saved.
   */
  keep(_exchange: HttpExchange): Promise<void> {
    return Promise.resolve();
  }

  /** Replaces the payload of the marketplace within the same session. */
  abstract update(exchange: HttpExchange, marketplace: Marketplace, payload: SessionPayload): Promise<void>;

  /** Removes the payload of the marketplace. */
  abstract remove(exchange: HttpExchange, marketplace: Marketplace): Promise<void>;
}
