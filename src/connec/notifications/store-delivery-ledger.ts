import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';

import type { MaestranoStore } from '../../stores/maestrano-store.js';
import { storeKey } from '../../stores/store-key.js';
import type { ConnecDelivery } from './connec-delivery.js';
import {
  type DeliveryClaim,
  DeliveryLedger,
  type DeliveryVerdict,
  finishedHandlers,
  judge,
  newState,
  noteHandled,
  noteUnfinished,
  type RecordState,
} from './delivery-ledger.js';

/** How long a ledger's claims hold and its records are remembered, in milliseconds. */
export interface StoreDeliveryLedgerOptions {
  readonly leaseMs: number;
  readonly rememberMs: number;
  /** How long to wait for a record that is being handled elsewhere before answering `busy`. */
  readonly patienceMs: number;
}

interface StoreClaim extends DeliveryClaim {
  readonly recordKey: string;
  readonly lockKey: string;
  readonly token: string;
  /** What is stored while the handlers run, for comparing when it is written. */
  readonly seen: string;
  readonly state: RecordState;
}

/** After so many leases without a repetition, an update that a dead process had begun holds up older ones no more. */
const LEASES_TO_GIVE_UP = 10;
/** First and longest pause between two looks at a lock. */
const FIRST_POLL_MS = 10;
const MAX_POLL_MS = 200;

/**
 * The ledger of several instances that share a store. A lock for each record is renewed while its handler runs, and
 * ends by itself when the process died; what is remembered is written only if nobody else wrote meanwhile.
 */
export class StoreDeliveryLedger extends DeliveryLedger {
  readonly #running = new Set<StoreClaim>();
  #heartbeat: NodeJS.Timeout | null = null;

  constructor(
    private readonly store: MaestranoStore,
    private readonly options: StoreDeliveryLedgerOptions,
  ) {
    super();
  }

  override async claim(delivery: ConnecDelivery): Promise<DeliveryVerdict> {
    const { marketplace, groupUid, resource } = delivery;
    const parts = [marketplace.name, groupUid, resource, delivery.recordKey];
    const recordKey = storeKey('delivery', ...parts);
    const lockKey = storeKey('delivery-lock', ...parts);
    const token = randomUUID();
    const until = Date.now() + this.options.patienceMs;
    for (let wait = FIRST_POLL_MS; ; wait = Math.min(MAX_POLL_MS, wait * 2)) {
      // Most repetitions are known already, and need no lock to be told so.
      const known = judge(parse(await this.store.get(recordKey)), delivery);
      if (known === 'duplicate' || known === 'stale') return known;
      if (known === 'handle' && (await this.store.setIfAbsent(lockKey, token, this.options.leaseMs))) break;
      if (Date.now() >= until) return 'busy';
      await pause(wait);
    }
    const seen = await this.store.get(recordKey);
    const state = parse(seen);
    const verdict = judge(state, delivery);
    const begun = verdict === 'handle' ? await this.#begin(recordKey, seen, state, delivery) : null;
    if (begun === null) {
      await this.store.delete(lockKey, token);
      return verdict === 'handle' ? 'busy' : verdict;
    }
    const finished = finishedHandlers(state, delivery);
    const claim: StoreClaim = { recordKey, lockKey, token, seen: begun, state, finished };
    this.#running.add(claim);
    this.#beat();
    return claim;
  }

  override complete(claim: DeliveryClaim, delivery: ConnecDelivery): Promise<boolean> {
    noteHandled((claim as StoreClaim).state, delivery);
    return this.#end(claim as StoreClaim);
  }

  override async release(
    claim: DeliveryClaim,
    delivery: ConnecDelivery,
    finished: readonly string[],
  ): Promise<void> {
    noteUnfinished((claim as StoreClaim).state, delivery, finished);
    await this.#end(claim as StoreClaim);
  }

  /**
   * Notes that the handlers of this update are about to run, for whoever comes after a crash. Resolves with the text
   * that is stored then; null when somebody else wrote meanwhile.
   */
  async #begin(
    recordKey: string,
    seen: string | null,
    state: RecordState,
    { at }: ConnecDelivery,
  ): Promise<string | null> {
    const until = Date.now() + this.options.leaseMs * LEASES_TO_GIVE_UP;
    state.begun = at === null ? null : { at, until };
    const text = JSON.stringify(state);
    return (await this.#write(recordKey, seen, text)) ? text : null;
  }

  #write(recordKey: string, seen: string | null, text: string): Promise<boolean> {
    const { rememberMs } = this.options;
    return seen === null
      ? this.store.setIfAbsent(recordKey, text, rememberMs)
      : this.store.replace(recordKey, seen, text, rememberMs);
  }

  async #end(claim: StoreClaim): Promise<boolean> {
    this.#running.delete(claim);
    if (this.#running.size === 0 && this.#heartbeat) {
      clearInterval(this.#heartbeat);
      this.#heartbeat = null;
    }
    const { recordKey, seen, lockKey, token, state } = claim;
    state.begun = null;
    const written = await this.#write(recordKey, seen, JSON.stringify(state));
    await this.store.delete(lockKey, token);
    return written;
  }

  /** One timer for all claims, only while there are any. */
  #beat(): void {
    this.#heartbeat ??= setInterval(() => {
      for (const { lockKey, token } of this.#running) {
        // A missed renewal is made up for by the next; the lease is three of them.
        this.store.replace(lockKey, token, token, this.options.leaseMs).catch(() => undefined);
      }
    }, this.options.leaseMs / 3).unref();
  }
}

function parse(text: string | null): RecordState {
  const state = newState();
  if (text === null) return state;
  const stored = JSON.parse(text) as RecordState & { readonly at: number | null };
  // JSON has no number before all times: it is written as null.
  return { ...stored, at: stored.at ?? state.at };
}
