import { type DynamicModule, Inject, Module, type NestModule } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';

import { getMarketplaceToken, marketplaceHandleProviders } from './handle/marketplace-handle.js';
import {
  type ASYNC_OPTIONS_TYPE,
  ConfigurableModuleClass,
  ENDPOINT_CONTROLLERS,
} from './maestrano.module-definition.js';
import type { MaestranoModuleAsyncOptions, MaestranoModuleOptions } from './maestrano-options.interface.js';
import type { EndpointController } from './routing/mounting/endpoint-controller.js';
import type { MaestranoModuleExtras } from './routing/module-extras.interface.js';
import { RouteMounter } from './routing/mounting/route-mounter.service.js';
import { EarlyAuthentication } from './routing/early/early-authentication.service.js';

/** Carries the marketplaces that a module asks for by name. */
@Module({})
class MaestranoFeatureModule {}

/**
 * Connects an application to the Maestrano marketplaces it is listed on: register it once with
 * `MaestranoModule.forRoot()` or `MaestranoModule.forRootAsync()`, name your adapters, inject the services.
 *
 * Structure (which controllers, which adapters) is given beside the options and must be known at once; marketplaces,
 * keys and everything else may come from a factory.
 */
@Module({})
export class MaestranoModule extends ConfigurableModuleClass implements NestModule {
  constructor(
    @Inject(ENDPOINT_CONTROLLERS) private readonly controllers: readonly EndpointController[],
    private readonly mounter: RouteMounter,
    private readonly earlyAuthentication: EarlyAuthentication,
    private readonly host: HttpAdapterHost,
  ) {
    super();
  }

  /**
   * Registers the marketplaces with options that are known here.
   *
   * @throws MaestranoConfigurationError at start, with everything that is wrong with all marketplaces, where none is usable.
   */
  static override forRoot(options: MaestranoModuleOptions & MaestranoModuleExtras): DynamicModule {
    return super.forRoot(options);
  }

  /**
   * Registers the marketplaces with options from a factory (`useFactory`, `useClass`, `useExisting`); the extras
   * stand beside it.
   *
   * @throws MaestranoConfigurationError as {@link MaestranoModule.forRoot}.
   */
  static override forRootAsync(options: MaestranoModuleAsyncOptions): DynamicModule {
    return super.forRootAsync(options as typeof ASYNC_OPTIONS_TYPE);
  }

  /**
   * Makes marketplaces injectable by name in the module that imports this: `@InjectMarketplace('name')`. The
   * registration must be global, as it is by default.
   *
   * @throws MaestranoUnknownMarketplaceError at start for a name that no source brings.
   */
  static forFeature(names: readonly string[]): DynamicModule {
    const providers = marketplaceHandleProviders(names);
    return { module: MaestranoFeatureModule, providers, exports: names.map(getMarketplaceToken) };
  }

  /** Runs after the marketplaces are loaded and before the router looks: the one moment to write their paths. */
  configure(): void {
    if (!this.host.httpAdapter) return;
    this.mounter.mount(this.controllers);
    this.earlyAuthentication.install(this.host.httpAdapter);
  }
}
