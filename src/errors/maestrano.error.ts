/** What every error of this package can be given. */
export interface MaestranoErrorOptions {
  /** Stable, documented identifier such as `sso.audience` (docs/troubleshooting.md has an entry for each). */
  readonly code: string;
  /** What the reader can do about it, in one sentence. */
  readonly remedy?: string;
  /** Marketplace that the piece of work belonged to. */
  readonly marketplace?: string;
  /** The error underneath. Never an AxiosError: those print credentials. */
  readonly cause?: unknown;
}

/**
 * The root of every error this package throws. `code` is stable across releases, `message` says what happened,
 * `remedy` what to do next. None of them ever holds a secret or a personal value.
 */
export abstract class MaestranoError extends Error {
  /** Stable, documented identifier such as `sso.audience`. */
  readonly code: string;
  /** What the reader can do about it; empty when nothing sensible can be said. */
  readonly remedy: string;
  /** Marketplace that the piece of work belonged to, when it was known. */
  readonly marketplace: string | null;

  protected constructor(message: string, options: MaestranoErrorOptions) {
    super(options.remedy ? `${message} ${options.remedy}` : message, { cause: options.cause });
    this.name = new.target.name;
    this.code = options.code;
    this.remedy = options.remedy ?? '';
    this.marketplace = options.marketplace ?? null;
  }
}
