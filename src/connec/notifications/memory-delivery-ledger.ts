import type { ConnecDelivery } from './connec-delivery.js';
import {
  type DeliveryClaim,
  DeliveryLedger,
  type DeliveryVerdict,
  finishedHandlers,
  judge,
  noteHandled,
  noteUnfinished,
  type RecordState,
} from './delivery-ledger.js';

/** Records remembered in each of the two generations. */
const RECORDS_PER_GENERATION = 50_000;

/** A record, and the claim on it: there is one at a time, and hundreds of objects less in a request. */
class Slot implements RecordState, DeliveryClaim {
  at = Number.NEGATIVE_INFINITY;
  digests: readonly string[] = [];
  unfinished: RecordState['unfinished'] = null;
  finished: readonly string[] = [];
  /** Whether a delivery of the record is being handled. Not which: old objects that point at new ones cost dearly. */
  running = false;
  /** Who waits for that. */
  waiting: { readonly promise: Promise<void>; readonly wake: () => void } | null = null;
}

type Generation = Map<string, Map<string, Slot>>;

interface Scope {
  readonly marketplace: string;
  readonly groupUid: string;
  readonly resource: string;
  readonly young: Map<string, Slot>;
  readonly old: ReadonlyMap<string, Slot> | undefined;
}

/**
 * The ledger of a single process. Records are kept in two generations: when the young one is full or old, it becomes
 * the old one and what was old is forgotten, so memory is bounded and nothing needs sweeping.
 */
export class MemoryDeliveryLedger extends DeliveryLedger {
  #young: Generation = new Map();
  #old: Generation = new Map();
  #last: Scope | null = null;
  #size = 0;
  #since = Date.now();

  constructor(
    private readonly rememberMs: number,
    private readonly capacity = RECORDS_PER_GENERATION,
  ) {
    super();
  }

  override claim(delivery: ConnecDelivery): DeliveryVerdict | Promise<DeliveryVerdict> {
    const slot = this.#slot(delivery);
    if (slot.running) return this.#wait(slot, delivery);
    const verdict = judge(slot, delivery);
    if (verdict !== 'handle') return verdict;
    slot.finished = finishedHandlers(slot, delivery);
    slot.running = true;
    return slot;
  }

  override complete(claim: DeliveryClaim, delivery: ConnecDelivery): boolean {
    const slot = claim as Slot;
    noteHandled(slot, delivery);
    end(slot);
    return true;
  }

  override release(claim: DeliveryClaim, delivery: ConnecDelivery, finished: readonly string[]): void {
    const slot = claim as Slot;
    noteUnfinished(slot, delivery, finished);
    end(slot);
  }

  async #wait(slot: Slot, delivery: ConnecDelivery): Promise<DeliveryVerdict> {
    if (!slot.waiting) {
      let wake: () => void = () => undefined;
      const promise = new Promise<void>((resolve) => {
        wake = resolve;
      });
      slot.waiting = { promise, wake };
    }
    await slot.waiting.promise;
    return this.claim(delivery);
  }

  #slot({ marketplace: { name }, groupUid, resource, recordKey }: ConnecDelivery): Slot {
    const scope = this.#scopeOf(name, groupUid, resource);
    const young = scope.young.get(recordKey);
    if (young) return young;
    const slot = scope.old?.get(recordKey) ?? new Slot();
    const kept = this.#rotate() ? this.#scopeOf(name, groupUid, resource) : scope;
    kept.young.set(recordKey, slot);
    this.#size += 1;
    return slot;
  }

  /** The records of a group's resource. Entities come in runs of one resource: the last answer is mostly the next. */
  #scopeOf(marketplace: string, groupUid: string, resource: string): Scope {
    const last = this.#last;
    if (
      last !== null &&
      last.resource === resource &&
      last.groupUid === groupUid &&
      last.marketplace === marketplace
    ) {
      return last;
    }
    const key = `${marketplace}\n${groupUid}\n${resource}`;
    let young = this.#young.get(key);
    if (!young) this.#young.set(key, (young = new Map()));
    return (this.#last = { marketplace, groupUid, resource, young, old: this.#old.get(key) });
  }

  /** Whether a new generation began. */
  #rotate(): boolean {
    if (this.#size < this.capacity && Date.now() - this.#since < this.rememberMs) return false;
    this.#old = this.#young;
    this.#young = new Map();
    this.#last = null;
    this.#size = 0;
    this.#since = Date.now();
    return true;
  }
}

function end(slot: Slot): void {
  const { waiting } = slot;
  slot.running = false;
  slot.waiting = null;
  waiting?.wake();
}
