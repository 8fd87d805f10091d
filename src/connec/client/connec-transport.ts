import {
  CONNEC_ERROR_CODES,
  ConnecError,
  type ConnecErrorCode,
  type ConnecProblem,
} from '../../errors/connec.error.js';
import type { HttpAnswer, HttpMethod, HttpTarget } from '../../http/http.types.js';
import type { MaestranoHttp } from '../../http/maestrano-http.service.js';
import { connecTarget } from '../../http/marketplace-target.js';
import type { ConnecClientOptions } from '../../interfaces/connec-options.interface.js';
import type { Marketplace } from '../../interfaces/marketplace.interface.js';

/** Media type of all SDKs (protocol §9.2). */
const CONNEC_MEDIA_TYPE = 'application/vnd.api+json';
const DEFAULT_MAX_RESPONSE_BYTES = 20 * 1024 * 1024;

/** What a single call may decide for itself. */
export interface ConnecCallOptions {
  /** Milliseconds for one attempt. */
  readonly timeoutMs?: number;
  /** Milliseconds over all attempts; twice the timeout by default. */
  readonly deadlineMs?: number;
  readonly signal?: AbortSignal;
}

/** One call of the client, before it has credentials and headers. */
export interface ConnecCall extends ConnecCallOptions {
  readonly method: HttpMethod;
  /** Absolute path with query. */
  readonly path: string;
  /** Such as `GET connec/:group/:resource`. */
  readonly operation: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** An answer below 300 with a JSON value. */
export interface ConnecAnswer {
  readonly status: number;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly data: unknown;
  readonly attempts: number;
}

/**
 * Sends calls of one group (or of none) to one marketplace's Connec!: headers, limits and typed errors
 * (protocol §9.2, §9.10). Holds nothing that another group or marketplace could see.
 */
export class ConnecTransport {
  readonly #target: HttpTarget;
  readonly #headers: Readonly<Record<string, string>>;

  /** @throws ConnecError `connec.disabled` */
  constructor(
    private readonly http: MaestranoHttp,
    readonly marketplace: Marketplace,
    private readonly group: string | null,
    readonly options: ConnecClientOptions,
  ) {
    const target = connecTarget(marketplace);
    if (!marketplace.connec.enabled || !target) {
      throw new ConnecError(`Marketplace "${marketplace.name}" does not share data.`, {
        code: 'connec.disabled',
        marketplace: marketplace.name,
        remedy: 'Configure connec.host of the marketplace, and leave connec.enabled on.',
      });
    }
    this.#target = target;
    const country = options.countryFormat === undefined ? 'alpha2' : options.countryFormat;
    this.#headers = {
      accept: CONNEC_MEDIA_TYPE,
      ...(options.externalIds ? { 'connec-external-ids': 'true' } : {}),
      ...(country === null ? {} : { 'connec-country-format': country }),
    };
  }

  /**
   * @throws ConnecError when Connec! answers with anything but success
   * @throws MaestranoHttpError when no answer came
   */
  async send(call: ConnecCall): Promise<ConnecAnswer> {
    const timeoutMs = call.timeoutMs ?? this.options.timeoutMs ?? this.marketplace.connec.timeoutMs;
    const answer = await this.http.request(this.#target, {
      method: call.method,
      path: call.path,
      operation: call.operation,
      headers: {
        ...this.#headers,
        ...(call.body === undefined ? {} : { 'content-type': CONNEC_MEDIA_TYPE }),
        ...call.headers,
      },
      body: call.body,
      timeoutMs,
      deadlineMs: call.deadlineMs ?? 2 * timeoutMs,
      maxResponseBytes: this.options.maxResponseBytes ?? DEFAULT_MAX_RESPONSE_BYTES,
      ...(call.signal ? { signal: call.signal } : {}),
    });
    if (answer.status >= 300) throw this.refusal(call.operation, answer);
    if (answer.json === undefined && answer.text.trim() !== '') {
      throw this.unexpected(call.operation, answer, 'The answer is not JSON.');
    }
    return { status: answer.status, headers: answer.headers, data: answer.json, attempts: answer.attempts };
  }

  /** The typed error for an answer that is not a success. */
  refusal(operation: string, answer: Pick<HttpAnswer, 'status' | 'json' | 'attempts'>): ConnecError {
    const problems = problemsOf(answer.json);
    const code = codeOf(answer.status);
    const codes = problems.flatMap((problem) => (problem.code === null ? [] : [problem.code]));
    const said = codes.length > 0 ? ` (${codes.slice(0, 5).join(', ')})` : '';
    return new ConnecError(
      `${operation} on "${this.marketplace.name}" was answered with ${answer.status}${said}. ${CONNEC_ERROR_CODES[code]}`,
      { ...this.details(operation, answer), code, problems, remedy: REMEDIES[code] },
    );
  }

  /** The typed error for a success whose content is not as documented. */
  unexpected(
    operation: string,
    answer: Pick<HttpAnswer, 'status' | 'attempts'>,
    message: string,
  ): ConnecError {
    return new ConnecError(`${operation} on "${this.marketplace.name}": ${message}`, {
      ...this.details(operation, answer),
      code: 'connec.unexpectedAnswer',
      remedy:
        'Check connec.host and connec.base_path of the marketplace, and that no proxy answers in between.',
    });
  }

  private details(operation: string, answer: Pick<HttpAnswer, 'status' | 'attempts'>) {
    return {
      marketplace: this.marketplace.name,
      group: this.group ?? undefined,
      operation,
      status: answer.status,
      attempts: answer.attempts,
    };
  }
}

const REMEDIES: Partial<Record<ConnecErrorCode, string>> = {
  'connec.invalid': 'The error\'s "problems" say which field.',
  'connec.unauthorized': 'Check that the group is one of this marketplace and still uses the application.',
  'connec.conflict': 'Send no plain "id" when creating; link with external ids or update the record instead.',
  'connec.unexpectedAnswer': 'Check connec.host of the marketplace: redirects are not followed.',
};

function codeOf(status: number): ConnecErrorCode {
  if (status < 400) return 'connec.unexpectedAnswer';
  if (status === 401 || status === 403) return 'connec.unauthorized';
  if (status === 404) return 'connec.notFound';
  if (status === 409) return 'connec.conflict';
  if (status === 429) return 'connec.rateLimited';
  return status < 500 ? 'connec.invalid' : 'connec.server';
}

/** Most entries of an `errors` array that are kept. */
const MAX_PROBLEMS = 50;

function problemsOf(body: unknown): ConnecProblem[] {
  const errors = typeof body === 'object' && body !== null ? (body as { errors?: unknown }).errors : null;
  if (!Array.isArray(errors)) return [];
  return errors.slice(0, MAX_PROBLEMS).flatMap((entry: unknown) => {
    if (typeof entry !== 'object' || entry === null) return [];
    const { status, code, title, detail } = entry as Record<string, unknown>;
    return [{ status: textOf(status), code: textOf(code), title: textOf(title), detail: textOf(detail) }];
  });
}

function textOf(value: unknown): string | null {
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' ? value.slice(0, 1000) : null;
}
