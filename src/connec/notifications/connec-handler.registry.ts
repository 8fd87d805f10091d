import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { DiscoveryService, MetadataScanner, Reflector } from '@nestjs/core';

import { MaestranoConnecError } from '../../errors/connec.error.js';
import type { ConnecNotificationContext } from '../../interfaces/connec-notification.interface.js';
import { ANY_RESOURCE, CONNEC_HANDLER, CONNEC_TRANSACTION } from './connec-handler.decorator.js';
import { MaestranoStore } from '../../stores/maestrano-store.js';
import { transactional } from '../../stores/transactional-store.js';
import { EnhancedHandler, type HandlerLocation, type ProviderWrapper } from './handler-enhancers.js';
import { resourceKey } from './resource-key.js';

/** A method that takes entities. */
export interface RegisteredHandler {
  /** `BillingListener.onInvoice` */
  readonly name: string;
  /** Whether it runs in a transaction of the application's database, as `context.tx`. */
  readonly isTransactional?: boolean;
  /** Resolves with `SKIPPED` when a guard did not let the entity through; with anything else once it is handled. */
  readonly run: (entity: Readonly<Record<string, unknown>>, context: ConnecNotificationContext) => unknown;
}

const NONE: readonly RegisteredHandler[] = [];

/** Finds the application's `@ConnecHandler` methods once, at bootstrap. */
@Injectable()
export class ConnecHandlerRegistry implements OnApplicationBootstrap {
  readonly #handlers = new Map<string, RegisteredHandler[]>();
  #wildcards: RegisteredHandler[] = [];

  constructor(
    private readonly discovery: DiscoveryService,
    private readonly scanner: MetadataScanner,
    private readonly reflector: Reflector,
    private readonly store: MaestranoStore,
  ) {}

  /** Those of the resource, then those of all resources. */
  of(resource: string): readonly RegisteredHandler[] {
    return this.#handlers.get(resource) ?? (this.#wildcards.length > 0 ? this.#wildcards : NONE);
  }

  /** Resources that have a handler of their own; `*` when there is one for all. */
  get resources(): string[] {
    return [...this.#handlers.keys(), ...(this.#wildcards.length > 0 ? [ANY_RESOURCE] : [])];
  }

  /**
   * @throws MaestranoConnecError `connec.handler` for a method on a request-scoped provider, or one whose guards,
   *   interceptors, pipes and filters are not singletons, or one in a transaction without a store that has some
   */
  onApplicationBootstrap(): void {
    const found = [...this.discovery.getProviders(), ...this.discovery.getControllers()];
    const seen = new Set<object>();
    for (const wrapper of found) {
      const { metatype } = wrapper;
      const prototype: unknown = typeof metatype === 'function' ? metatype.prototype : null;
      if (typeof prototype !== 'object' || prototype === null) continue;
      if (!wrapper.isDependencyTreeStatic()) {
        this.#reject(prototype, wrapper.name as string);
        continue;
      }
      const instance: unknown = wrapper.instance;
      if (typeof instance !== 'object' || instance === null || seen.has(instance)) continue;
      seen.add(instance);
      this.#register(instance, wrapper);
    }
    for (const handlers of this.#handlers.values()) handlers.push(...this.#wildcards);
  }

  #register(instance: object, wrapper: ProviderWrapper): void {
    const prototype = Object.getPrototypeOf(instance) as Record<string, HandlerLocation['callback']>;
    for (const [method, resources] of this.#methods(prototype)) {
      const callback = prototype[method]!;
      const name = `${String(wrapper.name)}.${method}`;
      const isTransactional = this.reflector.get<boolean | undefined>(CONNEC_TRANSACTION, callback) === true;
      if (isTransactional && !transactional(this.store)) throw withoutTransactions(name);
      const handler = { name, isTransactional, run: runOf({ name, wrapper, instance, method, callback }) };
      for (const resource of resources) {
        if (resource === ANY_RESOURCE) this.#wildcards.push(handler);
        else this.#add(resourceKey(resource), handler);
      }
    }
  }

  #add(resource: string, handler: RegisteredHandler): void {
    const handlers = this.#handlers.get(resource);
    if (handlers) handlers.push(handler);
    else this.#handlers.set(resource, [handler]);
  }

  /** Nobody would call it: better said at start than missed in production. */
  #reject(prototype: object, className: string): void {
    const [method] = this.#methods(prototype)[0] ?? [];
    if (method === undefined) return;
    throw new MaestranoConnecError('connec.handler', {
      message: `${className}.${method} is a @ConnecHandler on a provider that is request-scoped, or has a request-scoped guard, interceptor, pipe or filter.`,
      remedy:
        'Notifications have no request of yours: make the provider, what is bound to it and what they inject singletons.',
    });
  }

  #methods(prototype: object): [method: string, resources: readonly string[]][] {
    return this.scanner.getAllMethodNames(prototype).flatMap((method): [string, readonly string[]][] => {
      const callback = (prototype as Record<string, unknown>)[method];
      if (typeof callback !== 'function') return [];
      const resources = this.reflector.get<readonly string[] | undefined>(CONNEC_HANDLER, callback);
      return resources ? [[method, resources]] : [];
    });
  }
}

function withoutTransactions(name: string): MaestranoConnecError {
  return new MaestranoConnecError('connec.handler', {
    message: `${name} is to run in a transaction, and the store is in no database of yours.`,
    remedy: 'Use SqlStore of nestjs-maestrano/sql as the store option, or take @ConnecTransaction() away.',
  });
}

/** The method itself where nothing is bound to it. */
function runOf(location: HandlerLocation): RegisteredHandler['run'] {
  const { instance, method } = location;
  const call = (instance as Record<string, HandlerLocation['callback']>)[method]!.bind(instance);
  if (!EnhancedHandler.isNeededFor(location)) return call;
  const enhanced = new EnhancedHandler(location, call);
  return (entity, context) => enhanced.run(entity, context);
}
