/** The `account` option: the client of the marketplaces' Account API. */
export interface AccountOptions {
  /** Largest response in bytes; 5,000,000 by default. */
  readonly maxResponseBytes?: number;
  /** How `createOnce` keeps a charge from happening twice. */
  readonly createOnce?: CreateOnceOptions;
}

/** Times of `createOnce`. */
export interface CreateOnceOptions {
  /**
   * Milliseconds after an ambiguous failure during which the request may still arrive at the marketplace: only
   * when they are over and the charge is not there, it is sent again. 75,000 by default, beside the timeout of a call more than the 80 seconds that official clients wait.
   */
  readonly settleMs?: number;
  /** Milliseconds for a whole `createOnce`, waiting included; 120,000 by default. */
  readonly deadlineMs?: number;
  /** Milliseconds that a key is remembered; 400 days by default. */
  readonly rememberMs?: number;
}
