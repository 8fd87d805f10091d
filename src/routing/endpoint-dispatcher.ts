import { HttpException, Inject, Injectable, NotFoundException } from '@nestjs/common';
import { HttpAdapterHost, ModuleRef } from '@nestjs/core';

import { EndpointObservers } from './endpoint-observers.js';
import { ENDPOINT_REGISTRATION, type EndpointRegistration } from './endpoint-registry.js';
import type { EndpointHandler } from './endpoint-handler.js';
import { toHttpException } from './http-errors.js';
import { HttpExchange } from './http-exchange.js';
import { type PlatformRequest, requestUrl } from '../utils/platform-request.js';
import { requestState } from './request-state.js';

/**
 * Runs the handler of the endpoint that the guard found. All our controllers call it, so that it does not matter
 * which of them the router picked for a path that two endpoints share.
 */
@Injectable()
export class EndpointDispatcher {
  readonly #handlers = new Map<string, EndpointHandler>();

  constructor(
    @Inject(ENDPOINT_REGISTRATION) private readonly registration: EndpointRegistration,
    private readonly host: HttpAdapterHost,
    private readonly moduleRef: ModuleRef,
    private readonly observers: EndpointObservers,
  ) {}

  /** Answers the request; throws an `HttpException` for the application's exception filters. */
  dispatch(request: PlatformRequest, response: unknown): Promise<void> | void {
    const call = requestState(request)?.call;
    if (!call) throw new NotFoundException(`Cannot ${request.method} ${requestUrl(request)}`);
    const exchange = new HttpExchange(this.host.httpAdapter, request, response);
    const { observer } = this.observers;
    const handler = this.#handler(call.endpoint);
    try {
      const handling =
        observer === null
          ? handler.handle(exchange, call)
          : observer(call, request, response, async () => handler.handle(exchange, call));
      return handling?.catch(rethrow);
    } catch (error) {
      rethrow(error);
    }
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

function rethrow(error: unknown): never {
  throw error instanceof HttpException ? error : toHttpException(error);
}
