/** Digest and signature algorithms of an assertion; SHA-1 is what the known identity providers sign with. */
export type SsoAlgorithm = 'sha1' | 'sha256' | 'sha512';

/** What must carry a signature. Whatever is signed is verified in any case. */
export type SsoSignaturePolicy = 'assertion' | 'response' | 'either';

/**
 * Whether the login must end in the browser that began it: `require` rejects when no binding cookie arrived,
 * `prefer` rejects only a cookie that names other logins, `off` does not look.
 */
export type SsoBindingPolicy = 'require' | 'prefer' | 'off';

/** Bounds that are checked before any XML document is built (saml §3.3). */
export interface SsoLimits {
  /** Characters of the form field, line breaks included; 131,072 by default. A usual one has 10,000. */
  readonly responseLength?: number;
  /**
   * References such as `&amp;` and `&#13;`; 2,000 by default. A usual response has none, and one that writes its line
   * breaks this way a hundred.
   */
  readonly references?: number;
  /** Elements; 300 by default. A usual response has 80. */
  readonly elements?: number;
  /** Levels of nesting; 20 by default. */
  readonly depth?: number;
  /**
   * Attributes of one XML element, namespace declarations included; 24 by default. Elements and attributes together may be
   * twice the number of elements, less in a long response, and declare 16 different prefixes.
   */
  readonly xmlAttributes?: number;
  /** Attributes of the attribute statement; 120 by default. */
  readonly attributes?: number;
  /** Characters of one attribute's value; 32,768 by default. */
  readonly valueLength?: number;
}

/** How responses of an identity provider are verified. Every default accepts the known identity provider. */
export interface SsoPolicyOptions {
  /** How far the provider's clock may be off, either way, in milliseconds; 60,000 by default. */
  readonly acceptedClockSkewMs?: number;
  /** How old an assertion may be by its `IssueInstant`, in milliseconds; 15 minutes by default. */
  readonly maxAssertionAgeMs?: number;
  /** How long ago the person may have signed in at the provider, in milliseconds; 14 days by default. */
  readonly maxAuthenticationAgeMs?: number;
  /** How long a begun login may take, in milliseconds; 15 minutes by default. */
  readonly requestTtlMs?: number;
  /**
   * Audiences that are ours: `default` is the origin of the consume URL with a slash, the consume URL and the
   * application's id (protocol §4.8); a list replaces them; `off` does not look.
   */
  readonly audience?: 'default' | 'off' | readonly string[];
  /**
   * Who may have issued the assertion: `default` is the provider's SSO URL, its query left aside (protocol
   * §4.5); a list of exact names replaces it; `off` does not look.
   */
  readonly issuer?: 'default' | 'off' | readonly string[];
  /** All three by default, because Maestrano signs with SHA-1; `['sha256', 'sha512']` forbids it. */
  readonly algorithms?: readonly SsoAlgorithm[];
  /** `assertion` by default. */
  readonly signature?: SsoSignaturePolicy;
  /** `prefer` by default. */
  readonly binding?: SsoBindingPolicy;
  /** Whether `NameID` and the `uid` attribute must be the same; true by default. */
  readonly nameIdMustMatchUid?: boolean;
  readonly limits?: SsoLimits;
}

/** A login that did not succeed, as the application's own page may want to show it. Holds no personal values. */
export interface LoginDenial {
  /** Stable code such as `sso.audience` or `sso.denied`. */
  readonly code: string;
  /** Short code under which the login's trace is found (`SsoService.explain`); null when there is none. */
  readonly traceCode: string | null;
  readonly marketplace: string;
  /** Status that our own page would have: 400, 401, 403, 502 or 503. */
  readonly status: number;
  /** Whether signing in again is likely to help. */
  readonly restart: boolean;
  /** Where signing in begins again. */
  readonly signInUrl: string;
  /** What the application said to the person with a `MaestranoLoginDeniedError`; null otherwise. */
  readonly reason: string | null;
}

/** The `sso` option: how people log in (protocol §4.1). The policy part may differ by marketplace. */
export interface SsoOptions extends SsoPolicyOptions {
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
  /** What differs from the rest for one marketplace, by its name. */
  readonly perMarketplace?: Readonly<Record<string, SsoPolicyOptions>>;
  /**
   * Query parameters of the init URL that are passed on to the identity provider, beside `group_id`.
   * None by default; the official SDKs pass all.
   */
  readonly passParameters?: readonly string[];
}
