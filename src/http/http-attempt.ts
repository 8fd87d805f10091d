import type { Dispatcher } from 'undici';

import type { RequestSent } from '../errors/http.error.js';

/** Why an attempt brought no answer. */
export type AttemptFailureKind =
  'connection' | 'tls' | 'timeout' | 'deadline' | 'aborted' | 'responseTooLarge';

/** An attempt that brought no answer. Stays inside this folder: callers get a typed error. */
export class AttemptFailure extends Error {
  override readonly name = 'AttemptFailure';

  constructor(
    readonly kind: AttemptFailureKind,
    readonly sent: RequestSent,
    /** System or TLS code such as `ECONNREFUSED`; null when there is none. */
    readonly reason: string | null = null,
  ) {
    super(reason ?? kind);
  }
}

/** What one attempt received. */
export interface AttemptAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

/**
 * One attempt on the wire: collects the answer within its limit, and knows how far the request got. `sent` turns
 * `maybe` in the moment the request is about to be written, so that `no` is a proof.
 */
export class HttpAttemptExchange implements Dispatcher.DispatchHandler {
  readonly answer: Promise<AttemptAnswer>;
  #resolve!: (answer: AttemptAnswer) => void;
  #reject!: (failure: AttemptFailure) => void;
  #controller: Dispatcher.DispatchController | null = null;
  #failure: AttemptFailure | null = null;
  #sent: RequestSent = 'no';
  #status = 0;
  #headers: Readonly<Record<string, string>> = {};
  #size = 0;
  readonly #chunks: Buffer[] = [];

  constructor(private readonly maxBytes: number) {
    this.answer = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    // A failure before anybody waits for the answer is not an unhandled rejection.
    this.answer.catch(ignore);
  }

  /** Ends the attempt; a request that still waits for a connection is never written. */
  fail(kind: AttemptFailureKind, reason: string | null = null): void {
    if (this.#failure) return;
    this.#failure = new AttemptFailure(kind, this.#sent, reason);
    this.#controller?.abort(this.#failure);
    this.#reject(this.#failure);
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
    const [first] = this.#chunks;
    const body = this.#chunks.length === 1 && first ? first : Buffer.concat(this.#chunks);
    this.#resolve({ status: this.#status, headers: this.#headers, text: body.toString('utf8') });
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    const code = 'code' in error && typeof error.code === 'string' ? error.code : null;
    if (code === 'UND_ERR_CONNECT_TIMEOUT') this.fail('timeout', code);
    else this.fail(code !== null && isCertificateProblem(code) ? 'tls' : 'connection', code);
  }
}

function ignore(): void {}

/** Node's names for a peer that could not prove its identity, and for a handshake that failed. */
function isCertificateProblem(code: string): boolean {
  return /^(CERT_|ERR_TLS_|ERR_SSL_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|EPROTO$)/.test(code);
}
