import type { IncomingMessage } from 'node:http';

import { type PlatformRequest, rawRequest } from './platform-request.js';

/**
 * One thing that is remembered about a request. Kept on Node's own request, the one object that middleware, hooks and
 * guards of both HTTP adapters share, under a symbol of its own; a `WeakMap` costs several times as much where every
 * request is new.
 */
export class RequestMemory<T> {
  readonly #key = Symbol('maestrano');

  remember(request: PlatformRequest | IncomingMessage, value: T): void {
    (rawRequest(request) as Remembering<T>)[this.#key] = value;
  }

  /** What was remembered; null where nothing was. */
  recall(request: PlatformRequest | IncomingMessage): T | null {
    return (rawRequest(request) as Remembering<T>)[this.#key] ?? null;
  }

  forget(request: PlatformRequest | IncomingMessage): void {
    delete (rawRequest(request) as Remembering<T>)[this.#key];
  }
}

type Remembering<T> = IncomingMessage & Record<symbol, T | undefined>;
