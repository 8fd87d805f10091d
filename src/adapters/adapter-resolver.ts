import { type Abstract, Injectable, Logger, Scope, type Type } from '@nestjs/common';
import { ContextIdFactory, ModuleRef } from '@nestjs/core';

import { MaestranoAdapterError } from '../errors/adapter.error.js';
import { MaestranoGroupAdapter } from './maestrano-group.adapter.js';
import { MaestranoSessionAdapter } from './maestrano-session.adapter.js';
import { MaestranoUserAdapter } from './maestrano-user.adapter.js';

/** The application's classes by the abstract class they extend, as this registration names them. */
export type AdapterClasses = ReadonlyMap<Abstract<unknown>, Type>;

interface Location {
  readonly token: Type;
  /** Whether the registration names the class itself; else some module of the application provides the token. */
  readonly own: boolean;
}

/**
 * Finds the application's adapters when a request needs them, and waits for them no longer than they may take. Injecting them would make our controllers
 * request-scoped as soon as one adapter is; here a singleton adapter costs a map look-up, and only a request-scoped
 * one is made per request.
 */
@Injectable()
export class AdapterResolver {
  readonly #singletons = new Map<Abstract<unknown>, unknown>();
  /** Scopes never change, and asking Nest for a provider that is not there costs more than most requests. */
  readonly #scopes = new Map<Type, Scope | null>();

  readonly #logger = new Logger('MaestranoAdapters');

  /** @param timeoutMs for one call of an adapter. */
  constructor(
    private readonly moduleRef: ModuleRef,
    private readonly classes: AdapterClasses,
    private readonly timeoutMs: number,
  ) {}

  /** @throws MaestranoAdapterError when the application provides none. */
  user(request: unknown): Promise<MaestranoUserAdapter> {
    return this.required(MaestranoUserAdapter, 'userAdapter', request);
  }

  /** @throws MaestranoAdapterError when the application provides none. */
  group(request: unknown): Promise<MaestranoGroupAdapter> {
    return this.required(MaestranoGroupAdapter, 'groupAdapter', request);
  }

  /** The optional session adapter; null when the application provides none. */
  session(request: unknown): Promise<MaestranoSessionAdapter | null> {
    return this.optional(MaestranoSessionAdapter, request);
  }

  /** Any adapter by its abstract class; `extra` is the name the error reports. */
  async required<T>(adapter: Abstract<T>, extra: string, request: unknown): Promise<T> {
    const found = await this.optional(adapter, request);
    if (found) return found;
    throw new MaestranoAdapterError('adapter.missing', {
      message: `No ${adapter.name} is provided.`,
      remedy: `Extend ${adapter.name} and name the class in the "${extra}" extra of MaestranoModule.forRoot(), or provide it under the token ${adapter.name} in a module listed in "imports".`,
    });
  }

  /** Any adapter by its abstract class; null when the application provides none. */
  async optional<T>(adapter: Abstract<T>, request: unknown): Promise<T | null> {
    const known = this.#singletons.get(adapter) as T | undefined;
    if (known) return known;
    const named = this.classes.get(adapter);
    // The named class is the token of choice: two registrations share the abstract one.
    const location: Location = { token: named ?? (adapter as Type), own: named !== undefined };
    const scope = this.#scope(location.token);
    if (scope === null) return null;
    const strict = location.own;
    if (scope === Scope.DEFAULT) {
      const found = this.moduleRef.get<T>(location.token, { strict });
      this.#singletons.set(adapter, found);
      return found;
    }
    const context = ContextIdFactory.getByRequest(request as object);
    this.moduleRef.registerRequestByContextId(request, context);
    return this.moduleRef.resolve<T>(location.token, context, { strict });
  }

  /**
   * What a call of an adapter brings. It goes on when it takes too long, and nobody waits for it then.
   *
   * @param method its name, for log and error.
   * @throws MaestranoAdapterError `adapter.timeout`; and what the adapter throws.
   */
  async inTime<T>(adapter: object, method: string, work: PromiseLike<T> | T): Promise<T> {
    if (!isPromise(work)) return work;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        const message = `${adapter.constructor.name}.${method} did not end within ${this.timeoutMs} ms.`;
        this.#logger.warn(`${message} What it began may still be carried out (adapter.timeout).`);
        const remedy = 'Find what it waits for; raise adapterTimeoutMs if it needs that long.';
        reject(new MaestranoAdapterError('adapter.timeout', { message, remedy }));
      }, this.timeoutMs);
    });
    try {
      return await Promise.race([work, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  #scope(token: Type): Scope | null {
    let scope = this.#scopes.get(token);
    if (scope === undefined) this.#scopes.set(token, (scope = this.#introspect(token)));
    return scope;
  }

  #introspect(token: Type): Scope | null {
    try {
      return this.moduleRef.introspect(token).scope;
    } catch {
      return null;
    }
  }
}

function isPromise<T>(value: PromiseLike<T> | T): value is PromiseLike<T> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}
