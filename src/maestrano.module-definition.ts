import { ConfigurableModuleBuilder, type DynamicModule, type Provider, type Type } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';

import { accountFeature } from './account/account.feature.js';
import { type AdapterClasses, AdapterResolver } from './adapters/adapter-resolver.js';
import { adapterClasses, adapterProviders } from './adapters/adapter-providers.js';
import { connecFeature } from './connec/connec.feature.js';
import { MaestranoEvents } from './events/maestrano-events.service.js';
import { healthFeature } from './health/health.feature.js';
import { HttpConfigurationFetcher } from './http/http-configuration-fetcher.service.js';
import { MaestranoHttp } from './http/maestrano-http.service.js';
import { DEFAULT_ROUTE_PREFIX, MAESTRANO_EXTRAS, MAESTRANO_OPTIONS } from './maestrano.constants.js';
import type { MaestranoModuleOptions } from './maestrano-options.interface.js';
import { MarketplaceLoader } from './marketplace/marketplace-loader.js';
import { marketplaceProviders } from './marketplace/marketplace.providers.js';
import { MarketplaceRegistry } from './marketplace/marketplace-registry.js';
import { ConfigurationFetcher } from './marketplace/sources/developer-platform.source.js';
import { metadataFeature } from './metadata/metadata.feature.js';
import { createEndpointController, type EndpointController } from './routing/mounting/endpoint-controller.js';
import { ENDPOINT_REGISTRATION } from './routing/endpoint.js';
import type { MaestranoFeature } from './routing/maestrano-feature.interface.js';
import type { MaestranoModuleExtras } from './routing/module-extras.interface.js';
import { routingProviders } from './routing/routing.providers.js';
import {
  ADAPTER_TIMEOUT_SETTING,
  SETTINGS_EXPORTS,
  settingsProviders,
} from './settings/settings.providers.js';
import { SECURITY_EXPORTS, securityProviders } from './security/security.providers.js';
import { sessionFeature } from './session/session.feature.js';
import { ssoFeature } from './sso/sso.feature.js';
import { DeletedGroupsService } from './stores/deleted-groups.service.js';
import { MaestranoStore } from './stores/maestrano-store.js';
import { storeProviders } from './stores/store.providers.js';
import { synchronizationFeature } from './synchronization/synchronization.feature.js';
import { telemetryFeature } from './telemetry/telemetry.feature.js';
import { accountWebhooksFeature } from './webhooks/account-webhooks.feature.js';

/** Injection token of a registration's controllers, for mounting them. */
export const ENDPOINT_CONTROLLERS = Symbol('MAESTRANO_ENDPOINT_CONTROLLERS');

const FEATURES: readonly ((extras: MaestranoModuleExtras) => MaestranoFeature)[] = [
  sessionFeature,
  ssoFeature,
  metadataFeature,
  accountWebhooksFeature,
  connecFeature,
  synchronizationFeature,
  accountFeature,
  healthFeature,
  telemetryFeature,
];

/** Everything a registration consists of, from its extras alone. */
function compose(definition: DynamicModule, extras: MaestranoModuleExtras): DynamicModule {
  const features = FEATURES.map((feature) => feature(extras));
  const endpoints = features
    .flatMap((feature) => feature.endpoints)
    .filter(({ group }) => extras.routes?.[group] ?? true);
  const controllers = [...new Set(endpoints.map(({ group }) => group))].map((group) =>
    createEndpointController(group, extras),
  );
  const classes = adapterClasses(extras);
  const providers: Provider[] = [
    { provide: MAESTRANO_EXTRAS, useValue: extras },
    {
      provide: ENDPOINT_REGISTRATION,
      useValue: { endpoints, prefix: extras.routes?.prefix ?? DEFAULT_ROUTE_PREFIX },
    },
    { provide: ENDPOINT_CONTROLLERS, useValue: controllers satisfies readonly EndpointController[] },
    {
      provide: AdapterResolver,
      inject: [ModuleRef, ADAPTER_TIMEOUT_SETTING],
      useFactory: (moduleRef: ModuleRef, timeoutMs: number) =>
        new AdapterResolver(moduleRef, classes satisfies AdapterClasses, timeoutMs),
    },
    ...adapterProviders(classes),
    ...settingsProviders(Object.keys(NO_EXTRAS)),
    ...storeProviders(),
    MaestranoEvents,
    MaestranoHttp,
    { provide: ConfigurationFetcher, useClass: HttpConfigurationFetcher },
    ...marketplaceProviders(extras),
    ...securityProviders(),
    ...routingProviders(),
    ...features.flatMap((feature) => feature.providers),
    ...(extras.extraProviders ?? []),
  ];
  return {
    ...definition,
    global: extras.isGlobal ?? true,
    // forRootAsync() hands the same list over twice: as the module's and as an extra.
    imports: [...new Set([...(definition.imports ?? []), ...(extras.imports ?? [])])],
    controllers: controllers.map(({ type }) => type),
    providers: [...(definition.providers ?? []), ...providers],
    exports: [
      ...SETTINGS_EXPORTS,
      MaestranoEvents,
      MarketplaceRegistry,
      MarketplaceLoader,
      // For the operator console, which keeps its audit log where everything else is kept.
      MaestranoStore,
      DeletedGroupsService,
      ...SECURITY_EXPORTS,
      ...([...classes.keys()] as Type[]),
      ...features.flatMap((feature) => [...feature.exports]),
      ...(extras.extraExports ?? []),
    ],
  };
}

/** Every extra by name: the builder takes these, and no others, out of what forRoot() is given. */
const NO_EXTRAS: Record<keyof MaestranoModuleExtras, undefined> = {
  isGlobal: undefined,
  imports: undefined,
  userAdapter: undefined,
  groupAdapter: undefined,
  sessionAdapter: undefined,
  notificationAdapter: undefined,
  synchronizationAdapter: undefined,
  marketplaceSource: undefined,
  routes: undefined,
  decorators: undefined,
  hideFromSwagger: undefined,
  extraProviders: undefined,
  extraExports: undefined,
};

export const { ConfigurableModuleClass, OPTIONS_TYPE, ASYNC_OPTIONS_TYPE } =
  new ConfigurableModuleBuilder<MaestranoModuleOptions>({ optionsInjectionToken: MAESTRANO_OPTIONS })
    .setClassMethodName('forRoot')
    .setFactoryMethodName('createMaestranoOptions')
    .setExtras<MaestranoModuleExtras>(NO_EXTRAS, compose)
    .build();
