/** One thing the doctor found out. Holds no secret and no personal value. */
export interface Finding {
  readonly level: 'ok' | 'warning' | 'error';
  /**
   * What was looked at: `configuration`, `certificate`, `libraries`, `clock`, `account`, `connec`, `sso`, `route`,
   * `metadata`, `notification`, `tabs`, `store`, `queue`, `application`, `mounted`.
   */
  readonly subject: string;
  /** Null when it concerns no marketplace in particular. */
  readonly marketplace: string | null;
  readonly message: string;
  /** What to do about it; empty when all is well. */
  readonly remedy: string;
}

/** A finding that needs nothing done. */
export function ok(subject: string, marketplace: string | null, message: string): Finding {
  return { level: 'ok', subject, marketplace, message, remedy: '' };
}

/** A finding that somebody should see to. */
export function trouble(
  level: 'warning' | 'error',
  subject: string,
  marketplace: string | null,
  message: string,
  remedy: string,
): Finding {
  return { level, subject, marketplace, message, remedy };
}
