import type { ConnecDelivery } from './connec-delivery.js';
import {
  type DeliveryClaim,
  DeliveryLedger,
  type DeliveryVerdict,
  finishedHandlers,
  handledState,
  judge,
  type RecordState,
  versionOf,
} from './delivery-ledger.js';

/** Records remembered in each of the two generations. */
const RECORDS_PER_GENERATION = 50_000;

interface Slot {
  state: RecordState | null;
  /** The claim that runs, and who waits for it. */
  running: MemoryClaim | null;
}

interface MemoryClaim extends DeliveryClaim {
  readonly slot: Slot;
  readonly delivery: ConnecDelivery;
  waiting: { readonly promise: Promise<void>; readonly wake: () => void } | null;
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

  override claim(marketplace: string, delivery: ConnecDelivery): DeliveryVerdict | Promise<DeliveryVerdict> {
    const slot = this.#slot(marketplace, delivery);
    if (slot.running) return this.#wait(slot.running, marketplace, delivery);
    const verdict = judge(slot.state, delivery);
    if (verdict !== 'handle') return verdict;
    const claim: MemoryClaim = {
      slot,
      delivery,
      waiting: null,
      finished: finishedHandlers(slot.state, delivery),
    };
    slot.running = claim;
    return claim;
  }

  override complete(claim: DeliveryClaim): boolean {
    const { slot, delivery } = claim as MemoryClaim;
    slot.state = handledState(slot.state, delivery);
    this.#end(claim as MemoryClaim);
    return true;
  }

  override release(claim: DeliveryClaim, finished: readonly string[]): void {
    const { slot, delivery } = claim as MemoryClaim;
    const { at = null, digests = [] } = slot.state ?? {};
    slot.state = { at, digests, unfinished: { version: versionOf(delivery), handlers: finished } };
    this.#end(claim as MemoryClaim);
  }

  #end(claim: MemoryClaim): void {
    claim.slot.running = null;
    claim.waiting?.wake();
  }

  async #wait(running: MemoryClaim, marketplace: string, delivery: ConnecDelivery): Promise<DeliveryVerdict> {
    if (!running.waiting) {
      let wake: () => void = () => undefined;
      const promise = new Promise<void>((resolve) => {
        wake = resolve;
      });
      running.waiting = { promise, wake };
    }
    await running.waiting.promise;
    return this.claim(marketplace, delivery);
  }

  #slot(marketplace: string, { groupUid, resource, recordKey }: ConnecDelivery): Slot {
    const scope = this.#scopeOf(marketplace, groupUid, resource);
    const young = scope.young.get(recordKey);
    if (young) return young;
    const slot = scope.old?.get(recordKey) ?? { state: null, running: null };
    if (this.#rotate()) return this.#keep(this.#scopeOf(marketplace, groupUid, resource), recordKey, slot);
    return this.#keep(scope, recordKey, slot);
  }

  #keep(scope: Scope, recordKey: string, slot: Slot): Slot {
    scope.young.set(recordKey, slot);
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
