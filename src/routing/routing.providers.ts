import type { Provider } from '@nestjs/common';

import { EarlyAuthentication } from './early/early-authentication.service.js';
import { EffectivePath } from './table/effective-path.service.js';
import { EndpointAccess } from './dispatch/endpoint-access.service.js';
import { EndpointDispatcher } from './dispatch/endpoint-dispatcher.service.js';
import { RouteMounter } from './mounting/route-mounter.service.js';
import { RouteTableService } from './table/route-table.service.js';

/** The routing of one registration. */
export function routingProviders(): Provider[] {
  return [
    EffectivePath,
    RouteTableService,
    EndpointAccess,
    EndpointDispatcher,
    RouteMounter,
    EarlyAuthentication,
  ];
}
