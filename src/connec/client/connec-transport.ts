import {
  CONNEC_ERROR_CODES,
  MaestranoConnecError,
  type ConnecErrorCode,
  type ConnecProblem,
} from '../../errors/connec.error.js';
import type { HttpResponse, HttpMethod, HttpTarget } from '../../http/http.types.js';
import type { MaestranoHttp } from '../../http/maestrano-http.service.js';
import { connecTarget } from '../../http/marketplace-target.js';
import { retryAfterMs } from '../../http/retry-policy.js';
import type { Marketplace } from '../../interfaces/marketplace.interface.js';
import type { ConnecSettings } from '../../settings/maestrano-settings.js';
import { isRecord } from '../../utils/values.js';
import type { ConnecChanges, ConnecRecordOf } from './connec-resources.interface.js';

/** Media type of all SDKs (protocol §9.2). */
const CONNEC_MEDIA_TYPE = 'application/vnd.api+json';

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

/** A response below 300 with a JSON value. */
export interface ConnecResponse {
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

  /** @throws MaestranoConnecError `connec.disabled` */
  constructor(
    private readonly http: MaestranoHttp,
    readonly marketplace: Marketplace,
    private readonly group: string | null,
    readonly settings: ConnecSettings['client'],
  ) {
    const target = connecTarget(marketplace);
    if (!marketplace.connec.enabled || !target) {
      throw new MaestranoConnecError('connec.disabled', {
        message: `Marketplace "${marketplace.name}" does not share data.`,
        marketplace: marketplace.name,
        remedy: 'Configure connec.host of the marketplace, and leave connec.enabled on.',
      });
    }
    this.#target = target;
    const { externalIds, countryFormat } = settings;
    this.#headers = {
      accept: CONNEC_MEDIA_TYPE,
      ...(externalIds ? { 'connec-external-ids': 'true' } : {}),
      ...(countryFormat === null ? {} : { 'connec-country-format': countryFormat }),
    };
  }

  /**
   * @throws MaestranoConnecError when Connec! responds with anything but success
   * @throws MaestranoHttpError when no response came
   */
  async send(call: ConnecCall): Promise<ConnecResponse> {
    const timeoutMs = call.timeoutMs ?? this.settings.timeoutMs ?? this.marketplace.connec.timeoutMs;
    const response = await this.http.request(this.#target, {
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
      maxResponseBytes: this.settings.maxResponseBytes,
      ...(call.signal ? { signal: call.signal } : {}),
    });
    if (response.status >= 300) throw this.rejection(call.operation, response);
    if (response.json === undefined && response.text.trim() !== '') {
      throw this.unexpected(call.operation, response, 'The response is not JSON.');
    }
    return {
      status: response.status,
      headers: response.headers,
      data: response.json,
      attempts: response.attempts,
    };
  }

  /** The typed error for a response that is not a success. */
  rejection(
    operation: string,
    response: Pick<HttpResponse, 'status' | 'json' | 'attempts'> & Partial<Pick<HttpResponse, 'headers'>>,
  ): MaestranoConnecError {
    const problems = problemsOf(response.json);
    const code = codeOf(response.status);
    const codes = problems.flatMap((problem) => (problem.code === null ? [] : [problem.code]));
    const said = codes.length > 0 ? ` (${codes.slice(0, 5).join(', ')})` : '';
    return new MaestranoConnecError(code, {
      message: `${operation} on "${this.marketplace.name}" got a response with status ${response.status}${said}. ${CONNEC_ERROR_CODES[code].meaning}`,
      ...this.details(operation, response),
      problems,
      retryAfterMs: retryAfterMs(response.headers?.['retry-after'], Date.now()),
      remedy: REMEDIES[code],
    });
  }

  /** The typed error for a success whose content is not as documented. */
  unexpected(
    operation: string,
    response: Pick<HttpResponse, 'status' | 'attempts'>,
    message: string,
  ): MaestranoConnecError {
    return new MaestranoConnecError('connec.unexpectedAnswer', {
      message: `${operation} on "${this.marketplace.name}": ${message}`,
      ...this.details(operation, response),
      remedy:
        'Check connec.host and connec.base_path of the marketplace, and that no proxy responds in between.',
    });
  }

  private details(operation: string, response: Pick<HttpResponse, 'status' | 'attempts'>) {
    return {
      marketplace: this.marketplace.name,
      group: this.group ?? undefined,
      operation,
      status: response.status,
      attempts: response.attempts,
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
  const errors = isRecord(body) ? body.errors : null;
  if (!Array.isArray(errors)) return [];
  return errors.slice(0, MAX_PROBLEMS).flatMap((entry: unknown) => {
    if (!isRecord(entry)) return [];
    const { status, code, title, detail } = entry;
    return [{ status: textOf(status), code: textOf(code), title: textOf(title), detail: textOf(detail) }];
  });
}

function textOf(value: unknown): string | null {
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' ? value.slice(0, 1000) : null;
}

/** Fields that the platform sets; sending them back is at best ignored (protocol §9.4). */
const READ_ONLY = new Set(['created_at', 'updated_at', 'group_id', 'channel_id', 'resource_type']);

/** Body of POST and PUT: the plural resource name (or `company`) around the fields to write (protocol §9.3). */
export function toEnvelope<R extends string>(
  resource: R,
  changes: ConnecChanges<R>,
  matchingFields?: readonly (readonly string[])[],
): Record<string, unknown> {
  const fields: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(changes)) {
    if (!READ_ONLY.has(name)) fields[name] = value;
  }
  if (matchingFields) {
    const options = isRecord(fields.opts) ? fields.opts : {};
    fields.opts = { ...options, matching_fields: matchingFields };
  }
  return { [resource]: fields };
}

/** The single record of a response; undefined when the envelope does not hold one. */
export function fromEnvelope<R extends string>(resource: R, data: unknown): ConnecRecordOf<R> | undefined {
  const content = contentOf(resource, data);
  return isRecord(content) ? (content as ConnecRecordOf<R>) : undefined;
}

/** The records of a collection's response; undefined when the envelope does not hold a list. */
export function listFromEnvelope<R extends string>(
  resource: R,
  data: unknown,
): readonly ConnecRecordOf<R>[] | undefined {
  const content = contentOf(resource, data);
  return Array.isArray(content) && content.every(isRecord) ? (content as ConnecRecordOf<R>[]) : undefined;
}

function contentOf(resource: string, data: unknown): unknown {
  return isRecord(data) && Object.hasOwn(data, resource) ? data[resource] : undefined;
}
