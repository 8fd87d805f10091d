import type { IncomingMessage } from 'node:http';

import { type PlatformRequest, rawRequest } from './platform-request.js';

/**
 * One thing that is remembered about a request, for as long as the request lives. Kept beside Node's own request, the
 * one object that middleware, hooks and guards of both HTTP adapters share, and not on it: whoever prints a request
 * does not print what we know of it.
 */
export class RequestMemory<T> {
  readonly #values = new WeakMap<IncomingMessage, T>();

  remember(request: PlatformRequest | IncomingMessage, value: T): void {
    this.#values.set(rawRequest(request), value);
  }

  /** What was remembered; null where nothing was. */
  recall(request: PlatformRequest | IncomingMessage): T | null {
    return this.#values.get(rawRequest(request)) ?? null;
  }

  forget(request: PlatformRequest | IncomingMessage): void {
    this.#values.delete(rawRequest(request));
  }
}
