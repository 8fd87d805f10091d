import type { Marketplace } from '../interfaces/marketplace.interface.js';
import type { HttpExchange } from './http-exchange.js';

/** What the route table found for a request; the marketplace is decided and, on `basic` endpoints, proved. */
export interface EndpointCall {
  readonly endpoint: string;
  /** The snapshot this piece of work belongs to. */
  readonly marketplace: Marketplace;
  /** Decoded placeholders of the template, such as `id`, `group_id`, `cld-uid`. */
  readonly params: Readonly<Record<string, string>>;
}

/** A provider that answers endpoints. Errors it throws reach the application's exception filters. */
export abstract class EndpointHandler {
  abstract handle(exchange: HttpExchange, call: EndpointCall): Promise<void> | void;
}
