import type { EndpointDefinition } from '../routing/endpoint.js';
import type { MaestranoFeature } from '../routing/maestrano-feature.interface.js';
import type { MaestranoModuleExtras } from '../routing/module-extras.interface.js';
import { type SynchronizationEndpoint, SynchronizationHandler } from './synchronization.handler.js';

/** Bytes; the platform sends a few short fields. */
const BODY_LIMIT = 65_536;

const SHARED = { group: 'synchronization', access: 'basic', handler: SynchronizationHandler } as const;

const ENDPOINTS: readonly (EndpointDefinition & { readonly name: SynchronizationEndpoint })[] = [
  {
    ...SHARED,
    name: 'synchronization.start',
    verbs: ['POST'],
    conventional: [':marketplace/synchronizations'],
    configured: ({ app }) => [app.synchronizationStartPath],
    bodyLimit: BODY_LIMIT,
  },
  {
    ...SHARED,
    name: 'synchronization.toggle',
    verbs: ['PUT'],
    conventional: [':marketplace/synchronizations/toggle_sync'],
    configured: ({ app }) => [app.synchronizationTogglePath],
    bodyLimit: BODY_LIMIT,
  },
  {
    ...SHARED,
    name: 'synchronization.status',
    verbs: ['GET'],
    conventional: [':marketplace/synchronizations/:cld-uid'],
    configured: ({ app }) => [app.synchronizationStatusPath],
  },
];

/**
 * The synchronization endpoints (protocol §10): start, toggle, status. Served only where a `synchronizationAdapter`
 * is named, or `routes.synchronization` is true.
 */
export function synchronizationFeature(extras: MaestranoModuleExtras): MaestranoFeature {
  const wanted = extras.routes?.synchronization ?? extras.synchronizationAdapter !== undefined;
  return { providers: [SynchronizationHandler], exports: [], endpoints: wanted ? ENDPOINTS : [] };
}
