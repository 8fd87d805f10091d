/** How one check of a login ended; `skipped` when the policy does not ask for it. */
export type LoginCheckResult = 'passed' | 'failed' | 'skipped';

/** One check of a login. Personal values are masked, everything is cut to a sensible length. */
export interface LoginCheck {
  /** Stable name such as `sso.audience`. */
  readonly code: string;
  /** What was looked at, in a few words. */
  readonly title: string;
  /** Empty for a passed check of an accepted login, like `seen`. */
  readonly expected: string;
  readonly seen: string;
  readonly result: LoginCheckResult;
}

/** What is kept of one login to explain it later. Never the XML, never a personal value. */
export interface LoginTrace {
  /** The short code that the person sees. */
  readonly code: string;
  readonly marketplace: string;
  /** ISO 8601. */
  readonly at: string;
  readonly accepted: boolean;
  /** Whether it belongs to a login that began here and was still open. */
  readonly began: boolean;
  /** Code of the first failing check; null when accepted. */
  readonly rejection: string | null;
  /** ID of the login it belongs to; null when none was found. */
  readonly requestId: string | null;
  /** How far the provider's clock is ahead of ours in milliseconds, by its `IssueInstant`. */
  readonly clockOffsetMs: number | null;
  /** Names of attributes that are only shown, and whose text was cleaned for that; the first twenty. */
  readonly cleanedAttributes: readonly string[];
  /** Names of attributes that are not the platform's and were left out, as they are no plain text; the first twenty. */
  readonly omittedAttributes: readonly string[];
  readonly checks: readonly LoginCheck[];
  /** Who it was, once signed by the provider; null before, when nothing in a response counts. */
  readonly subject: LoginSubject | null;
}

/** Who a login was of, without a personal value: enough to find it again, and to recognise somebody one asks. */
export interface LoginSubject {
  /** Keyed digests of the person's id and address (`session.secret` is the key): for searching, not for reading. */
  readonly digests: readonly string[];
  /** The address with its name masked, such as `m•••@harbour.example`; null where there is none. */
  readonly email: string | null;
  /** `cld-…`; null where the response names none. */
  readonly groupUid: string | null;
}
