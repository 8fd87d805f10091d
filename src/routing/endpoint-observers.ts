import { Injectable } from '@nestjs/common';

import type { EndpointCall } from './endpoint-handler.js';

/** Stands around the work of an endpoint, for traces and metrics: must await `work` and rethrow what it throws. */
export type EndpointObserver = (
  call: EndpointCall,
  request: { readonly method: string },
  response: unknown,
  work: () => Promise<void>,
) => Promise<void>;

/** Where an observer is hung in. Without one, which is the usual case, an endpoint pays for a look at a field. */
@Injectable()
export class EndpointObservers {
  /** At most one; null switches observation off. */
  observer: EndpointObserver | null = null;
}
