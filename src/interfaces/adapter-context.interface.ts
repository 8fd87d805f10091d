import type { Marketplace } from './marketplace.interface.js';

/** Handed to every adapter call. The snapshot is frozen: what is decided at the door stays decided. */
export interface AdapterContext {
  /** The marketplace this piece of work belongs to. */
  readonly marketplace: Marketplace;
  /** The framework's request (Express or Fastify; see `IncomingRequest`), for adapters that need a header or the app's own state. */
  readonly request: unknown;
}
