import { Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import type { BatchObservableResult, Meter } from '@opentelemetry/api';

import type { GroupReference } from '../../adapters/maestrano-group.adapter.js';
import { MaestranoError } from '../../errors/maestrano.error.js';
import {
  ATTRIBUTES,
  INSTRUMENTATION,
  loadOpenTelemetry,
  METRICS,
  type OpenTelemetryApi,
} from '../../telemetry/open-telemetry.js';
import type { RunCounters } from '../engine/run-context.js';
import type { SyncRunResult } from '../engine/sync-engine.js';
import { HELD_FOR_PERSONS } from './group-trouble.js';
import { SyncWatch } from './sync-watch.service.js';

/** What is counted: what became of records, and on which side. */
const OUTCOMES: Readonly<
  Record<keyof RunCounters, { readonly outcome: string; readonly direction?: 'app' | 'connec' }>
> = {
  read: { outcome: 'read' },
  createdInApp: { outcome: 'created', direction: 'app' },
  createdInConnec: { outcome: 'created', direction: 'connec' },
  updatedInApp: { outcome: 'updated', direction: 'app' },
  updatedInConnec: { outcome: 'updated', direction: 'connec' },
  archived: { outcome: 'archived', direction: 'connec' },
  rejected: { outcome: 'rejected' },
  unknown: { outcome: 'unknown' },
};

type Around<T> = (work: () => Promise<T>) => Promise<T>;

/**
 * A span and measurements for each run, through OpenTelemetry's API where an SDK is registered; nothing at all otherwise.
 * Names of marketplaces, entities and outcomes only: no id of a group or record (synchronization §5.10).
 */
@Injectable()
export class SyncTelemetry implements OnModuleInit, OnModuleDestroy {
  #around: ((group: GroupReference) => Around<SyncRunResult>) | null = null;
  #undo: (() => void) | null = null;

  constructor(private readonly watch: SyncWatch) {}

  /** @internal Nest's own hook. */
  async onModuleInit(): Promise<void> {
    const api = await loadOpenTelemetry();
    if (!api) return;
    const meter = api.metrics.getMeter(INSTRUMENTATION);
    this.#around = measureRuns(api, meter);
    this.#undo = observeGroups(meter, this.watch);
  }

  /** @internal Nest's own hook. */
  onModuleDestroy(): void {
    this.#around = null;
    this.#undo?.();
  }

  /** Does a run, and measures it. */
  run(group: GroupReference, work: () => Promise<SyncRunResult>): Promise<SyncRunResult> {
    return this.#around === null ? work() : this.#around(group)(work);
  }
}

function measureRuns(api: OpenTelemetryApi, meter: Meter): (group: GroupReference) => Around<SyncRunResult> {
  const tracer = api.trace.getTracer(INSTRUMENTATION);
  const duration = meter.createHistogram(METRICS.syncRunDuration, {
    description: 'Runs of the synchronization',
    unit: 's',
  });
  const records = meter.createCounter(METRICS.syncRecords, {
    description: 'Records that the synchronization read or wrote',
  });
  return ({ marketplace }) =>
    async (work) => {
      const attributes: Record<string, string> = { [ATTRIBUTES.marketplace]: marketplace };
      const started = performance.now();
      const span = tracer.startSpan('maestrano sync', { attributes });
      try {
        const result = await api.context.with(api.trace.setSpan(api.context.active(), span), work);
        attributes[ATTRIBUTES.outcome] = result.status;
        const [first] = result.errors;
        if (first) {
          attributes[ATTRIBUTES.error] = first.code;
          span.setStatus({ code: api.SpanStatusCode.ERROR });
        }
        for (const [entity, counters] of Object.entries(result.entities)) {
          count(counters, (number, { outcome, direction }) =>
            records.add(number, {
              [ATTRIBUTES.marketplace]: marketplace,
              [ATTRIBUTES.entity]: entity,
              [ATTRIBUTES.outcome]: outcome,
              ...(direction === undefined ? {} : { [ATTRIBUTES.direction]: direction }),
            }),
          );
        }
        return result;
      } catch (error) {
        attributes[ATTRIBUTES.outcome] = 'failed';
        attributes[ATTRIBUTES.error] = error instanceof MaestranoError ? error.code : 'unknown';
        span.setStatus({ code: api.SpanStatusCode.ERROR });
        throw error;
      } finally {
        duration.record((performance.now() - started) / 1_000, attributes);
        span.setAttributes(attributes);
        span.end();
      }
    };
}

function count(
  counters: RunCounters,
  add: (number: number, of: { readonly outcome: string; readonly direction?: 'app' | 'connec' }) => void,
): void {
  for (const [name, of] of Object.entries(OUTCOMES)) {
    const number = counters[name as keyof RunCounters];
    if (number > 0) add(number, of);
  }
}

/** What is the matter with groups, read when metrics are collected. Returns how to stop. */
function observeGroups(meter: Meter, watch: SyncWatch): () => void {
  const held = meter.createObservableGauge(METRICS.syncHeld, {
    description: 'Records that are held back, and entities that are stopped or paused',
  });
  const lag = meter.createObservableGauge(METRICS.syncLag, {
    description: 'Age of the oldest record that is due',
    unit: 's',
  });
  const found = meter.createObservableGauge(METRICS.syncFoundBySweep, {
    description: 'Records that only a complete listing found',
  });
  const read = (result: BatchObservableResult): void => {
    for (const [marketplace, troubles] of watch.byMarketplace()) {
      const where = { [ATTRIBUTES.marketplace]: marketplace };
      const observe = (kind: string, number: number): void =>
        result.observe(held, number, { ...where, [ATTRIBUTES.kind]: kind });
      for (const kind of HELD_FOR_PERSONS) observe(kind, troubles.held[kind]);
      observe('stopped', troubles.stopped);
      observe('paused', troubles.paused);
      result.observe(lag, troubles.lagSeconds, where);
      result.observe(found, troubles.foundBySweep, where);
    }
  };
  const gauges = [held, lag, found];
  meter.addBatchObservableCallback(read, gauges);
  return () => meter.removeBatchObservableCallback(read, gauges);
}
