import { HttpService } from '@nestjs/axios';
import axios, {
  AxiosError,
  AxiosHeaders,
  type AxiosInstance,
  type AxiosResponse,
  type InternalAxiosRequestConfig,
} from 'axios';

import type { HttpOptions } from '../interfaces/http-options.interface.js';
import { REDACTED } from '../utils/secret.js';
import type { AttemptFailure, AttemptFailureKind, AttemptResponse } from './http-attempt.js';
import { InterceptorError, type VisibleRequest } from './http-messages.js';
import type { HttpTarget } from './http.types.js';

/**
 * What axios offers and the adapter does not: better an error than a request that goes another way than its
 * interceptor believes.
 */
const UNSUPPORTED = [
  'auth',
  'cancelToken',
  'httpAgent',
  'httpsAgent',
  'params',
  'signal',
  'socketPath',
  'timeout',
  'transport',
] as const;

/** The axios codes of failures, for the interceptors that see them. */
const AXIOS_CODES: Partial<Record<AttemptFailureKind, string>> = {
  timeout: AxiosError.ETIMEDOUT,
  deadline: AxiosError.ETIMEDOUT,
  aborted: AxiosError.ERR_CANCELED,
  responseTooLarge: AxiosError.ERR_BAD_RESPONSE,
  interceptor: AxiosError.ERR_BAD_OPTION,
};

/**
 * The axios instances of `@nestjs/axios`, one for each marketplace: made with the first request of its snapshot and
 * gone with it, so that what an application adds to one never touches another.
 */
export class AxiosInstances {
  readonly #instances = new WeakMap<object, AxiosInstance>();

  /**
   * @param configure the `http.configure` option.
   * @param isCurrent whether an adapter belongs to a request under way.
   */
  constructor(
    private readonly configure: HttpOptions['configure'],
    private readonly isCurrent: (adapter: InternalAxiosRequestConfig['adapter']) => boolean,
  ) {}

  /** @throws whatever `configure` throws; the instance is not kept then, so that none is ever used half configured. */
  of(target: HttpTarget): AxiosInstance {
    let instance = this.#instances.get(target.owner);
    if (!instance) {
      instance = new HttpService(this.#create()).axiosRef;
      if (this.configure) runConfigure(this.configure, instance, target.name);
      this.#instances.set(target.owner, instance);
    }
    return instance;
  }

  #create(): AxiosInstance {
    const instance = axios.create();
    const defaults: Record<string, unknown> = instance.defaults;
    // Merged anew for every request, the usual defaults cost more than the wire; the adapter needs none of them.
    for (const name of Object.keys(defaults)) delete defaults[name];
    Object.assign(defaults, { allowAbsoluteUrls: false, maxRedirects: 0 });
    // The first one added runs last, behind all of the application's: without our adapter, axios would send the
    // request its own way, unlimited and unnoticed.
    const guard = (config: InternalAxiosRequestConfig | undefined): InternalAxiosRequestConfig => {
      if (config && this.isCurrent(config.adapter)) return config;
      throw new InterceptorError(
        'it made a request of its own, or returned another config than it was given',
      );
    };
    instance.interceptors.request.use(guard, undefined, { synchronous: true });
    return instance;
  }
}

function runConfigure(
  configure: NonNullable<HttpOptions['configure']>,
  instance: AxiosInstance,
  marketplace: string,
): void {
  const defaults: { headers?: unknown } = instance.defaults;
  defaults.headers = { common: {} };
  const returned: unknown = configure(instance, marketplace);
  if (returned instanceof Promise) {
    returned.catch(() => undefined);
    throw new InterceptorError('it returned a promise');
  }
  if (instance.defaults.adapter) throw new InterceptorError('it replaced the adapter');
  // Merging headers costs a twentieth of a request, also where there are none.
  if (JSON.stringify(defaults.headers) === '{"common":{}}') delete defaults.headers;
}

/** @throws InterceptorError when the request is no longer the one that was handed to the interceptors. */
export function rejectChanges(config: InternalAxiosRequestConfig, request: VisibleRequest): void {
  if (config.url !== request.url) throw new InterceptorError('it changed url');
  if (config.baseURL !== request.baseURL) throw new InterceptorError('it changed baseURL');
  if (config.method?.toUpperCase() !== request.method) throw new InterceptorError('it changed method');
  if (config.data !== request.data) throw new InterceptorError('it changed data');
  for (const name of UNSUPPORTED) {
    if (config[name] !== undefined) throw new InterceptorError(`it set ${name}`);
  }
}

/** A response as interceptors see it. */
export function toAxiosResponse(
  { status, headers, text }: AttemptResponse,
  { service }: HttpTarget,
  config: InternalAxiosRequestConfig,
): AxiosResponse {
  // The developer platform's response holds the keys of all marketplaces.
  const data = service === 'developer-platform' ? REDACTED : text;
  return { status, statusText: '', headers: new ResponseHeaders(headers), data, config };
}

/** A failure as interceptors see it. */
export function toAxiosError(
  { kind, reason, message }: AttemptFailure,
  config: InternalAxiosRequestConfig,
): AxiosError {
  return new AxiosError(message, AXIOS_CODES[kind] ?? reason ?? AxiosError.ERR_NETWORK, config);
}

/** Response headers as undici reads them: lower case and clean already, so there is nothing to normalise. */
class ResponseHeaders extends AxiosHeaders {
  constructor(headers: Readonly<Record<string, string>>) {
    super();
    Object.assign(this, headers);
  }

  override normalize(): AxiosHeaders {
    return this;
  }
}
