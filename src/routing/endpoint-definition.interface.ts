import type { Type } from '@nestjs/common';

import type { Marketplace } from '../interfaces/marketplace.interface.js';
import type { EndpointHandler } from './endpoint-handler.js';

/** The controllers a registration may have; the keys of the `routes` extra. */
export type EndpointGroup = 'sso' | 'metadata' | 'accountWebhooks' | 'connecWebhooks' | 'synchronization';

export type EndpointVerb = 'GET' | 'POST' | 'PUT' | 'DELETE';

/** One endpoint of ours: where it is found, who may call it, what answers it. */
export interface EndpointDefinition {
  /** Dotted name such as `account.groupUser`: appears in logs, metrics and the `doctor` command. */
  readonly name: string;
  readonly group: EndpointGroup;
  readonly verbs: readonly EndpointVerb[];
  /** `basic`: only with the marketplace's own credentials (protocol §6.5). `public`: the handler decides. */
  readonly access: 'public' | 'basic';
  /**
   * The conventional layout below the `routes.prefix` extra, without leading slash. `:marketplace` names the
   * marketplace; without it the default marketplace answers, or on `basic` endpoints the one whose credentials came.
   */
  readonly conventional: readonly string[];
  /** The path templates that the marketplace configures; nulls are left out. May hold a query and odd names. */
  readonly configured: (marketplace: Marketplace) => readonly (string | null)[];
  readonly handler: Type<EndpointHandler>;
  /** Bytes of body the endpoint takes; the application's own limit when absent. */
  readonly bodyLimit?: number;
}
