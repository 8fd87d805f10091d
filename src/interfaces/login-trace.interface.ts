/** How one step of judging a login ended; `skipped` when the policy does not ask for it. */
export type LoginCheckVerdict = 'passed' | 'failed' | 'skipped';

/** One step of judging a login. Personal values are masked, everything is cut to a sensible length. */
export interface LoginCheck {
  /** Stable name such as `sso.audience`. */
  readonly code: string;
  /** What was looked at, in a few words. */
  readonly title: string;
  /** Empty for a passed check of an accepted login, like `seen`. */
  readonly expected: string;
  readonly seen: string;
  readonly verdict: LoginCheckVerdict;
}

/** What is kept of one login to explain it later. Never the XML, never a personal value. */
export interface LoginTrace {
  /** The short code that the person sees. */
  readonly code: string;
  readonly marketplace: string;
  /** ISO 8601. */
  readonly at: string;
  readonly accepted: boolean;
  /** Whether it answers a login that began here and was still open. */
  readonly began: boolean;
  /** Code of the first failing check; null when accepted. */
  readonly refusal: string | null;
  /** ID of the login it answers, where that could be read. */
  readonly requestId: string | null;
  /** How far the provider's clock is ahead of ours in milliseconds, by its `IssueInstant`. */
  readonly clockOffsetMs: number | null;
  readonly checks: readonly LoginCheck[];
}
