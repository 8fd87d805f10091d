import type { EndpointDefinition } from '../routing/endpoint.js';
import type { MaestranoFeature } from '../routing/maestrano-feature.interface.js';
import type { MaestranoModuleExtras } from '../routing/module-extras.interface.js';
import { SynchronizationStartHandler } from './synchronization-start.handler.js';
import { SynchronizationStatusHandler } from './synchronization-status.handler.js';
import { SynchronizationToggleHandler } from './synchronization-toggle.handler.js';

/** Bytes; the platform sends a few short fields. */
const BODY_LIMIT = 65_536;

const ENDPOINTS: readonly EndpointDefinition[] = [
  {
    name: 'synchronization.start',
    group: 'synchronization',
    verbs: ['POST'],
    access: 'basic',
    conventional: [':marketplace/synchronizations'],
    configured: ({ app }) => [app.synchronizationStartPath],
    handler: SynchronizationStartHandler,
    bodyLimit: BODY_LIMIT,
  },
  {
    name: 'synchronization.toggle',
    group: 'synchronization',
    verbs: ['PUT'],
    access: 'basic',
    conventional: [':marketplace/synchronizations/toggle_sync'],
    configured: ({ app }) => [app.synchronizationTogglePath],
    handler: SynchronizationToggleHandler,
    bodyLimit: BODY_LIMIT,
  },
  {
    name: 'synchronization.status',
    group: 'synchronization',
    verbs: ['GET'],
    access: 'basic',
    conventional: [':marketplace/synchronizations/:cld-uid'],
    configured: ({ app }) => [app.synchronizationStatusPath],
    handler: SynchronizationStatusHandler,
  },
];

/**
 * The synchronization endpoints (protocol §10): start, toggle, status. Served only where a `synchronizationAdapter`
 * is named, or `routes.synchronization` is true.
 */
export function synchronizationFeature(extras: MaestranoModuleExtras): MaestranoFeature {
  const wanted = extras.routes?.synchronization ?? extras.synchronizationAdapter !== undefined;
  return {
    providers: [SynchronizationStartHandler, SynchronizationToggleHandler, SynchronizationStatusHandler],
    exports: [],
    endpoints: wanted ? ENDPOINTS : [],
  };
}
