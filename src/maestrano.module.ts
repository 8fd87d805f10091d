import { Inject, Module, type NestModule } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';

import { ConfigurableModuleClass, ENDPOINT_CONTROLLERS } from './maestrano.module-definition.js';
import type { EndpointController } from './routing/endpoint-controller.js';
import { RouteMounter } from './routing/route-mounter.js';
import { EarlyAuthentication } from './security/early-authentication.js';

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

  /** Runs after the marketplaces are loaded and before the router looks: the one moment to write their paths. */
  configure(): void {
    if (!this.host.httpAdapter) return;
    this.mounter.mount(this.controllers);
    this.earlyAuthentication.install(this.host.httpAdapter);
  }
}
