/** A sign-on that did not succeed, as the application's own page may want to tell it. Holds no personal values. */
export interface LoginDenial {
  /** Stable code such as `sso.audience` or `sso.denied`. */
  readonly code: string;
  /** Short code under which the login's trace is found (`SsoService.explain`); null when there is none. */
  readonly traceCode: string | null;
  readonly marketplace: string;
  /** Status that our own page would have: 400, 401 or 403. */
  readonly status: number;
  /** Whether signing in again is likely to help. */
  readonly restart: boolean;
  /** Where signing in begins again. */
  readonly signInUrl: string;
  /** What the application said to the person with a `MaestranoLoginDeniedError`; null otherwise. */
  readonly reason: string | null;
}

/** The part of the `sso` option that says where the browser goes before and after (protocol §4.1). */
export interface SignOnOptions {
  /**
   * Origins such as `https://admin.example.com` that a person may be returned to after signing in, beside those of
   * `app.host` and `sso.idm`.
   */
  readonly returnToOrigins?: readonly string[];
  /** Where people land who came from nowhere in particular: a path or a URL on our origins; `/` by default. */
  readonly homeUrl?: string;
  /**
   * The application's page for people who could not sign in; ours by default. A path or URL gets `code` and `trace`
   * as query parameters; a function returns the whole address.
   */
  readonly deniedUrl?: string | ((denial: LoginDenial) => string | Promise<string>);
}
