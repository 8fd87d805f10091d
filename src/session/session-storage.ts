import type { Marketplace } from '../interfaces/marketplace.interface.js';
import type { HttpExchange } from '../routing/http-exchange.js';
import type { IncomingRequest } from '../utils/incoming-request.js';
import type { SessionPayload } from './session-payload.js';

/** Where payloads of signed-in people are kept between requests; one payload a marketplace. */
export abstract class SessionStorage {
  /** Every payload that the request brought and that could be read, in no particular order. */
  abstract readAll(request: IncomingRequest): Promise<readonly SessionPayload[]>;

  /**
   * Begins a session: nothing of what an earlier visitor or another identity left survives, except logins through
   * other marketplaces.
   *
   * @param carried other logins that the browser brought along by other means.
   */
  abstract begin(
    exchange: HttpExchange,
    marketplace: Marketplace,
    payload: SessionPayload,
    carried: readonly SessionPayload[],
  ): Promise<void>;

  /** Replaces the payload of the marketplace within the same session. */
  abstract update(exchange: HttpExchange, marketplace: Marketplace, payload: SessionPayload): Promise<void>;

  /** Removes the payload of the marketplace. */
  abstract remove(exchange: HttpExchange, marketplace: Marketplace): Promise<void>;
}
