import type { Type } from '@nestjs/common';

import type { Marketplace } from '../interfaces/marketplace.interface.js';
import type { WebhooksSettings } from '../settings/maestrano-settings.js';
import type { EndpointGroup } from './endpoint-groups.js';
import type { HttpExchange } from './http-exchange.js';

export type EndpointVerb = 'GET' | 'POST' | 'PUT' | 'DELETE';

/** One endpoint of ours: where it is found, who may call it, what handles it. */
export interface EndpointDefinition {
  /** Dotted name such as `account.groupUser`: appears in logs, metrics and the `doctor` command. */
  readonly name: string;
  readonly group: EndpointGroup;
  readonly verbs: readonly EndpointVerb[];
  /** `basic`: only with the marketplace's own credentials (protocol §6.5). `public`: the handler decides. */
  readonly access: 'public' | 'basic';
  /**
   * On `basic` endpoints whose path names no marketplace: whether credentials that several marketplaces share will do, for
   * the default one of them or the first. Only where it does not matter which is meant; false by default.
   */
  readonly takesSharedCredentials?: boolean;
  /**
   * The conventional layout below the `routes.prefix` extra, without leading slash. `:marketplace` names the
   * marketplace; without it the default marketplace is meant, or on `basic` endpoints the one whose credentials came.
   */
  readonly conventional: readonly string[];
  /** The path templates that the marketplace configures; nulls are left out. May hold a query and odd names. */
  readonly configured: (marketplace: Marketplace) => readonly (string | null)[];
  readonly handler: Type<EndpointHandler>;
  /** Bytes of body the endpoint takes, or where the settings say it; absent where it reads none. */
  readonly bodyLimit?: number | ((settings: WebhooksSettings) => number);
}

/** The endpoints of one registration of the module, and the prefix of their conventional paths. */
export interface EndpointRegistration {
  readonly endpoints: readonly EndpointDefinition[];
  readonly prefix: string;
}

/** Injection token of the {@link EndpointRegistration}. */
export const ENDPOINT_REGISTRATION = Symbol('MAESTRANO_ENDPOINTS');

/** A request that was let in; the marketplace is decided and, on `basic` endpoints, proved. */
export interface EndpointCall {
  /** Name of the {@link EndpointDefinition}. */
  readonly endpoint: string;
  /** The snapshot this piece of work belongs to. */
  readonly marketplace: Marketplace;
  /** Decoded placeholders of the template, such as `id`, `group_id`, `cld-uid`. */
  readonly params: Readonly<Record<string, string>>;
}

/** A provider that handles the requests of endpoints. Errors it throws reach the application's exception filters. */
export abstract class EndpointHandler {
  abstract handle(exchange: HttpExchange, call: EndpointCall): Promise<void> | void;
}
