import type { BatchObservableResult, Meter } from '@opentelemetry/api';

import type { MaestranoHttp } from '../http/maestrano-http.service.js';
import type { MarketplaceLoader } from '../marketplace/marketplace-loader.js';
import { ATTRIBUTES, METRICS } from './telemetry-names.js';

/** States that are read when metrics are collected. Returns how to stop. */
export function observeGauges(meter: Meter, http: MaestranoHttp, loader: MarketplaceLoader): () => void {
  const breaker = meter.createObservableGauge(METRICS.breakerOpen, {
    description: 'Whether calls to a server are stopped',
  });
  const age = meter.createObservableGauge(METRICS.configurationAge, {
    description: 'Age of the marketplaces',
    unit: 's',
  });
  const read = (result: BatchObservableResult): void => {
    for (const { target, service, breaker: state } of http.health()) {
      result.observe(breaker, state === 'open' ? 1 : 0, {
        [ATTRIBUTES.marketplace]: target,
        [ATTRIBUTES.service]: service,
      });
    }
    for (const { name, confirmedAt } of loader.status.sources) {
      if (confirmedAt)
        result.observe(age, (Date.now() - confirmedAt.getTime()) / 1000, { [ATTRIBUTES.source]: name });
    }
  };
  meter.addBatchObservableCallback(read, [breaker, age]);
  return () => meter.removeBatchObservableCallback(read, [breaker, age]);
}
