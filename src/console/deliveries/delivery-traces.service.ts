import { createHash } from 'node:crypto';

import { type BeforeApplicationShutdown, Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import type { Subscription } from 'rxjs';

import {
  ConnecNotificationCounters,
  type ReportedDelivery,
} from '../../connec/notifications/notification-stats.js';
import { MaestranoStore, type StoreWrite } from '../../stores/maestrano-store.js';
import { storeKey } from '../../stores/store-key.js';
import { LogThrottle } from '../../utils/log-throttle.js';
import { type DeliveryTrace, isTrouble, joined, newTrace, placeOf } from './delivery-trace.js';

/** Traces that are kept, by kind. A flood of what is well must not push out what failed. */
const KEPT = { settled: 1_000, trouble: 500 } as const;
type TraceKind = keyof typeof KEPT;
const KINDS = Object.keys(KEPT) as TraceKind[];
const KEPT_FOR_MS = 24 * 60 * 60_000;
/** How long what happened is gathered before it is written, in milliseconds, and how many of a kind are. */
const [GATHER_MS, GATHERED] = [2_000, 250];
/** After so many traces of a kind those beyond the limit are removed, so many at once. */
const [TRIM_EVERY, TRIMMED] = [100, 1_000];
/** Characters of a name: no two of those that are kept share one by chance. */
const NAME_LENGTH = 22;

/**
 * Keeps what became of the last deliveries for a day, of all instances that import the console: one call of the store
 * every two seconds for all of them together, so that no notification waits for it. Of more than 250 of a kind in two
 * seconds the others are left out, and what a process that dies had not written is lost: it is a list for people, and
 * nothing depends on it.
 */
@Injectable()
export class DeliveryTraces implements OnModuleInit, BeforeApplicationShutdown {
  readonly #logger = new Logger('MaestranoConsole');
  readonly #complaints = new LogThrottle();
  /** What happened since the last writing, by kind and by the name of the trace. */
  readonly #gathered: Readonly<Record<TraceKind, Map<string, DeliveryTrace>>> = {
    settled: new Map(),
    trouble: new Map(),
  };
  readonly #untrimmed: Record<TraceKind, number> = { settled: 0, trouble: 0 };
  #subscription: Subscription | null = null;
  #timer: NodeJS.Timeout | null = null;

  constructor(
    private readonly store: MaestranoStore,
    private readonly counters: ConnecNotificationCounters,
  ) {}

  onModuleInit(): void {
    this.#subscription ??= this.counters.deliveries.subscribe((one) => this.#gather(one));
  }

  /** Writes what was gathered; what ends later in this process is not kept. */
  async beforeApplicationShutdown(): Promise<void> {
    this.#subscription?.unsubscribe();
    this.#subscription = null;
    await this.flush();
  }

  /** The newest first, at most 1,500. */
  async list(): Promise<readonly DeliveryTrace[]> {
    const pages = await Promise.all(
      KINDS.map((kind) => this.store.page(indexOf(kind), { limit: KEPT[kind] })),
    );
    return pages
      .flatMap(({ entries }) => entries.map(({ value }) => read(value)))
      .toSorted((one, other) => (placeOf(one) < placeOf(other) ? 1 : -1));
  }

  /** One by its name; null when nothing is kept of it any more. */
  async find(id: string): Promise<DeliveryTrace | null> {
    const text = await this.store.get(keyOf(id));
    return text === null ? null : read(text);
  }

  /** Writes what was gathered now. Never rejects: a failing store costs the traces. */
  async flush(): Promise<void> {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    const gathered = KINDS.flatMap((kind) => [...this.#gathered[kind].values()]);
    for (const kind of KINDS) this.#gathered[kind].clear();
    if (gathered.length === 0) return;
    try {
      await this.#write(gathered);
    } catch (error) {
      if (!this.#complaints.isDue()) return;
      this.#logger.warn(
        `What became of ${gathered.length} deliveries is not in the list of the console: ${error instanceof Error ? error.name : 'error'}`,
      );
    }
  }

  #gather({ delivery, result, reason }: ReportedDelivery): void {
    const kind = kindOf(result);
    const gathered = this.#gathered[kind];
    if (gathered.size >= GATHERED) return;
    const { deliveryKey, marketplace, groupUid, resource, recordId, updatedAt, receivedAt, attempt } =
      delivery;
    const at = new Date().toISOString();
    const id = createHash('sha256').update(deliveryKey).digest('base64url').slice(0, NAME_LENGTH);
    const trace = newTrace(
      {
        id,
        marketplace: marketplace.name,
        groupUid,
        resource,
        recordId,
        updatedAt: updatedAt?.toISOString() ?? null,
        receivedAt: receivedAt ?? at,
      },
      { at, attempt, result, reason },
    );
    const before = gathered.get(id);
    gathered.set(id, before ? joined(before, trace) : trace);
    this.#timer ??= setTimeout(() => void this.flush(), GATHER_MS).unref();
  }

  async #write(gathered: readonly DeliveryTrace[]): Promise<void> {
    const traces = new Map<string, DeliveryTrace>();
    // What failed and was handled within the same two seconds is one trace, in the order of what happened.
    for (const trace of gathered.toSorted((one, other) => (one.at < other.at ? -1 : 1))) {
      const before = traces.get(trace.id);
      traces.set(trace.id, before ? joined(before, trace) : trace);
    }
    const found = await this.store.getMany([...traces.keys()].map(keyOf));
    const added: Record<TraceKind, number> = { settled: 0, trouble: 0 };
    const writes = [...traces.values()].map((trace, position): StoreWrite => {
      const text = found[position] ?? null;
      const whole = text === null ? trace : joined(read(text), trace);
      const kind = kindOf(whole.result);
      added[kind] += 1;
      const index = { name: indexOf(kind), at: Date.parse(whole.at) };
      return { key: keyOf(whole.id), value: JSON.stringify(whole), ttlMs: KEPT_FOR_MS, index };
    });
    await this.store.writeMany(writes);
    for (const kind of KINDS) await this.#trim(kind, added[kind]);
  }

  /** Removes what is beyond the limit, now and then. */
  async #trim(kind: TraceKind, added: number): Promise<void> {
    this.#untrimmed[kind] += added;
    if (this.#untrimmed[kind] < TRIM_EVERY) return;
    this.#untrimmed[kind] = 0;
    const { next } = await this.store.page(indexOf(kind), { limit: KEPT[kind] });
    if (next === null) return;
    const { entries } = await this.store.page(indexOf(kind), { before: next, limit: TRIMMED });
    await this.store.writeMany(entries.map(({ key }) => ({ key, value: null, ttlMs: null })));
  }
}

function kindOf(result: DeliveryTrace['result']): TraceKind {
  return isTrouble(result) ? 'trouble' : 'settled';
}

function read(text: string): DeliveryTrace {
  return JSON.parse(text) as DeliveryTrace;
}

function keyOf(id: string): string {
  return storeKey('delivery-trace', id);
}

function indexOf(kind: TraceKind): string {
  return storeKey('delivery-trace', 'of', kind);
}
