import type { PlatformRequest } from '../../utils/platform-request.js';

/** What the headers of a request say: go on, with at most this many bytes of body, or answer at once. */
export type EarlyVerdict =
  | { readonly refused: false; readonly bodyLimit: number | null; readonly ownJson: boolean }
  | { readonly refused: true; readonly status: 401 | 413; readonly body: { readonly error: string } };

/** What a platform's hook asks. */
export interface EarlyCheck {
  /**
   * The body limit of a route of the router, in bytes; null where it has none, undefined where it is not ours. The
   * path includes the global prefix.
   */
  limitOfRoute(verb: string, path: string): number | null | undefined;
  /** Decides from URL and headers alone, and remembers the decision for the route guard. */
  decide(request: PlatformRequest): EarlyVerdict;
  /** Every body limit that `decide` may answer with, in bytes. */
  readonly bodyLimits: readonly number[];
}
