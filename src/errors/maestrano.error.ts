/** What a code means: one entry of the table that each family of errors has. */
export interface ErrorEntry {
  /** What happened, in one sentence. */
  readonly meaning: string;
  /** What the reader can do about it; a site that knows more says more. */
  readonly remedy?: string;
  /** Status that a request to one of our routes ends with when the error reaches it; 500 by default. */
  readonly httpStatus?: number;
}

/** The codes of one family of errors (docs/troubleshooting.md has an entry for each). */
export type ErrorTable<Code extends string = string> = Readonly<Record<Code, ErrorEntry>>;

/** What is known where an error is made; each family adds facts of its own. */
export interface MaestranoErrorFacts {
  /** What happened; the meaning of the code by default. */
  readonly message?: string | undefined;
  /** What the reader can do about it, in one sentence; the remedy of the code by default. */
  readonly remedy?: string | undefined;
  /** Marketplace that the piece of work belonged to. */
  readonly marketplace?: string | undefined;
  /** The error underneath. Never an AxiosError: those print credentials. */
  readonly cause?: unknown;
}

/**
 * The root of every error this package throws. `code` is stable across releases, `message` says what happened and
 * what to do next. None of them ever holds a secret or a personal value.
 *
 * ```ts
 * try {
 *   await billing.bills.createOnce(key, bill);
 * } catch (error) {
 *   if (error instanceof MaestranoError) logger.warn(`${error.code}: ${error.message}`);
 *   throw error;
 * }
 * ```
 */
export abstract class MaestranoError extends Error {
  /** Stable, documented identifier such as `sso.audience`. */
  readonly code: string;
  /** What the reader can do about it; empty when nothing sensible can be said. */
  readonly remedy: string;
  /** Marketplace that the piece of work belonged to, when it was known. */
  readonly marketplace: string | null;
  /** Status that a request to one of our routes ends with when this error reaches it. */
  readonly httpStatus: number;

  protected constructor({ meaning, ...entry }: ErrorEntry, code: string, facts: MaestranoErrorFacts = {}) {
    const message = facts.message ?? meaning;
    const remedy = facts.remedy ?? entry.remedy ?? '';
    super(remedy ? `${message} ${remedy}` : message, { cause: facts.cause });
    this.name = new.target.name;
    this.code = code;
    this.remedy = remedy;
    this.marketplace = facts.marketplace ?? null;
    this.httpStatus = entry.httpStatus ?? 500;
  }
}
