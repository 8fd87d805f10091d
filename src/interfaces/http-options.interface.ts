import type { AxiosInstance } from 'axios';

/** Called before each attempt of a call. Holds names only: no path with ids, no header, no body. */
export interface HttpAttempt {
  /** The marketplace's name, or `developer-platform`. */
  readonly target: string;
  readonly service: string;
  readonly method: string;
  /** Route template such as `GET account/bills/:id`. */
  readonly operation: string;
  /** 1 for the first. */
  readonly attempt: number;
}

/** Called after each attempt. */
export interface HttpOutcome extends HttpAttempt {
  /** Null when no response came. */
  readonly status: number | null;
  /** Code of the typed error such as `http.timeout`; null when a response came, whatever its status. */
  readonly errorCode: string | null;
  readonly durationMs: number;
  readonly requestId: string | null;
  /** Milliseconds until the next attempt; null when this was the last. */
  readonly retryInMs: number | null;
}

/** Hooks for logs, metrics and traces. What they throw is logged once and otherwise ignored. */
export interface HttpHooks {
  readonly onAttempt?: (attempt: HttpAttempt) => void;
  readonly onOutcome?: (outcome: HttpOutcome) => void;
}

/** When calls to a server that fails are stopped for a while; one breaker for each marketplace and service. */
export interface HttpBreakerOptions {
  /** Failures in a row (no response, or a status from 500) that open it; 10 by default. */
  readonly failures?: number;
  /** Milliseconds until one call may try again; 10,000 by default. */
  readonly openForMs?: number;
}

/** The `http` option: how all calls to marketplaces and to the developer platform are made. */
export interface HttpOptions extends HttpHooks {
  /** Milliseconds for one attempt, connecting included; 15,000 by default. */
  readonly timeoutMs?: number;
  /** Milliseconds over all attempts, pauses and waiting for a free place; 45,000 by default. */
  readonly deadlineMs?: number;
  /** Attempts in all for GET and DELETE, and for anything that was never sent; 3 by default. */
  readonly attempts?: number;
  /** First pause between attempts in milliseconds, doubled each time and jittered; 200 by default. */
  readonly backoffMs?: number;
  /** Longest pause that a server may ask for with Retry-After; beyond it the response is handed on. 10,000 by default. */
  readonly maxRetryAfterMs?: number;
  /** Calls at once to one service of one marketplace; 64 by default. */
  readonly maxConcurrent?: number;
  /** Calls that may wait for a free place; 1,000 by default. */
  readonly maxQueued?: number;
  /** `false` switches the circuit breaker off. */
  readonly breaker?: HttpBreakerOptions | boolean;
  /** Further certificate authorities in PEM, for marketplaces with a private one. Verification cannot be switched off. */
  readonly ca?: string | readonly string[];
  /**
   * Called with the axios instance of each marketplace before its first request, to add interceptors for logs,
   * tracing or a proxy. Every marketplace has an instance of its own, so what is added to one never touches another;
   * a marketplace whose configuration changed gets a new one, and the function is called again.
   *
   * - Request interceptors see the real method, `baseURL`, `url`, headers and `data` (the body as text), and may add
   *   headers. `axios.defaults.proxy` or `config.proxy` chooses a proxy, to which a tunnel is opened. Whatever else
   *   they change ends the call with a `MaestranoHttpError` before anything is sent: where a request goes, its
   *   credentials and limits, and what is repeated stay with this package.
   * - Credentials are added behind the interceptors, so nothing that they log or throw can hold a key. `data` and
   *   `url` may name people: log them with care.
   * - Response interceptors see every response, whatever its status; the rejected handler sees an `AxiosError` where
   *   none came. What they return is not used. What they throw ends the call with a `MaestranoHttpError` whose
   *   `sent` is `yes`, and a POST is not repeated.
   * - Each attempt goes through the interceptors. One that does not return is bounded by `timeoutMs`.
   *
   * @param axios the instance; may be kept to remove interceptors again, not for requests of one's own.
   * @param marketplace its name, or `developer-platform` for the requests that fetch the configuration.
   * @throws what it throws, a promise that it returns, or an adapter that it sets, makes the call that needed the
   * instance fail with a `MaestranoHttpError` (`http.configure`, nothing sent); the next call tries again.
   * @example
   * ```ts
   * configure: (axios, marketplace) => {
   *   axios.interceptors.response.use((response) => {
   *     logger.debug(`${marketplace} ${response.config.url} ${response.status}`);
   *     return response;
   *   });
   * };
   * ```
   */
  readonly configure?: (axios: AxiosInstance, marketplace: string) => void;
}
