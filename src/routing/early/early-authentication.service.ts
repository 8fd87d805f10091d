import type { Server } from 'node:http';

import { Inject, Injectable, Logger } from '@nestjs/common';
import { type AbstractHttpAdapter, HttpAdapterHost } from '@nestjs/core';

import type { WebhooksSettings } from '../../settings/maestrano-settings.js';
import { WEBHOOKS_SETTINGS } from '../../settings/settings.providers.js';
import { EffectivePath } from '../table/effective-path.service.js';
import { EndpointAccess } from '../dispatch/endpoint-access.service.js';
import { EndpointDispatcher } from '../dispatch/endpoint-dispatcher.service.js';
import { ENDPOINT_REGISTRATION, type EndpointDefinition, type EndpointRegistration } from '../endpoint.js';
import type { IncomingRequest } from '../../utils/incoming-request.js';
import { servingVerb } from '../table/route-table.js';
import { RouteMounter } from '../mounting/route-mounter.service.js';
import { CREDENTIALS_REJECTED } from '../../security/challenge.js';
import { BODY_TOO_LARGE } from './body-parsing.js';
import type { EarlyCheck, EarlyDecision } from './early-check.js';
import { installContinue } from './expect-continue.js';
import { installOnExpress } from './express-early-middleware.js';
import { installOnFastify, parseJsonApi } from './fastify-early-hook.js';

const CONTINUE: EarlyDecision = { rejected: false, bodyLimit: null, ignoresBody: false };
const WITHOUT_BODY: EarlyDecision = { ...CONTINUE, ignoresBody: true };
const DENIED: EarlyDecision = {
  rejected: true,
  status: 401,
  body: CREDENTIALS_REJECTED,
  endsConnection: false,
};
const DENIED_WHILE_STOPPING: EarlyDecision = { ...DENIED, endsConnection: true };
/** A connection whose body was not read to its end is not worth keeping. */
const TOO_LARGE: EarlyDecision = {
  rejected: true,
  status: 413,
  body: { error: BODY_TOO_LARGE },
  endsConnection: true,
};

/** Credentials are right, or not asked for, and the body has a limit of the endpoint's own. */
type Limited = EarlyDecision & { readonly rejected: false; readonly bodyLimit: number };

/**
 * Looks at the credentials of our own routes before their body is read: whoever lacks them cannot make the
 * application parse megabytes. The route guard stays behind it, so that nothing depends on this having run. Also
 * gives our routes their own body limits, whatever the application's.
 */
@Injectable()
export class EarlyAuthentication {
  readonly #logger = new Logger('MaestranoSecurity');
  /** By endpoint name. */
  readonly #decisions: ReadonlyMap<string, Limited>;

  constructor(
    private readonly access: EndpointAccess,
    private readonly dispatcher: EndpointDispatcher,
    private readonly mounter: RouteMounter,
    private readonly effectivePath: EffectivePath,
    @Inject(ENDPOINT_REGISTRATION) registration: EndpointRegistration,
    @Inject(WEBHOOKS_SETTINGS) settings: WebhooksSettings,
    host: HttpAdapterHost,
  ) {
    if (host.httpAdapter?.getType() === 'fastify') parseJsonApi(host.httpAdapter);
    this.#decisions = limitsOf(registration.endpoints, settings);
  }

  /** Called by the module's `configure()`, after the routes were mounted and before the router reads them. */
  install(adapter: AbstractHttpAdapter): void {
    const check: EarlyCheck = {
      limitOfRoute: (verb: string, path: string) => this.#limitOfRoute(verb, path),
      decide: (request: IncomingRequest) => this.decide(request),
      bodyLimits: [...new Set([...this.#decisions.values()].map(({ bodyLimit }) => bodyLimit))],
    };
    const early =
      adapter.getType() === 'fastify' ? installOnFastify(adapter, check) : installOnExpress(adapter, check);
    if (early) installContinue(adapter.getHttpServer() as Server, check);
    else this.#logger.warn('Credentials are checked by the route guard only, after the body is parsed.');
  }

  /** Decides on a request from its URL and headers alone. */
  decide(request: IncomingRequest): EarlyDecision {
    const call = this.access.decide(request);
    if (call === 'unknown') return CONTINUE;
    if (call === 'denied') return this.dispatcher.isStopping ? DENIED_WHILE_STOPPING : DENIED;
    const decision = this.#decisions.get(call.endpoint);
    if (!decision) return WITHOUT_BODY;
    return Number(request.headers['content-length'] ?? 0) > decision.bodyLimit ? TOO_LARGE : decision;
  }

  #limitOfRoute(verb: string, path: string): number | null | undefined {
    const prefix = this.effectivePath.globalPrefix;
    const route = this.mounter.mounted.find(
      (mounted) =>
        mounted.verb === servingVerb(verb) &&
        (path === `/${mounted.path}` || path === `${prefix}/${mounted.path}`),
    );
    if (!route) return undefined;
    const limits = route.endpoints.flatMap((name) => this.#decisions.get(name)?.bodyLimit ?? []);
    return limits.length > 0 ? Math.max(...limits) : null;
  }
}

/** Made once: a decision is the same for every request of an endpoint. */
function limitsOf(
  endpoints: readonly EndpointDefinition[],
  webhooks: WebhooksSettings,
): Map<string, Limited> {
  const decisions = new Map<string, Limited>();
  for (const { name, bodyLimit } of endpoints) {
    const limit = typeof bodyLimit === 'function' ? bodyLimit(webhooks) : bodyLimit;
    if (limit !== undefined) decisions.set(name, { rejected: false, bodyLimit: limit, ignoresBody: false });
  }
  return decisions;
}
