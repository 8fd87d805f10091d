/** The `session` option: how a person who logged in is remembered, and how often the marketplace is asked (protocol §4.11). */
export interface SessionOptions {
  /**
   * Seals our own session cookie: at least 32 characters, from your secret store. A list rotates it: the first seals,
   * all open. Not needed where the application has a session middleware. Without it a random one is made at every
   * start; in production that is an error, because other instances could not read the cookie.
   */
  readonly secret?: string | readonly string[];
  /**
   * Where sessions are kept. `auto` (default): in the application's `request.session` when there is one, else in our
   * sealed cookie. `request`: only in `request.session`. `cookie`: only in our sealed cookie.
   */
  readonly storage?: 'auto' | 'request' | 'cookie';
  /**
   * How long a login lasts at most, in milliseconds, whatever the marketplace says; 12 hours by default, 366 days at
   * most.
   */
  readonly maxAgeMs?: number;
  /**
   * How long a session that is due for its recheck goes on while the marketplace does not respond, in milliseconds;
   * 5 minutes by default. 0 closes at the first failure, as the official SDKs do.
   */
  readonly graceMs?: number;
  /** How long one recheck may take, in milliseconds; 2,000 by default. */
  readonly recheckTimeoutMs?: number;
  /**
   * How long the store of the application's session middleware may take to save a session, in milliseconds;
   * 5,000 by default. A login or a sign-out that takes longer ends with 503 (`session.notSaved`).
   */
  readonly saveTimeoutMs?: number;
  /**
   * Says which marketplace a request of the application belongs to, for people who are signed in through several at
   * once: from a host name, a path or a header. By default the latest login counts.
   */
  readonly marketplaceOf?: (request: unknown) => string | null | undefined;
  /**
   * What the session guard makes of people without any Maestrano session: `required` (default) rejects them, `optional`
   * lets them in, for applications whose people also log in otherwise. `OptionalMaestranoSession` decides by route.
   */
  readonly guard?: 'required' | 'optional';
  /**
   * A page of the application where people choose how to sign in. The session guard sends them there when it cannot
   * know the marketplace: several are configured, and none of them is the default.
   */
  readonly signInUrl?: string;
}
