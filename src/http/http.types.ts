import type { Secret } from '../utils/secret.js';

/** A server we talk to, with the only credentials that may be sent there. */
export interface HttpTarget {
  /** Name for logs, metrics, breaker and pool: the marketplace's, or `developer-platform`. */
  readonly name: string;
  /**
   * Whose axios instance makes the requests: the marketplace's snapshot, so that the instance goes with it, and no
   * interceptor outlives the credentials and hosts it was configured for.
   */
  readonly owner: object;
  /** Which of the marketplace's servers: the breaker and the concurrency cap are one a pair of name and service. */
  readonly service: 'account' | 'connec' | 'sso' | 'developer-platform' | 'openid';
  /** Scheme, host, port and the path of a gateway if there is one; no trailing slash. Requests never leave it. */
  readonly origin: string;
  /** Basic credentials; null for the session check, which takes none (protocol §0.2 row d). */
  readonly credentials: { readonly user: string; readonly password: Secret } | null;
}

/** Methods that the marketplace's servers know. */
export type HttpMethod = 'GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE';

/** Bytes of a response where the call does not say otherwise. */
export const DEFAULT_MAX_RESPONSE_BYTES = 5_000_000;

/** One call. Everything that varies is here, so that clients can be shared. */
export interface HttpCall {
  readonly method: HttpMethod;
  /** Absolute path with query, percent-encoded; a full URL is rejected. */
  readonly path: string;
  /** Further query such as `session=…`, percent-encoded, that no interceptor, log or recording may see. */
  readonly secretQuery?: string;
  /** Route template for logs and metrics, such as `GET account/bills/:id`. Never holds an id. */
  readonly operation: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Serialised as JSON; as a form when it is a `URLSearchParams`. */
  readonly body?: unknown;
  /** Milliseconds for one attempt. */
  readonly timeoutMs?: number;
  /** Milliseconds over all attempts and pauses. */
  readonly deadlineMs?: number;
  /** Attempts in all; 1 switches retries off. POST and PUT are only ever repeated when nothing was sent. */
  readonly attempts?: number;
  /** Largest response; 5,000,000 bytes by default. */
  readonly maxResponseBytes?: number;
  /**
   * Passes by the limiter: neither breaker nor cap holds it back, and what comes of it counts for neither. For calls that
   * strangers can cause with what they choose, whose failures must keep nobody else out; the caller bounds them itself.
   */
  readonly unlimited?: boolean;
  readonly signal?: AbortSignal;
}

/** What came back, whatever the status. */
export interface HttpResponse {
  readonly status: number;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  /** Parsed when the body is JSON whatever its content type says; undefined when it is not. */
  readonly json: unknown;
  /** The body as text. */
  readonly text: string;
  readonly attempts: number;
  /** The server's request id header, when it sent one. */
  readonly requestId: string | null;
}
