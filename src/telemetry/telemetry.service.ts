import { Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';

import { MaestranoHttp } from '../http/maestrano-http.service.js';
import { MarketplaceLoader } from '../marketplace/marketplace-loader.js';
import { EndpointDispatcher } from '../routing/dispatch/endpoint-dispatcher.service.js';
import { LoginTraceService } from '../sso/trace/login-trace.service.js';
import { errorCode } from '../utils/error-code.js';
import { observeCalls } from './call-telemetry.js';
import { endpointObserver } from './endpoint-telemetry.js';
import { observeGauges } from './gauges.js';
import type { OpenTelemetryApi } from './open-telemetry-api.js';
import { ATTRIBUTES, INSTRUMENTATION, METRICS } from './telemetry-names.js';

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
  ) {}

  async onModuleInit(): Promise<void> {
    const api = await loadApi();
    if (!api) return;
    const tracer = api.trace.getTracer(INSTRUMENTATION);
    const meter = api.metrics.getMeter(INSTRUMENTATION);
    const signOns = meter.createCounter(METRICS.signOns, { description: 'Sign-ons by outcome' });
    const subscription = this.traces.recorded.subscribe(({ marketplace, refusal }) =>
      signOns.add(1, { [ATTRIBUTES.marketplace]: marketplace, [ATTRIBUTES.outcome]: refusal ?? 'accepted' }),
    );
    this.#undo.push(
      this.dispatcher.observe(endpointObserver(api, tracer, meter)),
      this.http.observe(observeCalls(api, tracer, meter)),
      observeGauges(meter, this.http, this.loader),
      () => subscription.unsubscribe(),
    );
  }

  onModuleDestroy(): void {
    for (const undo of this.#undo.splice(0)) undo();
  }
}

/** Under this symbol all copies of the API share what an SDK registered. */
const REGISTRATIONS = Symbol.for('opentelemetry.js.api.1');

/** Null when no SDK is registered or the package is not installed: then it would cost start-up time for nothing. */
async function loadApi(): Promise<OpenTelemetryApi | null> {
  if (Reflect.get(globalThis, REGISTRATIONS) === undefined) return null;
  try {
    return await import('@opentelemetry/api');
  } catch (error) {
    // Under jest a missing package has the CommonJS code.
    if (errorCode(error) === 'ERR_MODULE_NOT_FOUND' || errorCode(error) === 'MODULE_NOT_FOUND') return null;
    throw error;
  }
}
