import type { FactoryProvider, Type } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';

import { MaestranoConfigurationError } from '../errors/configuration.error.js';
import { MarketplaceRegistry } from './marketplace-registry.js';

/**
 * Providers of a module that works beside `MaestranoModule`, for the classes that are given something of it. Whether
 * it is there is looked at before they are made: else Nest would name the first internal class that it does not find.
 *
 * @throws MaestranoConfigurationError `configuration.moduleMissing` at start, where `MaestranoModule` is not imported, or
 *   not global and imported elsewhere.
 */
export function besideMaestranoModule(name: string, classes: readonly Type[]): FactoryProvider[] {
  return classes.map((type) => ({
    provide: type,
    inject: [ModuleRef],
    useFactory: async (modules: ModuleRef): Promise<unknown> => {
      requireMaestranoModule(name, modules);
      try {
        return await modules.create(type);
      } catch (error) {
        throw isUnresolved(error)
          ? missing(`${name} does not see MaestranoModule, which is not global.`, error)
          : error;
      }
    },
  }));
}

function requireMaestranoModule(name: string, modules: ModuleRef): void {
  try {
    modules.get(MarketplaceRegistry, { strict: false });
  } catch (error) {
    throw missing(`${name} works beside MaestranoModule, which the application does not import.`, error);
  }
}

/** Whether Nest does not find what a class is given: ours are given nothing of the application's. */
function isUnresolved(error: unknown): boolean {
  return error instanceof Error && error.constructor.name === 'UnknownDependenciesException';
}

function missing(message: string, cause: unknown): MaestranoConfigurationError {
  return new MaestranoConfigurationError('configuration.moduleMissing', { message, cause });
}
