import {
  type CanActivate,
  type ExceptionFilter,
  HttpException,
  type NestInterceptor,
  type PipeTransform,
  type Type,
} from '@nestjs/common';
import {
  EXCEPTION_FILTERS_METADATA,
  FILTER_CATCH_EXCEPTIONS,
  GUARDS_METADATA,
  INTERCEPTORS_METADATA,
  PARAMTYPES_METADATA,
  PIPES_METADATA,
} from '@nestjs/common/constants.js';
import type { DiscoveryService } from '@nestjs/core';
// By the path of the file: NestJS 11 has no other address for them that 12 has too.
import { GuardsConsumer } from '@nestjs/core/guards/guards-consumer.js';
import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';
import { InterceptorsConsumer } from '@nestjs/core/interceptors/interceptors-consumer.js';
import { isObservable, lastValueFrom } from 'rxjs';

import { MaestranoConnecError } from '../../errors/connec.error.js';
import type { ConnecNotificationContext } from '../../interfaces/connec-notification.interface.js';
import { CONNEC_CONTEXT } from '../../maestrano.constants.js';

/** What a handler's `run` resolves with when a guard did not let the record through. */
export const SKIPPED: unique symbol = Symbol('skipped by a guard');

/** Statuses by which a guard says no on a route. */
const REJECTIONS: readonly number[] = [401, 403];

/** A provider or controller as the container holds it. */
export type ProviderWrapper = ReturnType<DiscoveryService['getProviders']>[number];

/** A `@ConnecHandler` method, and where it is. */
export interface HandlerLocation {
  /** `BillingListener.onInvoice` */
  readonly name: string;
  readonly wrapper: ProviderWrapper;
  readonly instance: object;
  readonly method: string;
  /** The method as it is declared, which carries the metadata. */
  readonly callback: (...args: unknown[]) => unknown;
}

/** Classes and instances as `@UseGuards()` and its like were given them. */
type Bound<T> = Type<T> | T;

interface BoundFilter {
  readonly filter: ExceptionFilter;
  /** Classes it catches; none for everything. */
  readonly catches: readonly Type[];
}

/**
 * Runs one handler behind the guards, interceptors, pipes and filters that are bound to its method or class, in the
 * order NestJS runs them on a route. Those that are registered globally are written for HTTP requests, and are left
 * out; this is why `ExternalContextCreator` is not used, which brings them along.
 */
export class EnhancedHandler {
  readonly #method: (...args: unknown[]) => unknown;
  readonly #guards: CanActivate[];
  readonly #interceptors: NestInterceptor[];
  readonly #pipes: readonly PipeTransform[];
  readonly #filters: readonly BoundFilter[];
  readonly #recordType: Type | undefined;
  readonly #guardsConsumer = new GuardsConsumer();
  readonly #interceptorsConsumer = new InterceptorsConsumer();

  /**
   * @param call the method, bound to its instance.
   * @throws MaestranoConnecError `connec.handler` for an enhancer that the container has no instance of
   */
  constructor(
    private readonly location: HandlerLocation,
    call: (...args: unknown[]) => unknown,
  ) {
    const { instance, method } = location;
    this.#method = call;
    this.#guards = resolve<CanActivate>(GUARDS_METADATA, location);
    this.#interceptors = resolve<NestInterceptor>(INTERCEPTORS_METADATA, location);
    this.#pipes = resolve<PipeTransform>(PIPES_METADATA, location);
    // Of those that catch an error, the one bound closest to the method takes it.
    this.#filters = resolve<ExceptionFilter>(EXCEPTION_FILTERS_METADATA, location)
      .reverse()
      .map((filter) => ({ filter, catches: listOf<Type>(FILTER_CATCH_EXCEPTIONS, filter.constructor) }));
    const types = Reflect.getMetadata(PARAMTYPES_METADATA, instance, method) as
      readonly (Type | undefined)[] | undefined;
    this.#recordType = types?.[0];
  }

  /** Whether anything is bound at all; the method may be called directly otherwise. */
  static isNeededFor({ instance, callback }: HandlerLocation): boolean {
    return [GUARDS_METADATA, INTERCEPTORS_METADATA, PIPES_METADATA, EXCEPTION_FILTERS_METADATA].some(
      (key) => boundTo(key, instance, callback).length > 0,
    );
  }

  /** Rejects with what the handler or an enhancer threw, unless a filter took it. */
  async run(
    record: Readonly<Record<string, unknown>>,
    context: ConnecNotificationContext,
  ): Promise<typeof SKIPPED | undefined> {
    const args: unknown[] = [record, context];
    try {
      if (!(await this.#isLetThrough(args))) return SKIPPED;
      await this.#callIntercepted(args);
    } catch (error) {
      await this.#filter(error, args);
    }
    return undefined;
  }

  /** A guard says no by returning false, or by the exception it would say it with on a route. */
  async #isLetThrough(args: unknown[]): Promise<boolean> {
    const { instance, callback } = this.location;
    try {
      return await this.#guardsConsumer.tryActivate(this.#guards, args, instance, callback, CONNEC_CONTEXT);
    } catch (error) {
      if (isRejection(error)) return false;
      throw error;
    }
  }

  async #callIntercepted(args: unknown[]): Promise<void> {
    const { instance, callback } = this.location;
    const call = async (): Promise<unknown> => {
      const [record, ...others] = args;
      return this.#method(await this.#transform(record), ...others);
    };
    await settled(
      await this.#interceptorsConsumer.intercept(
        this.#interceptors,
        args,
        instance,
        callback,
        call,
        CONNEC_CONTEXT,
      ),
    );
  }

  /** Pipes see the record only, as they would the body of a request. */
  async #transform(record: unknown): Promise<unknown> {
    let value = record;
    for (const pipe of this.#pipes) {
      value = await pipe.transform(value, { type: 'body', metatype: this.#recordType });
    }
    return value;
  }

  async #filter(error: unknown, args: unknown[]): Promise<void> {
    const bound = this.#filters.find(
      ({ catches }) => catches.length === 0 || catches.some((type) => error instanceof type),
    );
    if (!bound) throw error;
    const { instance, callback } = this.location;
    const host = new ExecutionContextHost(args, instance.constructor as Type, callback);
    host.setType(CONNEC_CONTEXT);
    await settled(await bound.filter.catch(error, host));
  }
}

function isRejection(error: unknown): boolean {
  return error instanceof HttpException && REJECTIONS.includes(error.getStatus());
}

/** Interceptors and filters may return observables, whose errors are errors too. */
async function settled(result: unknown): Promise<void> {
  if (isObservable(result)) await lastValueFrom(result, { defaultValue: undefined });
}

function listOf<T>(key: string, target: object): readonly T[] {
  return (Reflect.getMetadata(key, target) as readonly T[] | undefined) ?? [];
}

/** Those of the class, then those of the method. */
function boundTo<T>(key: string, instance: object, callback: object): readonly Bound<T>[] {
  return [...listOf<Bound<T>>(key, instance.constructor), ...listOf<Bound<T>>(key, callback)];
}

function resolve<T>(key: string, location: HandlerLocation): T[] {
  return boundTo<T>(key, location.instance, location.callback).map((bound) =>
    typeof bound === 'function' ? instanceOf(bound as Type<T>, location) : bound,
  );
}

/** A class that is bound is made by the module of the handler, with what it injects. */
function instanceOf<T>(type: Type<T>, { name, wrapper }: HandlerLocation): T {
  const bound = wrapper.host?.injectables.get(type);
  // Nest itself would leave out, or run without its constructor, what it has not made: no guard may end so.
  if (!bound || bound.isTransient || typeof bound.instance !== 'object') {
    throw new MaestranoConnecError('connec.handler', {
      message: `${type.name}, bound to ${name}, has no instance that could run there.`,
      remedy:
        'Make it a singleton and list the class of the handler itself among the providers, or bind an instance.',
    });
  }
  return bound.instance as T;
}
