import { MaestranoHttpError } from '../errors/http.error.js';
import { MaestranoHttp } from '../http/maestrano-http.service.js';
import type { HttpResponse, HttpCall, HttpTarget } from '../http/http.types.js';

/** The response to a scripted call. */
export interface ScriptedResponse {
  /** 200 by default. */
  readonly status?: number;
  /** Body as JSON. */
  readonly json?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A call that was made, without its credentials. */
export interface RecordedCall {
  /** The marketplace's name, or `developer-platform`. */
  readonly target: string;
  /** Route template such as `POST account/bills`. */
  readonly operation: string;
  readonly path: string;
  readonly body: unknown;
}

/**
 * Stands in for everything that leaves the package: no socket is opened. Calls get scripted responses, by
 * operation, and recorded; one that nobody scripted fails like a server that is not there.
 */
export class ScriptedHttp extends MaestranoHttp {
  /** Every call in order. */
  readonly calls: RecordedCall[] = [];
  readonly #responses = new Map<string, (ScriptedResponse | ((call: RecordedCall) => ScriptedResponse))[]>();

  /**
   * Scripts the response to an operation such as `POST account/bills`. Several are used in turn, the last one from
   * then on.
   */
  reply(
    operation: string,
    ...responses: readonly (ScriptedResponse | ((call: RecordedCall) => ScriptedResponse))[]
  ): this {
    this.#responses.set(operation, [...(this.#responses.get(operation) ?? []), ...responses]);
    return this;
  }

  /** Forgets scripts and calls. */
  reset(): void {
    this.#responses.clear();
    this.calls.length = 0;
  }

  override async request(target: HttpTarget, call: HttpCall): Promise<HttpResponse> {
    const recorded = { target: target.name, operation: call.operation, path: call.path, body: call.body };
    this.calls.push(recorded);
    const scripted = this.#responses.get(call.operation);
    const next = scripted && scripted.length > 1 ? scripted.shift() : scripted?.[0];
    if (!next) {
      throw new MaestranoHttpError('http.connection', {
        message: 'No response is scripted, and tests open no connection.',
        marketplace: target.name,
        operation: call.operation,
        attempts: 1,
        sent: 'no',
        remedy: `Call reply('${call.operation}', { json: … }) on ScriptedHttp.`,
      });
    }
    const { status = 200, json, headers = {} } = typeof next === 'function' ? next(recorded) : next;
    const text = json === undefined ? '' : JSON.stringify(json);
    // What a real response's text parses to: dates are texts by then, and nothing is shared with the script.
    return { status, headers, text, json: text ? JSON.parse(text) : undefined, attempts: 1, requestId: null };
  }

  override onApplicationBootstrap(): void {}
}
