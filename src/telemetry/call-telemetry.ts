import type { Attributes, Meter, Tracer } from '@opentelemetry/api';

import type { HttpHooks, HttpOutcome } from '../interfaces/http-options.interface.js';
import { ATTRIBUTES, DURATION, METRICS, type OpenTelemetryApi } from './open-telemetry.js';

/**
 * A client span and a measurement for each attempt of an outgoing call. The span is made when the attempt is over,
 * with its real beginning: the caller's span is still the active one then, and becomes its parent.
 */
export function observeCalls(api: OpenTelemetryApi, tracer: Tracer, meter: Meter): HttpHooks {
  const duration = meter.createHistogram(METRICS.clientDuration, {
    description: 'Attempts of calls to marketplaces and to the developer platform',
    ...DURATION,
  });
  return {
    onOutcome: (outcome) => {
      const attributes = attributesOf(outcome);
      const end = Date.now();
      duration.record(outcome.durationMs / 1000, attributes);
      const span = tracer.startSpan(outcome.operation, {
        kind: api.SpanKind.CLIENT,
        startTime: end - outcome.durationMs,
        attributes: {
          ...attributes,
          [ATTRIBUTES.attempt]: outcome.attempt,
          ...(outcome.requestId === null ? {} : { [ATTRIBUTES.requestId]: outcome.requestId }),
        },
      });
      if (ATTRIBUTES.error in attributes) span.setStatus({ code: api.SpanStatusCode.ERROR });
      span.end(end);
    },
  };
}

function attributesOf(outcome: HttpOutcome): Attributes {
  const { target, service, method, operation, status, errorCode } = outcome;
  const error = errorCode ?? (status !== null && status >= 400 ? String(status) : null);
  return {
    [ATTRIBUTES.marketplace]: target,
    [ATTRIBUTES.service]: service,
    [ATTRIBUTES.operation]: operation,
    [ATTRIBUTES.method]: method,
    ...(status === null ? {} : { [ATTRIBUTES.status]: status }),
    ...(error === null ? {} : { [ATTRIBUTES.error]: error }),
  };
}
