import type { Meter } from '@opentelemetry/api';

import { MaestranoError } from '../errors/maestrano.error.js';
import type { StoreObserver } from '../stores/store-with-deadline.js';
import { ATTRIBUTES, DURATION, METRICS } from './open-telemetry.js';

/** A measurement for each call of the application's store. Names only: no key, no value. */
export function storeObserver(meter: Meter): StoreObserver {
  const duration = meter.createHistogram(METRICS.storeDuration, {
    description: 'Calls of the store',
    ...DURATION,
  });
  return ({ operation, kind, ms, failure }) => {
    // Of a database the code underneath says more.
    const reason = failure?.cause instanceof MaestranoError ? failure.cause : failure;
    duration.record(ms / 1000, {
      [ATTRIBUTES.store]: kind,
      [ATTRIBUTES.operation]: operation,
      ...(reason ? { [ATTRIBUTES.error]: reason.code } : {}),
    });
  };
}
