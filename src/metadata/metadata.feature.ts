import type { EndpointDefinition } from '../routing/endpoint.js';
import type { MaestranoFeature } from '../routing/maestrano-feature.interface.js';
import type { MaestranoModuleExtras } from '../routing/module-extras.interface.js';
import { MetadataHandler } from './metadata.handler.js';
import { MetadataService } from './metadata.service.js';

const ENDPOINTS: readonly EndpointDefinition[] = [
  {
    name: 'metadata',
    group: 'metadata',
    verbs: ['GET'],
    access: 'basic',
    takesSharedCredentials: true,
    conventional: ['metadata', 'metadata.json', 'metadata/:marketplace'],
    configured: () => [],
    handler: MetadataHandler,
  },
];

/** The metadata endpoint (protocol §3): where the platform finds our paths. */
export function metadataFeature(_extras: MaestranoModuleExtras): MaestranoFeature {
  return {
    providers: [MetadataService, MetadataHandler],
    exports: [MetadataService],
    endpoints: ENDPOINTS,
  };
}
