import { randomUUID } from 'node:crypto';

import { MaestranoConnecError } from '../../errors/connec.error.js';
import { MAX_BATCH, type MaestranoStore, type StoreWrite } from '../../stores/maestrano-store.js';
import type { TransactionalStore } from '../../stores/transactional-store.js';
import { inChunks } from '../../utils/chunks.js';
import type { ConnecDelivery } from './connec-delivery.js';
import {
  decide,
  finishedHandlers,
  handledState,
  type RecordLease,
  type RecordState,
  readState,
  unfinishedState,
  writeState,
} from './record-state.js';

/** How long a ledger's claims hold and its records are remembered, in milliseconds. */
export interface DeliveryLedgerOptions {
  readonly leaseMs: number;
  readonly rememberMs: number;
}

/** Leave to handle a delivery: nobody else handles the same record until {@link DeliveryLedger.complete}. */
export interface DeliveryClaim {
  readonly delivery: ConnecDelivery;
  /** Handlers that finished this very delivery at an earlier attempt. */
  readonly finished: readonly string[];
}

/** A claim, or why the delivery needs no handling, or that its record is being handled elsewhere. */
export type DeliveryDecision = DeliveryClaim | 'duplicate' | 'stale' | 'busy';

/** What became of a claim. */
export type DeliveryOutcome =
  | { readonly claim: DeliveryClaim; readonly result: 'handled' }
  /** Some handlers threw; `finished` are those that did not, at this attempt or an earlier one. */
  | { readonly claim: DeliveryClaim; readonly result: 'failed'; readonly finished: readonly string[] }
  /** No handler was begun: the record is left as it was found. */
  | { readonly claim: DeliveryClaim; readonly result: 'untouched' };

/** A claim with what it takes to end it. */
interface HeldClaim extends DeliveryClaim {
  /** What was stored before, and what that said. */
  readonly found: string | null;
  state: RecordState;
  lease: RecordLease;
  /** What is stored now. */
  stored: string;
  /** Whether it was ended in a transaction of a handler. */
  isEnded: boolean;
  /** What was stored when it was completed. */
  left?: string | null;
}

/** A handler that runs in a transaction. */
export interface TransactionalStep {
  readonly claim: DeliveryClaim;
  /** Handlers that are done when this one is, itself included. */
  readonly finished: readonly string[];
  /** Whether the delivery is handled then. */
  readonly isLast: boolean;
}

/**
 * Sees to it that the same delivery is handled once, that an older update never follows a newer one, and that two
 * updates of one record are never handled at the same time, by all instances that share the store (protocol §7.2).
 * Each record is one entry, decided and written on its own, with the lease of whoever handles it; many are one round
 * trip. Leases are renewed while handlers run, and end by themselves when the process died.
 */
export class DeliveryLedger {
  readonly #instance = randomUUID();
  #calls = 0;
  readonly #held = new Set<HeldClaim>();
  #heartbeat: NodeJS.Timeout | null = null;
  #renewing: Promise<void> | null = null;

  constructor(
    private readonly store: MaestranoStore,
    private readonly options: DeliveryLedgerOptions,
  ) {}

  /** What is stored of the records, for {@link DeliveryLedger.claim}. One round trip. */
  read(deliveries: readonly ConnecDelivery[]): Promise<(string | null)[]> {
    const keys = deliveries.map(({ storeKey }) => storeKey);
    return inChunks(keys, MAX_BATCH, (some) => this.store.getMany(some));
  }

  /**
   * Claims what has to be handled; a decision for each delivery. Of two updates of one record the second is `busy`
   * until the first is completed. One round trip.
   *
   * @param found what {@link DeliveryLedger.read} brought, or {@link DeliveryLedger.leftBy} said, a moment ago.
   */
  async claim(
    deliveries: readonly ConnecDelivery[],
    found: readonly (string | null)[],
  ): Promise<DeliveryDecision[]> {
    const now = Date.now();
    // One token does for all of them: a call claims a record once.
    const token = this.#newToken();
    const claimed = new Set<string>();
    const claims: HeldClaim[] = [];
    const decisions = deliveries.map((delivery, position): DeliveryDecision => {
      const stored = found[position] ?? null;
      const state = readState(stored);
      const decision = decide(state, delivery, now, this.options.leaseMs);
      if (decision !== 'handle') return decision;
      if (claimed.has(delivery.storeKey)) return 'busy';
      claimed.add(delivery.storeKey);
      const claim = newClaim(delivery, stored, state, { token, at: delivery.at, since: now });
      claims.push(claim);
      return claim;
    });
    const wrote = await this.#write(claims.map((claim) => this.#writeOf(claim, claim.found, claim.stored)));
    claims.forEach((claim, position) => {
      if (wrote[position]) this.#held.add(claim);
      else decisions[decisions.indexOf(claim)] = 'busy';
    });
    this.#beat();
    return decisions;
  }

  /**
   * Runs a handler in a transaction in which it is also written that the handler is done: both are kept, or neither.
   *
   * @throws MaestranoConnecError `connec.leaseLost` when another process took this one for dead; and what the work throws.
   */
  async within<T>(
    store: TransactionalStore,
    { claim, finished, isLast }: TransactionalStep,
    work: (transaction: unknown) => Promise<T>,
  ): Promise<T> {
    const held = claim as HeldClaim;
    const { delivery, state } = held;
    const next = isLast ? handledState(state, delivery) : unfinishedState(state, delivery, finished);
    /** Further handlers run under the same lease. */
    const text = (): string => writeState(isLast ? next : { ...next, lease: held.lease });
    try {
      const result = await store.transaction(async (inside, transaction) => {
        const value = await work(transaction);
        await this.#noteWithin(inside, held, text);
        return value;
      });
      held.state = next;
      held.stored = text();
      held.isEnded = isLast;
      return result;
    } finally {
      if (!held.isEnded) {
        this.#held.add(held);
        this.#beat();
      }
    }
  }

  /**
   * A renewal from now on would wait for the transaction. One under way is not waited for: it may wait for the same
   * connection, and what it wrote is read again.
   */
  async #noteWithin(store: MaestranoStore, held: HeldClaim, text: () => string): Promise<void> {
    this.#held.delete(held);
    const write = async (): Promise<boolean> => {
      const [kept = false] = await store.writeMany([this.#writeOf(held, held.stored, text())]);
      return kept;
    };
    if (await write()) return;
    const isOurs = (await this.#reread([held], store)).length > 0;
    if (isOurs && (await write())) return;
    throw new MaestranoConnecError('connec.leaseLost', { marketplace: held.delivery.marketplace.name });
  }

  /**
   * Writes what became of claims, and ends them. Says of each whether it was written: false when the claim was lost
   * meanwhile, because another process took it for dead. One round trip.
   */
  async complete(outcomes: readonly DeliveryOutcome[]): Promise<boolean[]> {
    // What a renewal is writing at this moment has to be known first; afterwards it renews these no more.
    if (this.#renewing) await this.#renewing;
    const claims = outcomes.map(({ claim }) => claim as HeldClaim);
    for (const claim of claims) this.#held.delete(claim);
    if (claims.some(({ isEnded }) => isEnded)) return this.#completeOthers(outcomes);
    const writes = outcomes.map((outcome, position) => this.#endOf(outcome, claims[position]!));
    const kept = await this.#write(writes);
    claims.forEach((claim, position) => {
      if (kept[position]) claim.left = writes[position]!.value;
    });
    // After a renewal whose response got lost, something else of ours is stored than we know.
    const missed = claims.filter((_, position) => !kept[position]);
    if (missed.length === 0) return kept;
    const ours = new Set(await this.#reread(missed));
    const again = claims.flatMap((claim, position) => (ours.has(claim) ? [position] : []));
    const wrote = await this.#write(
      again.map((position) => this.#endOf(outcomes[position]!, claims[position]!)),
    );
    again.forEach((position, at) => (kept[position] = wrote[at] ?? false));
    return kept;
  }

  /** What ended in a transaction is written. */
  async #completeOthers(outcomes: readonly DeliveryOutcome[]): Promise<boolean[]> {
    const isEnded = ({ claim }: DeliveryOutcome): boolean => (claim as HeldClaim).isEnded;
    const others = outcomes.filter((outcome) => !isEnded(outcome));
    const kept = await this.complete(others);
    return outcomes.map((outcome) => isEnded(outcome) || (kept[others.indexOf(outcome)] ?? false));
  }

  /**
   * Ends the claim of a delivery that was handled, and claims the next one of its record in the same write. Null where
   * that cannot be: the claim is to be completed then. One round trip.
   */
  async follow(claim: DeliveryClaim, delivery: ConnecDelivery): Promise<DeliveryClaim | null> {
    if (this.#renewing) await this.#renewing;
    const held = claim as HeldClaim;
    const state = handledState(held.state, held.delivery);
    const since = Date.now();
    if (held.isEnded || decide(state, delivery, since, this.options.leaseMs) !== 'handle') return null;
    const lease = { token: this.#newToken(), at: delivery.at, since };
    const next = newClaim(delivery, writeState(state), state, lease);
    this.#held.delete(held);
    const [wrote] = await this.#write([this.#writeOf(next, held.stored, next.stored)]);
    if (!wrote) return null;
    this.#held.add(next);
    this.#beat();
    return next;
  }

  /** What a completed claim left in the store, for {@link DeliveryLedger.claim}; undefined where that is not known. */
  leftBy(claim: DeliveryClaim): string | null | undefined {
    return (claim as HeldClaim).left;
  }

  #newToken(): string {
    this.#calls += 1;
    return `${this.#instance}:${this.#calls}`;
  }

  #endOf(outcome: DeliveryOutcome, claim: HeldClaim): StoreWrite {
    const { delivery, state, found, stored } = claim;
    if (outcome.result === 'untouched') return this.#writeOf(claim, stored, found);
    const ended =
      outcome.result === 'handled'
        ? handledState(state, delivery)
        : unfinishedState(state, delivery, outcome.finished);
    return this.#writeOf(claim, stored, writeState(ended));
  }

  #writeOf({ delivery }: HeldClaim, expected: string | null, value: string | null): StoreWrite {
    return { key: delivery.storeKey, expected, value, ttlMs: this.options.rememberMs };
  }

  #write(writes: readonly StoreWrite[]): Promise<boolean[]> {
    return inChunks(writes, MAX_BATCH, (some) => this.store.writeMany(some));
  }

  /** Those of the claims that still hold, with what is stored of them now. */
  async #reread(claims: readonly HeldClaim[], store = this.store): Promise<HeldClaim[]> {
    const keys = claims.map(({ delivery }) => delivery.storeKey);
    const found = await inChunks(keys, MAX_BATCH, (some) => store.getMany(some));
    return claims.filter((claim, position) => {
      const stored = found[position] ?? null;
      if (stored === null || readState(stored).lease?.token !== claim.lease.token) return false;
      claim.stored = stored;
      return true;
    });
  }

  /** One timer for all claims; it ends at the first beat that finds none, so that notifications share it. */
  #beat(): void {
    if (this.#held.size === 0) return;
    this.#heartbeat ??= setInterval(() => {
      if (this.#held.size === 0) return this.#stopBeating();
      // A renewal that failed is made up for by the next; a lease is three of them.
      this.#renewing ??= this.#renew()
        .catch(() => undefined)
        .finally(() => (this.#renewing = null));
    }, this.options.leaseMs / 3).unref();
  }

  #stopBeating(): void {
    if (this.#heartbeat) clearInterval(this.#heartbeat);
    this.#heartbeat = null;
  }

  async #renew(): Promise<void> {
    const since = Date.now();
    const claims = [...this.#held];
    const leases = claims.map((claim) => ({ ...claim.lease, since }));
    const texts = claims.map(({ state }, position) => writeState({ ...state, lease: leases[position]! }));
    const kept = await this.#write(
      claims.map((claim, position) => this.#writeOf(claim, claim.stored, texts[position]!)),
    );
    claims.forEach((claim, position) => {
      if (!kept[position]) return;
      claim.lease = leases[position]!;
      claim.stored = texts[position]!;
    });
    const missed = claims.filter((_, position) => !kept[position]);
    const ours = new Set(await this.#reread(missed));
    for (const claim of missed) if (!ours.has(claim)) this.#held.delete(claim);
  }
}

function newClaim(
  delivery: ConnecDelivery,
  found: string | null,
  state: RecordState,
  lease: RecordLease,
): HeldClaim {
  const { at, digests, unfinished } = state;
  const stored = writeState({ at, digests, unfinished, lease });
  return {
    delivery,
    finished: finishedHandlers(state, delivery),
    found,
    state,
    lease,
    stored,
    isEnded: false,
  };
}
