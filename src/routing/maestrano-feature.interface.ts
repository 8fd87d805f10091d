import type { DynamicModule, Provider } from '@nestjs/common';

import type { EndpointDefinition } from './endpoint.js';

/** What a feature contributes to a registration of the module. */
export interface MaestranoFeature {
  readonly providers: readonly Provider[];
  /** Tokens that the application may inject. */
  readonly exports: NonNullable<DynamicModule['exports']>;
  /** Endpoints the feature serves; empty for a feature without any. */
  readonly endpoints: readonly EndpointDefinition[];
}
