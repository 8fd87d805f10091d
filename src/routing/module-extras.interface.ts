import type { DynamicModule, ForwardReference, InjectionToken, Provider, Type } from '@nestjs/common';

import type { AdapterExtras } from '../adapters/adapter-extras.interface.js';
import type { MarketplaceSource } from '../marketplace/sources/marketplace-source.js';
import type { ENDPOINT_GROUPS, EndpointGroup } from './endpoint-groups.js';

/** Switches of the controllers; on by default. */
type EndpointSwitches = { readonly [Group in keyof typeof ENDPOINT_GROUPS]?: boolean };

/** Which controllers a registration serves, and where the conventional layout begins. */
export interface MaestranoRoutes extends EndpointSwitches {
  /** First segments of the conventional layout, without slashes around; `maestrano` by default. */
  readonly prefix?: string;
}

/** Decorators for our controllers, such as an application's `@Public()`: for all, or by controller. */
export type ControllerDecorators =
  readonly ClassDecorator[] | Readonly<Partial<Record<EndpointGroup, readonly ClassDecorator[]>>>;

/**
 * What must be known while the module is being defined: structure, never secrets. Everything else is an option
 * and may come from a factory.
 */
export interface MaestranoModuleExtras extends AdapterExtras {
  /** Whether the services can be injected everywhere without importing the module; true by default. */
  readonly isGlobal?: boolean;
  /** Modules whose providers the adapters inject. */
  readonly imports?: readonly (Type | DynamicModule | Promise<DynamicModule> | ForwardReference)[];
  /** The application's own source of marketplaces, such as a database. */
  readonly marketplaceSource?: Type<MarketplaceSource>;
  readonly routes?: MaestranoRoutes;
  /** Put on our controllers, so that an application's global guards and filters know them. */
  readonly decorators?: ControllerDecorators;
  /** Leave our routes out of Swagger's document; true by default. */
  readonly hideFromSwagger?: boolean;
  /** Further providers of the application to live beside the adapters. */
  readonly extraProviders?: readonly Provider[];
  /** Further tokens to export, usually of `extraProviders`. */
  readonly extraExports?: readonly InjectionToken[];
}
