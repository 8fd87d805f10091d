/** When an address that keeps sending wrong credentials is no longer listened to. */
export interface LockoutOptions {
  /** Wrong credentials from one address for one marketplace within the window; 20 by default. */
  readonly failures?: number;
  /** Milliseconds in which the failures are counted; 60,000 by default. */
  readonly windowMs?: number;
  /** Milliseconds that the address stays locked out; 300,000 by default. */
  readonly lockMs?: number;
  /** Addresses remembered at most, the oldest forgotten first; 10,000 by default. */
  readonly maxEntries?: number;
}

/** The `webhooks` option: what the platform may send to our routes, and how its failed attempts are treated. */
export interface WebhooksOptions {
  /** Bytes of body that a Connec! notification may have; 5 MB (5,242,880) by default, whatever the application's own limit. */
  readonly bodyLimit?: number;
  /**
   * Locks out an address after repeated wrong credentials; off by default. While locked out, right credentials are
   * rejected like wrong ones. Behind a proxy, let the application trust it first (Express `trust proxy`, Fastify
   * `trustProxy`): otherwise all callers have the proxy's address.
   */
  readonly lockout?: LockoutOptions | boolean;
}
