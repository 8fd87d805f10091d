import type { FactoryProvider, Type } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';

import { MaestranoConfigurationError } from '../errors/configuration.error.js';
import { MarketplaceRegistry } from './marketplace-registry.js';

/**
 * Providers of a module that works beside `MaestranoModule`, for the classes that are given something of it. Whether
 * it is there is looked at before they are made: else Nest would name the first internal class that it does not find.
 *
 * @throws MaestranoConfigurationError `configuration.moduleMissing` at start, where `MaestranoModule` is not imported.
 */
export function besideMaestranoModule(name: string, classes: readonly Type[]): FactoryProvider[] {
  return classes.map((type) => ({
    provide: type,
    inject: [ModuleRef],
    useFactory: (modules: ModuleRef): Promise<unknown> => {
      requireMaestranoModule(name, modules);
      return modules.create(type);
    },
  }));
}

function requireMaestranoModule(name: string, modules: ModuleRef): void {
  try {
    modules.get(MarketplaceRegistry, { strict: false });
  } catch (error) {
    throw new MaestranoConfigurationError('configuration.moduleMissing', {
      message: `${name} works beside MaestranoModule, which the application does not import.`,
      cause: error,
    });
  }
}
