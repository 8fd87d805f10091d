import type { IncomingRequest } from '../../utils/incoming-request.js';

/** What URL and headers of a request say: it goes on, or it is rejected before its body is read. */
export type EarlyDecision =
  | {
      readonly rejected: false;
      /** Bytes of body that we read for it; null where the application's own parsers read. */
      readonly bodyLimit: number | null;
      /** Whether the endpoint reads no body: no parser may stand between the request and it. */
      readonly ignoresBody: boolean;
    }
  | {
      readonly rejected: true;
      readonly status: 401 | 413;
      readonly body: { readonly error: string };
      /** Whether the connection ends with the response. */
      readonly endsConnection: boolean;
    };

/** What the middleware on Express and the hook on Fastify ask. */
export interface EarlyCheck {
  /**
   * The body limit of a route of the router, in bytes; null where it has none, undefined where it is not ours. The
   * path includes the global prefix.
   */
  limitOfRoute(verb: string, path: string): number | null | undefined;
  /** Decides from URL and headers alone, and remembers the decision for the route guard. */
  decide(request: IncomingRequest): EarlyDecision;
  /** Every body limit that `decide` may respond with, in bytes. */
  readonly bodyLimits: readonly number[];
}
