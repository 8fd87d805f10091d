import { Injectable } from '@nestjs/common';

import type { Marketplace } from '../../interfaces/marketplace.interface.js';
import { BasicAuthenticator } from '../../security/basic-authenticator.service.js';
import { type IncomingRequest, RequestMemory, routedUrl } from '../../utils/incoming-request.js';
import type { EndpointCall } from '../endpoint.js';
import { RouteTableService } from '../table/route-table.service.js';
import type { RouteMatch } from '../table/route-table.js';

/** What may happen to a request: it goes on as this call, it is none of ours, or it lacks the credentials. */
export type AccessDecision = EndpointCall | 'unknown' | 'denied';

/** Decides endpoint and marketplace of a request, and proves the marketplace where the endpoint asks for it. */
@Injectable()
export class EndpointAccess {
  /** In each registration of the module its own: what one proved is not believed by another. */
  readonly #calls = new RequestMemory<EndpointCall>();

  constructor(
    private readonly routes: RouteTableService,
    private readonly authenticator: BasicAuthenticator,
  ) {}

  /** Decides once: whom an earlier step let in is not asked again. */
  decide(request: IncomingRequest): AccessDecision {
    const decided = this.#calls.recall(request);
    if (decided) return decided;
    const match = this.routes.match(request.method, routedUrl(request));
    if (!match) return 'unknown';
    const basic = match.endpoint.access === 'basic';
    const marketplace = basic ? this.#prove(match, request) : firstCandidate(match);
    if (!marketplace) return basic ? 'denied' : 'unknown';
    const call = { endpoint: match.endpoint.name, marketplace, params: match.params };
    this.#calls.remember(request, call);
    return call;
  }

  /** The call of a request that was let in; null for any other. */
  callOf(request: IncomingRequest): EndpointCall | null {
    return this.#calls.recall(request);
  }

  #prove(match: RouteMatch, request: IncomingRequest): Marketplace | null {
    const { candidates, endpoint } = match;
    const { takesSharedCredentials } = endpoint;
    return this.authenticator.authenticate(
      request.headers.authorization,
      candidates,
      request,
      takesSharedCredentials,
    );
  }
}

function firstCandidate({ candidates }: RouteMatch): Marketplace | null {
  if (candidates === 'any') return null;
  // Of marketplaces that share an SSO path, at most one has SSO left.
  return candidates.find(({ sso }) => sso.enabled) ?? candidates[0] ?? null;
}
