import type { Provider } from '@nestjs/common';

import { EarlyAuthentication } from './early/early-authentication.js';
import { EffectivePath } from './effective-path.js';
import { EndpointAccess } from './endpoint-access.js';
import { EndpointDispatcher } from './endpoint-dispatcher.js';
import { EndpointObservers } from './endpoint-observers.js';
import { RouteMounter } from './route-mounter.js';
import { RouteTableService } from './route-table.service.js';

/** The routing of one registration. */
export function routingProviders(): Provider[] {
  return [
    EffectivePath,
    RouteTableService,
    EndpointAccess,
    EndpointObservers,
    EndpointDispatcher,
    RouteMounter,
    EarlyAuthentication,
  ];
}
