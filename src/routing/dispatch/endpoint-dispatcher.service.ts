import { type BeforeApplicationShutdown, Inject, Injectable, NotFoundException } from '@nestjs/common';
import { HttpAdapterHost, ModuleRef } from '@nestjs/core';

import { type IncomingRequest, requestUrl } from '../../utils/incoming-request.js';
import {
  ENDPOINT_REGISTRATION,
  type EndpointCall,
  type EndpointHandler,
  type EndpointRegistration,
} from '../endpoint.js';
import { retryAfterOf, toHttpException } from '../http-errors.js';
import { HttpExchange } from '../http-exchange.js';
import { EndpointAccess } from './endpoint-access.service.js';

/** Stands around the work of an endpoint, for traces and metrics: must await `work` and rethrow what it throws. */
export type EndpointObserver = (
  call: EndpointCall,
  request: { readonly method: string },
  response: unknown,
  work: () => Promise<void>,
) => Promise<void>;

/**
 * Runs the handler of the endpoint that the guard found. All our controllers call it, so that it does not matter
 * which of them the router picked for a path that two endpoints share. Errors become `HttpException`s around the
 * handler's work and not in a filter of ours, which would keep them from the application's exception filters.
 */
@Injectable()
export class EndpointDispatcher implements BeforeApplicationShutdown {
  readonly #handlers = new Map<string, EndpointHandler>();
  /** What is being handled. */
  readonly #exchanges = new Set<HttpExchange>();
  #observer: EndpointObserver | null = null;
  #isStopping = false;

  constructor(
    @Inject(ENDPOINT_REGISTRATION) private readonly registration: EndpointRegistration,
    private readonly access: EndpointAccess,
    private readonly host: HttpAdapterHost,
    private readonly moduleRef: ModuleRef,
  ) {}

  /** Whether the application is stopping: responses end their connections, so that none holds it up. */
  get isStopping(): boolean {
    return this.#isStopping;
  }

  beforeApplicationShutdown(): void {
    this.#isStopping = true;
    for (const exchange of this.#exchanges) exchange.endConnection();
  }

  /** Handles the request. @throws HttpException for the application's exception filters. */
  async dispatch(request: IncomingRequest, response: unknown): Promise<void> {
    const call = this.access.callOf(request);
    if (!call) throw new NotFoundException(`Cannot ${request.method} ${requestUrl(request)}`);
    const exchange = new HttpExchange(this.host.httpAdapter, request, response);
    const handler = this.#handler(call.endpoint);
    const observer = this.#observer;
    this.#exchanges.add(exchange);
    if (this.#isStopping) exchange.endConnection();
    try {
      if (observer === null) await handler.handle(exchange, call);
      else await observer(call, request, response, async () => handler.handle(exchange, call));
    } catch (error) {
      const retryAfter = retryAfterOf(error);
      if (retryAfter !== null) exchange.setHeader('Retry-After', retryAfter);
      throw toHttpException(error);
    } finally {
      this.#exchanges.delete(exchange);
    }
  }

  /** Has every request that is handled from now on observed, in place of an earlier observer. Returns how to stop. */
  observe(observer: EndpointObserver): () => void {
    this.#observer = observer;
    return () => {
      if (this.#observer === observer) this.#observer = null;
    };
  }

  #handler(name: string): EndpointHandler {
    const known = this.#handlers.get(name);
    if (known) return known;
    const definition = this.registration.endpoints.find((endpoint) => endpoint.name === name);
    if (!definition) throw new NotFoundException(`No endpoint is called ${name}`);
    const handler = this.moduleRef.get(definition.handler, { strict: true });
    this.#handlers.set(name, handler);
    return handler;
  }
}
