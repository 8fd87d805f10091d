import type { IncomingMessage } from 'node:http';

/** The parts of a request that Express and Fastify both have. */
export interface IncomingRequest {
  readonly method: string;
  readonly url: string;
  readonly originalUrl?: string;
  readonly headers: IncomingMessage['headers'];
  readonly body?: unknown;
  readonly query?: unknown;
  /** The caller's address; the proxy's, unless the application trusts it. Both frameworks work it out when read. */
  readonly ip?: string;
  /** Node's request under a Fastify one. */
  readonly raw?: IncomingMessage;
}

/**
 * The URL that the router of the application's HTTP adapter sees: below where the application is mounted in another one,
 * and rewritten where it rewrites. What is routed by it is found by it.
 */
export function routedUrl(request: IncomingRequest): string {
  return request.url;
}

/** The URL as the client sent it, whatever the application mounted or rewrote. */
export function requestUrl(request: IncomingRequest): string {
  return request.originalUrl ?? request.url;
}

/**
 * One thing that is remembered about a request. Kept on Node's own request, the one object that middleware, hooks and
 * guards of both HTTP adapters share, under a symbol of its own; a `WeakMap` costs several times as much where every
 * request is new.
 */
export class RequestMemory<T> {
  readonly #key = Symbol('maestrano');

  remember(request: IncomingRequest | IncomingMessage, value: T): void {
    nodeRequest<T>(request)[this.#key] = value;
  }

  /** What was remembered; null where nothing was. */
  recall(request: IncomingRequest | IncomingMessage): T | null {
    return nodeRequest<T>(request)[this.#key] ?? null;
  }

  forget(request: IncomingRequest | IncomingMessage): void {
    delete nodeRequest<T>(request)[this.#key];
  }
}

function nodeRequest<T>(request: IncomingRequest | IncomingMessage): Record<symbol, T | undefined> {
  return ('raw' in request && request.raw ? request.raw : request) as unknown as Record<
    symbol,
    T | undefined
  >;
}
