import type { EndpointDefinition } from './endpoint-definition.interface.js';

/** The endpoints and the prefix of one registration of the module. */
export interface EndpointRegistration {
  readonly endpoints: readonly EndpointDefinition[];
  readonly prefix: string;
}

/** Injection token of the {@link EndpointRegistration}. */
export const ENDPOINT_REGISTRATION = Symbol('MAESTRANO_ENDPOINTS');
