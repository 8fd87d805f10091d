import type { IncomingMessage } from 'node:http';

/** The parts of an Express or Fastify request that both have. */
export interface PlatformRequest {
  readonly method: string;
  readonly url: string;
  readonly originalUrl?: string;
  readonly headers: IncomingMessage['headers'];
  readonly body?: unknown;
  readonly query?: unknown;
  /** The caller's address; the proxy's, unless the application trusts it. Both platforms work it out when read. */
  readonly ip?: string;
  /** Node's request under a Fastify one. */
  readonly raw?: IncomingMessage;
}

/** The URL as the client sent it, whatever the application mounted or rewrote. */
export function requestUrl(request: PlatformRequest): string {
  return request.originalUrl ?? request.url;
}

/** Node's own request, the one object that middleware, hooks and guards of both platforms share. */
export function rawRequest(request: PlatformRequest | IncomingMessage): IncomingMessage {
  return ('raw' in request && request.raw ? request.raw : request) as IncomingMessage;
}
