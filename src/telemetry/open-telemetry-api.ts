/** The part of OpenTelemetry that its SDKs bring along; the types alone, erased by the compiler. */
export type OpenTelemetryApi = typeof import('@opentelemetry/api');
