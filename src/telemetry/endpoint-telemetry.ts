import { HttpException } from '@nestjs/common';
import type { Attributes, Meter, Tracer } from '@opentelemetry/api';

import { MaestranoError } from '../errors/maestrano.error.js';
import type { EndpointObserver } from '../routing/dispatch/endpoint-dispatcher.service.js';
import { ATTRIBUTES, DURATION, METRICS, type OpenTelemetryApi } from './open-telemetry.js';

/** A span and a measurement for each request that an endpoint serves; calls made meanwhile are its children. */
export function endpointObserver(api: OpenTelemetryApi, tracer: Tracer, meter: Meter): EndpointObserver {
  const duration = meter.createHistogram(METRICS.endpointDuration, {
    description: 'Requests that marketplaces and browsers sent to our endpoints',
    ...DURATION,
  });
  return async (call, { method }, response, work) => {
    const attributes: Attributes = {
      [ATTRIBUTES.marketplace]: call.marketplace.name,
      [ATTRIBUTES.endpoint]: call.endpoint,
      [ATTRIBUTES.method]: method,
    };
    const started = performance.now();
    const span = tracer.startSpan(`maestrano ${call.endpoint}`, { attributes });
    try {
      await api.context.with(api.trace.setSpan(api.context.active(), span), work);
      const status = statusOf(response);
      if (status !== null) attributes[ATTRIBUTES.status] = status;
    } catch (error) {
      if (error instanceof HttpException) attributes[ATTRIBUTES.status] = error.getStatus();
      attributes[ATTRIBUTES.error] = errorType(error);
      span.setStatus({ code: api.SpanStatusCode.ERROR });
      throw error;
    } finally {
      duration.record((performance.now() - started) / 1000, attributes);
      span.setAttributes(attributes);
      span.end();
    }
  };
}

/** Express and Fastify both call it `statusCode`. */
function statusOf(response: unknown): number | null {
  const status: unknown =
    typeof response === 'object' && response !== null ? Reflect.get(response, 'statusCode') : null;
  return typeof status === 'number' ? status : null;
}

/** A code of ours, or the name of the class: a message may hold anything. */
function errorType(error: unknown): string {
  if (error instanceof MaestranoError) return error.code;
  return error instanceof Error ? error.name : 'unknown';
}
