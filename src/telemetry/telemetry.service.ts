import { Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import type { BatchObservableResult, Meter, ObservableResult } from '@opentelemetry/api';

import { SilenceWatch } from '../health/silence-watch.service.js';
import { MaestranoHttp } from '../http/maestrano-http.service.js';
import { MarketplaceLoader } from '../marketplace/marketplace-loader.js';
import { EndpointDispatcher } from '../routing/dispatch/endpoint-dispatcher.service.js';
import { LoginTraceService } from '../sso/trace/login-trace.service.js';
import { MaestranoStore } from '../stores/maestrano-store.js';
import { StoreWithDeadline } from '../stores/store-with-deadline.js';
import { observeCalls } from './call-telemetry.js';
import { endpointObserver } from './endpoint-telemetry.js';
import { storeObserver } from './store-telemetry.js';
import { ATTRIBUTES, INSTRUMENTATION, loadOpenTelemetry, METRICS } from './open-telemetry.js';

/**
 * Spans and metrics through OpenTelemetry's API, when the application has `@opentelemetry/api` installed and an SDK
 * registered; nothing at all otherwise. Everything is named by route template, never by URL.
 */
@Injectable()
export class TelemetryService implements OnModuleInit, OnModuleDestroy {
  readonly #undo: (() => void)[] = [];

  constructor(
    private readonly http: MaestranoHttp,
    private readonly dispatcher: EndpointDispatcher,
    private readonly traces: LoginTraceService,
    private readonly loader: MarketplaceLoader,
    private readonly store: MaestranoStore,
    private readonly silence: SilenceWatch,
  ) {}

  async onModuleInit(): Promise<void> {
    const api = await loadOpenTelemetry();
    if (!api) return;
    const tracer = api.trace.getTracer(INSTRUMENTATION);
    const meter = api.metrics.getMeter(INSTRUMENTATION);
    const logins = meter.createCounter(METRICS.logins, { description: 'Logins by outcome' });
    const subscription = this.traces.recorded.subscribe(({ marketplace, rejection }) =>
      logins.add(1, {
        [ATTRIBUTES.marketplace]: marketplace,
        [ATTRIBUTES.outcome]: rejection ?? 'accepted',
      }),
    );
    this.#undo.push(
      this.dispatcher.observe(endpointObserver(api, tracer, meter)),
      this.http.observe(observeCalls(api, tracer, meter)),
      observeGauges(meter, this.http, this.loader),
      observeSilence(meter, this.silence),
      () => subscription.unsubscribe(),
    );
    if (this.store instanceof StoreWithDeadline) this.#undo.push(this.store.observe(storeObserver(meter)));
  }

  onModuleDestroy(): void {
    for (const undo of this.#undo.splice(0)) undo();
  }
}

/** States that are read when metrics are collected. Returns how to stop. */
function observeGauges(meter: Meter, http: MaestranoHttp, loader: MarketplaceLoader): () => void {
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

/** Which marketplaces and sources are silent, read when metrics are collected. Returns how to stop. */
function observeSilence(meter: Meter, watch: SilenceWatch): () => void {
  const gauge = meter.createObservableGauge(METRICS.silence, {
    description: 'Whether nothing comes any more where something used to',
  });
  const read = (result: ObservableResult): void => {
    for (const { kind, name } of watch.silences) {
      result.observe(1, { [ATTRIBUTES.kind]: kind, [ATTRIBUTES.marketplace]: name });
    }
  };
  gauge.addCallback(read);
  return () => gauge.removeCallback(read);
}
