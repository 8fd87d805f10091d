import { Injectable } from '@nestjs/common';

import type { Marketplace } from '../interfaces/marketplace.interface.js';
import { BasicAuthenticator } from '../security/basic-authenticator.js';
import { type PlatformRequest, requestUrl } from '../utils/platform-request.js';
import type { EndpointCall } from './endpoint-handler.js';
import { rememberState } from './request-state.js';
import { RouteTableService } from './route-table.service.js';
import type { RouteMatch } from './route-table.js';

/** What may happen to a request: it goes on as this call, it is none of ours, or it lacks the credentials. */
export type AccessVerdict = EndpointCall | 'unknown' | 'denied';

/** Decides endpoint and marketplace of a request, and proves the marketplace where the endpoint asks for it. */
@Injectable()
export class EndpointAccess {
  constructor(
    private readonly routes: RouteTableService,
    private readonly authenticator: BasicAuthenticator,
  ) {}

  /** Remembers on the request what it decided, so that nothing is decided twice. */
  decide(request: PlatformRequest): AccessVerdict {
    const match = this.routes.match(request.method, requestUrl(request));
    if (!match) return 'unknown';
    const basic = match.endpoint.access === 'basic';
    const marketplace = basic ? this.#prove(match, request) : firstCandidate(match);
    if (!marketplace) return basic ? 'denied' : 'unknown';
    const { endpoint, params } = match;
    const call = { endpoint: endpoint.name, marketplace, params };
    rememberState(request, { owner: this, match, call });
    return call;
  }

  #prove(match: RouteMatch, request: PlatformRequest): Marketplace | null {
    return this.authenticator.authenticate(request.headers.authorization, match.candidates, request);
  }
}

function firstCandidate({ candidates }: RouteMatch): Marketplace | null {
  if (candidates === 'any') return null;
  // Of marketplaces that share a sign-on path, at most one has sign-on left.
  return candidates.find(({ sso }) => sso.enabled) ?? candidates[0] ?? null;
}
