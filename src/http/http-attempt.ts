import type { Dispatcher } from 'undici';

import type { RequestSent } from '../errors/http.error.js';

/** Why an attempt brought no response that may be used. */
export type AttemptFailureKind =
  | 'connection'
  | 'tls'
  | 'timeout'
  | 'deadline'
  | 'aborted'
  | 'responseTooLarge'
  | 'interceptor'
  | 'configure';

/** A failed attempt. Stays inside this folder: callers get a typed error. */
export class AttemptFailure extends Error {
  override readonly name = 'AttemptFailure';

  /**
   * @param reason system or TLS code such as `ECONNREFUSED`, or in a few words what an interceptor did; null when
   * there is none.
   * @param response what had come when an interceptor stopped the call; null when nothing had.
   */
  constructor(
    readonly kind: AttemptFailureKind,
    readonly sent: RequestSent,
    readonly reason: string | null = null,
    readonly response: AttemptResponse | null = null,
  ) {
    super(reason ?? kind);
  }
}

/** What one attempt received. */
export interface AttemptResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

/**
 * One attempt, on its way through the interceptors and over the wire. Collects the response within its limit, and
 * knows how far the request got: `sent` turns `maybe` in the moment the request is about to be written, so that `no`
 * is a proof. The first thing that ends it decides; what comes later changes nothing.
 */
export class HttpAttempt implements Dispatcher.DispatchHandler {
  /** What came of it. Never rejects. */
  readonly result: Promise<AttemptResponse | AttemptFailure>;
  #resolve!: (result: AttemptResponse | AttemptFailure) => void;
  readonly #onEnd: (() => void)[] = [];
  #failure: AttemptFailure | null = null;
  #response: AttemptResponse | null = null;
  /** Who waits for the wire; null before the request is handed over and after its end. */
  #wire: ((result: AttemptResponse | AttemptFailure) => void) | null = null;
  #controller: Dispatcher.DispatchController | null = null;
  #sent: RequestSent = 'no';
  #status = 0;
  #headers: Readonly<Record<string, string>> = {};
  #size = 0;
  readonly #chunks: Buffer[] = [];

  constructor(private readonly maxBytes: number) {
    this.result = new Promise((resolve) => (this.#resolve = resolve));
  }

  /** Calls back in the moment the result is known. */
  onEnd(listener: () => void): void {
    this.#onEnd.push(listener);
  }

  /** Why it failed; null while it may still succeed. */
  get failure(): AttemptFailure | null {
    return this.#failure;
  }

  /** Hands the request over to the wire, once; `ended` hears what came of it. False when that may not be (any more). */
  start(ended: (result: AttemptResponse | AttemptFailure) => void): boolean {
    if (this.#wire || this.#response) this.fail('interceptor', 'it sent the request a second time');
    if (this.#failure) return false;
    this.#wire = ended;
    return true;
  }

  /** Ends the attempt; a request that still waits for a connection is never written. */
  fail(kind: AttemptFailureKind, reason: string | null = null): void {
    if (this.#failure) return;
    const failure = new AttemptFailure(kind, this.#sent, reason, this.#response);
    this.#failure = failure;
    this.#controller?.abort(failure);
    this.#wire?.(failure);
    this.#settle(failure);
  }

  /** Its time is over: the server's fault while the request is on the wire, else that of an interceptor. */
  expire(kind: 'timeout' | 'deadline'): void {
    if (this.#wire) this.fail(kind);
    else this.fail('interceptor', 'it did not return in time');
  }

  /** The interceptors are done with the response, or took the request for themselves. */
  finish(): void {
    if (this.#response && !this.#failure) this.#settle(this.#response);
    else this.fail('interceptor', 'it responded in place of the server');
  }

  #settle(result: AttemptResponse | AttemptFailure): void {
    this.#resolve(result);
    for (const listener of this.#onEnd) listener();
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    // undici may begin a request a second time when its connection breaks; whether to is for us to decide.
    if (this.#sent !== 'no') this.fail('connection', 'RESTARTED');
    if (this.#failure) controller.abort(this.#failure);
    else this.#sent = 'maybe';
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: Record<string, string | string[] | undefined>,
  ): void {
    if (status < 200) return;
    this.#sent = 'yes';
    this.#status = status;
    for (const name in headers) {
      const value = headers[name];
      if (Array.isArray(value)) headers[name] = value.join(', ');
    }
    this.#headers = headers as Record<string, string>;
    if (Number(headers['content-length']) > this.maxBytes) this.fail('responseTooLarge');
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#size += chunk.length;
    if (this.#size > this.maxBytes) this.fail('responseTooLarge');
    else this.#chunks.push(chunk);
  }

  onResponseEnd(): void {
    if (this.#failure) return;
    const [first] = this.#chunks;
    const body = this.#chunks.length === 1 && first ? first : Buffer.concat(this.#chunks);
    this.#response = { status: this.#status, headers: this.#headers, text: body.toString('utf8') };
    const ended = this.#wire;
    this.#wire = null;
    ended?.(this.#response);
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    const code = 'code' in error && typeof error.code === 'string' ? error.code : null;
    if (code === 'UND_ERR_CONNECT_TIMEOUT') this.fail('timeout', code);
    else if (code === 'UND_ERR_INVALID_ARG') this.fail('interceptor', 'it set a header that cannot be sent');
    else this.fail(code !== null && isCertificateProblem(code) ? 'tls' : 'connection', code);
  }
}

/** Node's names for a peer that could not prove its identity, and for a handshake that failed. */
function isCertificateProblem(code: string): boolean {
  return /^(CERT_|ERR_TLS_|ERR_SSL_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|EPROTO$)/.test(code);
}
