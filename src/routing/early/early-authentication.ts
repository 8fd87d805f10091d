import type { IncomingHttpHeaders } from 'node:http';

import { Inject, Injectable, Logger } from '@nestjs/common';
import type { AbstractHttpAdapter } from '@nestjs/core';

import type { WebhooksOptions } from '../../interfaces/webhooks-options.interface.js';
import { MAESTRANO_OPTIONS } from '../../maestrano.constants.js';
import { EffectivePath } from '../effective-path.js';
import { EndpointAccess } from '../endpoint-access.js';
import type { EndpointDefinition } from '../endpoint-definition.interface.js';
import { ENDPOINT_REGISTRATION, type EndpointRegistration } from '../endpoint-registry.js';
import type { PlatformRequest } from '../../utils/platform-request.js';
import { RouteMounter } from '../route-mounter.js';
import { CREDENTIALS_REFUSED } from '../../security/challenge.js';
import type { EarlyCheck, EarlyVerdict } from './early-verdict.js';
import { installOnExpress } from './express-early-middleware.js';
import { installOnFastify } from './fastify-early-hook.js';

const JSON_TYPE = 'application/json';
const PLAIN_JSON = /^\s*application\/json\s*(?:;\s*charset="?utf-?8"?\s*)?$/i;
const JSON_BY_SUFFIX = /^\s*application\/[\w.-]+\+json\s*(?:;|$)/i;
const CONTINUE: EarlyVerdict = { refused: false, bodyLimit: null, ownJson: false };
const DENIED: EarlyVerdict = { refused: true, status: 401, body: CREDENTIALS_REFUSED };
const TOO_LARGE: EarlyVerdict = {
  refused: true,
  status: 413,
  body: { error: 'The request body is too large' },
};

/** How the body of an endpoint is read. */
interface BodyRule {
  /** Bytes. */
  readonly limit: number;
  readonly parsed: EarlyVerdict;
  /** The verdict on plain JSON that we parse ourselves; null where the platform parses everything. */
  readonly ownJson: EarlyVerdict | null;
}

/**
 * Looks at the credentials of our own routes before their body is read: whoever lacks them cannot make the
 * application parse megabytes. The route guard stays behind it, so that nothing depends on this having run. Also
 * gives our routes their own body limits, whatever the application's.
 */
@Injectable()
export class EarlyAuthentication {
  readonly #logger = new Logger('MaestranoSecurity');
  /** By endpoint name. */
  readonly #bodies: ReadonlyMap<string, BodyRule>;

  constructor(
    private readonly access: EndpointAccess,
    private readonly mounter: RouteMounter,
    private readonly effectivePath: EffectivePath,
    @Inject(ENDPOINT_REGISTRATION) registration: EndpointRegistration,
    @Inject(MAESTRANO_OPTIONS) options: { readonly webhooks?: WebhooksOptions },
  ) {
    this.#bodies = bodyRules(registration.endpoints, options.webhooks);
  }

  /** Called by the module's `configure()`, after the routes were mounted and before the router reads them. */
  install(adapter: AbstractHttpAdapter): void {
    const check: EarlyCheck = {
      limitOfRoute: (verb: string, path: string) => this.#limitOfRoute(verb, path),
      decide: (request: PlatformRequest) => this.decide(request),
      bodyLimits: [...new Set([...this.#bodies.values()].map(({ limit }) => limit))],
    };
    const early =
      adapter.getType() === 'fastify' ? installOnFastify(adapter, check) : installOnExpress(adapter, check);
    if (!early)
      this.#logger.warn('Credentials are checked by the route guard only, after the body is parsed.');
  }

  /** Decides on a request from its URL and headers alone. */
  decide(request: PlatformRequest): EarlyVerdict {
    const call = this.access.decide(request);
    if (call === 'unknown') return CONTINUE;
    if (call === 'denied') return DENIED;
    const { headers } = request;
    if (headers['content-type'] !== JSON_TYPE) nameJsonAsJson(headers);
    const body = this.#bodies.get(call.endpoint);
    if (!body) return CONTINUE;
    if (Number(headers['content-length'] ?? 0) > body.limit) return TOO_LARGE;
    return body.ownJson !== null && isPlainJson(headers) ? body.ownJson : body.parsed;
  }

  #limitOfRoute(verb: string, path: string): number | null | undefined {
    const prefix = this.effectivePath.globalPrefix;
    const route = this.mounter.mounted.find(
      (mounted) =>
        mounted.verb === verb && (path === `/${mounted.path}` || path === `${prefix}/${mounted.path}`),
    );
    if (!route) return undefined;
    const limits = route.endpoints.flatMap((name) => this.#bodies.get(name)?.limit ?? []);
    return limits.length > 0 ? Math.max(...limits) : null;
  }
}

/**
 * Connec! writes `application/vnd.api+json` (protocol §7.1, §9.2), which the parsers of neither platform take: what is
 * JSON by its suffix is called JSON before they look.
 */
function nameJsonAsJson(headers: IncomingHttpHeaders): void {
  const type = headers['content-type'];
  if (type !== undefined && JSON_BY_SUFFIX.test(type)) headers['content-type'] = JSON_TYPE;
}

/** What is in UTF-8 and not compressed; anything else is left to the platform's parsers. */
function isPlainJson(headers: IncomingHttpHeaders): boolean {
  const type = headers['content-type'];
  if (type === undefined || headers['content-encoding'] !== undefined) return false;
  return type === JSON_TYPE || PLAIN_JSON.test(type);
}

/** The verdicts are made once: they are the same for every request of an endpoint. */
function bodyRules(
  endpoints: readonly EndpointDefinition[],
  webhooks: WebhooksOptions | undefined,
): Map<string, BodyRule> {
  const rules = new Map<string, BodyRule>();
  for (const { name, group, bodyLimit, ownJson } of endpoints) {
    const limit = (group === 'connecWebhooks' ? webhooks?.bodyLimit : undefined) ?? bodyLimit;
    if (limit === undefined) continue;
    const parsed: EarlyVerdict = { refused: false, bodyLimit: limit, ownJson: false };
    rules.set(name, { limit, parsed, ownJson: ownJson ? { ...parsed, ownJson: true } : null });
  }
  return rules;
}
