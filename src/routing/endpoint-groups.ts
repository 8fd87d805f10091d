/**
 * The groups of endpoints, each with the name of its controller class. A new kind of endpoint begins with a line here:
 * the switch in the `routes` extra and the key in the `decorators` extra are derived from it.
 */
export const ENDPOINT_GROUPS = {
  /** Where a login begins and ends (protocol §4.1). */
  sso: 'MaestranoSsoController',
  /** What the marketplace may know of our configuration (protocol §3). */
  metadata: 'MaestranoMetadataController',
  /** A company cancels, a person leaves (protocol §6). */
  accountWebhooks: 'MaestranoAccountWebhooksController',
  /** Connec! notifications (protocol §7). */
  connecWebhooks: 'MaestranoConnecWebhooksController',
  /** Start, toggle and status of a synchronization (protocol §10); off unless a `synchronizationAdapter` is named. */
  synchronization: 'MaestranoSynchronizationController',
} as const;

/** Endpoints that share a controller, which an application can switch off and decorate as one. */
export type EndpointGroup = keyof typeof ENDPOINT_GROUPS;
