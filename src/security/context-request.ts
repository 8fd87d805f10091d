import type { ExecutionContext } from '@nestjs/common';

import type { IncomingRequest } from '../utils/incoming-request.js';

/** A request and its response, as the HTTP adapter made them. */
export interface ContextRequest {
  readonly request: IncomingRequest;
  readonly response: unknown;
  /** Placeholders of the route, or arguments of the GraphQL field. */
  readonly params: Readonly<Record<string, unknown>>;
  /** Whether the response is one of HTTP alone, so that a browser may be sent elsewhere with it. */
  readonly mayRedirect: boolean;
}

/** What GraphQL servers put into the context of a resolver. */
interface GraphQLContext {
  /** Of Apollo, on Express and Fastify. */
  readonly req?: IncomingRequest & { readonly res?: unknown };
  readonly request?: IncomingRequest;
  readonly res?: unknown;
  /** Of Mercurius. */
  readonly reply?: { readonly request?: IncomingRequest };
}

/**
 * The HTTP request behind an execution context: of a route, or of a GraphQL resolver, whose context holds it as `req`,
 * `request` or `reply.request`. Null where there is none, as with microservices and subscriptions.
 */
export function contextRequest(context: ExecutionContext): ContextRequest | null {
  if (context.getType<string>() === 'http') {
    const http = context.switchToHttp();
    const request = http.getRequest<IncomingRequest & { readonly params?: ContextRequest['params'] }>();
    return { request, response: http.getResponse(), params: request.params ?? {}, mayRedirect: true };
  }
  if (context.getType<string>() !== 'graphql') return null;
  const [, params, graphql] =
    context.getArgs<[unknown, ContextRequest['params'], GraphQLContext | undefined]>();
  const request = graphql?.req ?? graphql?.request ?? graphql?.reply?.request;
  const response = graphql?.res ?? graphql?.reply ?? graphql?.req?.res;
  // The request of a subscription is its handshake, whose response is long over.
  if (!isRequest(request) || response === undefined) return null;
  return { request, response, params, mayRedirect: false };
}

function isRequest(request: unknown): request is IncomingRequest {
  return typeof request === 'object' && request !== null && 'headers' in request && 'method' in request;
}
