import type { SignOnOptions } from './sign-on-options.interface.js';

/** Digest and signature algorithms of an assertion; SHA-1 is what the known identity providers sign with. */
export type SsoAlgorithm = 'sha1' | 'sha256' | 'sha512';

/** What must carry a signature. Whatever is signed is verified in any case. */
export type SsoSignaturePolicy = 'assertion' | 'response' | 'either';

/**
 * Whether the login must end in the browser that began it: `require` refuses when no binding cookie arrived,
 * `prefer` refuses only a cookie that names other logins, `off` does not look.
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
   * Attributes of one XML element, namespace declarations included; 24 by default. All together may be twice the
   * number of elements.
   */
  readonly xmlAttributes?: number;
  /** Attributes of the attribute statement; 120 by default. */
  readonly attributes?: number;
  /** Characters of one attribute's value; 32,768 by default. */
  readonly valueLength?: number;
}

/** How responses of an identity provider are judged. Every default accepts the known identity provider. */
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
   * Who may have issued the assertion: `default` is the provider's sign-on URL, its query left aside (protocol
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

/** The `sso` option: how people sign in. The policy part may differ by marketplace. */
export interface SsoOptions extends SsoPolicyOptions, SignOnOptions {
  /** What differs from the rest for one marketplace, by its name. */
  readonly perMarketplace?: Readonly<Record<string, SsoPolicyOptions>>;
  /**
   * Query parameters of the init URL that are passed on to the identity provider, beside `group_id`.
   * None by default; the official SDKs pass all.
   */
  readonly passParameters?: readonly string[];
}
