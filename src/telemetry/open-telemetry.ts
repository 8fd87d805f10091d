import { errorCode } from '../utils/error-code.js';

/** The part of OpenTelemetry that its SDKs bring along; the types alone, erased by the compiler. */
export type OpenTelemetryApi = typeof import('@opentelemetry/api');

/** Name of our tracer and meter. */
export const INSTRUMENTATION = 'nestjs-maestrano';

/** Metrics; part of the public interface (docs/operations.md). Times are in seconds. */
export const METRICS = {
  /** Histogram: one attempt of an outgoing call. */
  clientDuration: 'maestrano.client.duration',
  /** Histogram: one request that an endpoint of ours served. */
  endpointDuration: 'maestrano.endpoint.duration',
  /** Histogram: one call of the application's store. */
  storeDuration: 'maestrano.store.duration',
  /** Counter: logins by outcome. */
  logins: 'maestrano.logins',
  /** Gauge: 1 while calls to a server are stopped, else 0. */
  breakerOpen: 'maestrano.client.breaker_open',
  /** Gauge: age of what a source of marketplaces confirmed last. */
  configurationAge: 'maestrano.configuration.age',
  /** Gauge: 1 for each marketplace, or source, from which nothing comes any more, by `maestrano.kind`. */
  silence: 'maestrano.silence',
  /** Histogram: one run of the synchronization of a group. */
  syncRunDuration: 'maestrano.sync.run.duration',
  /** Counter: records that the synchronization read and wrote. */
  syncRecords: 'maestrano.sync.records',
  /** Gauge: records that are held back, and entities that are stopped or paused, by `maestrano.kind`. */
  syncHeld: 'maestrano.sync.held',
  /** Gauge: age of the oldest record that is due. */
  syncLag: 'maestrano.sync.lag',
  /** Gauge: records that only a complete listing found. */
  syncFoundBySweep: 'maestrano.sync.found_by_sweep',
} as const;

/**
 * What histograms of durations have in common. Without bounds of our own an SDK takes those meant for milliseconds, and everything
 * lies in the first bucket; these are OpenTelemetry's for durations of HTTP requests, and two more for what may wait.
 */
export const DURATION = {
  unit: 's',
  advice: {
    explicitBucketBoundaries: [
      0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 30, 60,
    ],
  },
};

/** Attributes of spans and metrics. Route templates and names only: no id, no URL, no personal value. */
export const ATTRIBUTES = {
  marketplace: 'maestrano.marketplace',
  service: 'maestrano.service',
  operation: 'maestrano.operation',
  attempt: 'maestrano.attempt',
  requestId: 'maestrano.request_id',
  endpoint: 'maestrano.endpoint',
  outcome: 'maestrano.outcome',
  source: 'maestrano.source',
  kind: 'maestrano.kind',
  entity: 'maestrano.entity',
  direction: 'maestrano.direction',
  store: 'maestrano.store',
  method: 'http.request.method',
  status: 'http.response.status_code',
  error: 'error.type',
} as const;

/** Under this symbol all copies of the API share what an SDK registered. */
const REGISTRATIONS = Symbol.for('opentelemetry.js.api.1');

/** Null when no SDK is registered or the package is not installed: then it would cost start-up time for nothing. */
export async function loadOpenTelemetry(): Promise<OpenTelemetryApi | null> {
  if (Reflect.get(globalThis, REGISTRATIONS) === undefined) return null;
  try {
    return await import('@opentelemetry/api');
  } catch (error) {
    // Under jest a missing package has the CommonJS code.
    if (errorCode(error) === 'ERR_MODULE_NOT_FOUND' || errorCode(error) === 'MODULE_NOT_FOUND') return null;
    throw error;
  }
}
