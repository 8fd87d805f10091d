import type { Logger } from '@nestjs/common';
import { setImmediate as nextTurn, setTimeout as pause } from 'node:timers/promises';

import { MAX_BATCH } from '../../stores/maestrano-store.js';
import { inLanes } from '../../utils/chunks.js';
import type { ConnecDelivery } from './connec-delivery.js';
import type { DeliveryClaim, DeliveryDecision, DeliveryLedger, DeliveryOutcome } from './delivery-ledger.js';
import type { NotificationAdmission } from './group-admission.service.js';
import type { HandlerCaller, HandlersResult } from './handler-caller.js';
import type { ConnecNotificationCounters } from './notification-stats.js';

/** The deliveries of each group, in the order they came. */
export type DeliveriesByGroup = ReadonlyMap<string, readonly ConnecDelivery[]>;

/** What became of a notification. */
export interface NotificationReport {
  /** Entities whose handlers threw. */
  readonly failed: readonly ConnecDelivery[];
  /** Entities that have to wait: their record is being handled elsewhere, or the application is stopping. */
  readonly busy: readonly ConnecDelivery[];
  /** Entities that need nothing more: handled, or known before. */
  readonly done: readonly ConnecDelivery[];
  /** What the first failed handler threw. */
  readonly error: unknown;
}

/** What {@link DeliveryRunner} works with. */
export interface DeliveryRunnerParts {
  readonly ledger: DeliveryLedger;
  readonly handlers: HandlerCaller;
  readonly counters: Pick<ConnecNotificationCounters, 'ended'>;
  readonly logger: Logger;
  /** Groups at the same time. */
  readonly concurrency: number;
  /** How long to wait for records that are being handled elsewhere, in milliseconds. */
  readonly patienceMs: number;
  readonly admission: Pick<NotificationAdmission, 'ask' | 'of' | 'isStopping'>;
  /** Whether the application knows the group; null where it takes the groups that come. */
  readonly knowsGroup: ((groupUid: string) => Promise<boolean>) | null;
}

/** What was handled is noted at least that often while handlers run, in milliseconds. */
const NOTE_EVERY_MS = 1_000;
/** First and longest pause between two looks at records that are being handled elsewhere, in milliseconds. */
const FIRST_LOOK_MS = 10;
const LONGEST_PAUSE_MS = 200;

/** Longest time without a turn of the event loop, in milliseconds. */
const TURN_MS = 10;

/** Further deliveries of records that are seen in vain, beside as many as records were found. */
const MAX_REPEATED = 16;

const NO_GROUPS: ReadonlySet<string> = new Set();

/**
 * Takes the deliveries of one notification through ledger and handlers, and gathers what is left to do. Records are
 * claimed many at a time, and what became of them is written together: at the end, or once a second while handlers
 * still run. A claim that no handler was begun for within that second is given back, so that slow handlers do not keep
 * other instances from records that only wait; it is claimed again when its turn comes. Used once.
 */
export class DeliveryRunner {
  readonly #failed: ConnecDelivery[] = [];
  readonly #busy: ConnecDelivery[] = [];
  readonly #finished: ConnecDelivery[] = [];
  #error: unknown = null;
  /** What was decided of deliveries whose turn has not come yet. */
  readonly #decisions = new Map<ConnecDelivery, DeliveryDecision>();
  /** What was written of records that may come again. */
  readonly #written = new Map<string, string | null>();
  /** What is not written yet. */
  readonly #outcomes: DeliveryOutcome[] = [];
  /** Deliveries that wait for another instance, in their order. */
  readonly #deferred = new Map<string, ConnecDelivery[]>();
  readonly #deferredRecords = new Set<string>();
  /** Ends when everything is written that had to be; never rejects. */
  #writing: Promise<void> = Promise.resolve();
  /** What the store, or the application's word on a group, failed with: nothing more is begun then. */
  #broken: { readonly error: unknown } | null = null;
  readonly #startedAt = performance.now();
  #turnedAt = performance.now();
  /** Deliveries whose turn came. */
  #done = 0;

  constructor(private readonly parts: DeliveryRunnerParts) {}

  /** Rejects with what the store fails with; never for what a handler did. */
  async run(groups: DeliveriesByGroup): Promise<NotificationReport> {
    if (groups.size === 0) return { failed: [], busy: [], done: [], error: null };
    const notes = setInterval(() => void this.#note(true), NOTE_EVERY_MS).unref();
    try {
      await this.#runRound(await this.#claimFirst(groups));
      if (this.#deferred.size > 0) await this.#runDeferred();
    } catch (error) {
      this.#broken ??= { error };
    } finally {
      clearInterval(notes);
      await this.#note(true);
    }
    if (this.#broken) throw this.#broken.error;
    if (this.#failed.length + this.#busy.length > 0) await this.#dropDeleted();
    return { failed: this.#failed, busy: this.#busy, done: this.#finished, error: this.#error };
  }

  /** What another instance is handling is looked at again and again, after everything else. */
  async #runDeferred(): Promise<void> {
    const until = performance.now() + this.parts.patienceMs;
    for (let wait = FIRST_LOOK_MS; this.#deferred.size > 0; wait = Math.min(LONGEST_PAUSE_MS, wait * 2)) {
      if (this.#broken) return;
      const waiting = new Map(this.#deferred);
      if (performance.now() >= until || this.parts.admission.isStopping) {
        const left = [...waiting.values()].flat();
        this.#busy.push(...left);
        this.parts.counters.ended('busy', left);
        return;
      }
      await this.#note();
      await pause(wait);
      this.#deferred.clear();
      this.#deferredRecords.clear();
      await this.#runRound(waiting);
    }
  }

  #runRound(groups: DeliveriesByGroup): Promise<void> {
    return inLanes([...groups], this.parts.concurrency, async ([groupUid, deliveries]) => {
      try {
        await this.#runGroup(groupUid, deliveries);
      } catch (error) {
        this.#broken ??= { error };
      }
    });
  }

  /**
   * Finds out which groups are customers, and claims as many deliveries as fit into one call. Records are read at the
   * same time as the marks of groups that cancelled. Resolves with the groups that are customers.
   */
  async #claimFirst(groups: DeliveriesByGroup): Promise<DeliveriesByGroup> {
    const { ledger, admission, knowsGroup } = this.parts;
    const first = firstOfRecords(groups.values());
    const [deleted, found] = await Promise.all([admission.ask([...groups.keys()]), ledger.read(first)]);
    if (!knowsGroup && deleted.size === 0) {
      await this.#claim(first, found);
      return groups;
    }
    const customers = await this.#customersOf(groups, deleted);
    const isWanted = ({ groupUid }: ConnecDelivery): boolean => customers.has(groupUid);
    await this.#claim(
      first.filter(isWanted),
      found.filter((_, position) => isWanted(first[position]!)),
    );
    return customers;
  }

  /** Those of the groups that did not cancel, and that the application knows. */
  async #customersOf(groups: DeliveriesByGroup, deleted: ReadonlySet<string>): Promise<DeliveriesByGroup> {
    const { knowsGroup, counters, concurrency } = this.parts;
    const customers = new Map(groups);
    await inLanes([...groups], concurrency, async ([groupUid, deliveries]) => {
      if (deleted.has(groupUid)) counters.ended('deletedGroup', deliveries);
      else if (!knowsGroup || (await knowsGroup(groupUid))) return;
      else counters.ended('unknownGroup', deliveries);
      customers.delete(groupUid);
    });
    return customers;
  }

  async #runGroup(groupUid: string, deliveries: readonly ConnecDelivery[]): Promise<void> {
    for (let next = 0; next < deliveries.length && !this.#broken; next += 1) {
      if (performance.now() - this.#turnedAt >= TURN_MS) await this.#giveWay();
      const delivery = deliveries[next]!;
      const admission = this.parts.admission.of(groupUid);
      if (admission === 'deleted' || admission === 'stopping') {
        this.#leave(admission, deliveries.slice(next));
        return;
      }
      if (this.#deferredRecords.has(delivery.storeKey)) {
        this.#defer(delivery);
        continue;
      }
      let decision = this.#decisions.get(delivery);
      if (decision === undefined && admission === 'granted') decision = await this.#follow(delivery);
      while (decision === undefined) {
        const upcoming = deliveries.slice(next, next + this.#ahead);
        if (!(await this.#claimNext(groupUid, upcoming))) {
          this.parts.counters.ended('deletedGroup', deliveries.slice(next));
          return;
        }
        decision = this.#decisions.get(delivery);
      }
      this.#decisions.delete(delivery);
      this.#done += 1;
      if (typeof decision === 'string') this.#pass(decision, delivery);
      else this.#settle(decision, await this.parts.handlers.call(decision));
    }
  }

  /** Goes on with the record that was handled last, whose claim ends with that; undefined for another one. */
  async #follow(delivery: ConnecDelivery): Promise<DeliveryClaim | undefined> {
    const last = this.#outcomes.at(-1);
    if (last?.result !== 'handled' || last.claim.delivery.storeKey !== delivery.storeKey) return undefined;
    // Nothing else writes it meanwhile.
    this.#outcomes.pop();
    let claim: DeliveryClaim | null = null;
    try {
      claim = await this.parts.ledger.follow(last.claim, delivery);
    } finally {
      if (!claim) this.#outcomes.push(last);
    }
    return claim ?? undefined;
  }

  /** Lets other requests have their turn: handlers that wait for nothing would block the process with thousands of records. */
  async #giveWay(): Promise<void> {
    await nextTurn();
    this.#turnedAt = performance.now();
  }

  /** How many deliveries to claim ahead: as many as were done with in a second so far. */
  get #ahead(): number {
    const elapsedMs = Math.max(1, performance.now() - this.#startedAt);
    return Math.min(MAX_BATCH, Math.max(1, Math.ceil((this.#done * 1_000) / elapsedMs)));
  }

  /** False for a group that cancelled meanwhile. */
  async #claimNext(groupUid: string, upcoming: readonly ConnecDelivery[]): Promise<boolean> {
    // An earlier update of the same record has to be written first, and so have claims that are given back.
    await this.#note();
    const { admission } = this.parts;
    const wanted = firstOfRecords([upcoming]).filter(
      (delivery) => !this.#decisions.has(delivery) && !this.#deferredRecords.has(delivery.storeKey),
    );
    // What the store said of the group a moment ago still holds; who begins a handler looks once more.
    const isGranted = admission.of(groupUid) === 'granted';
    const [deleted, found] = await Promise.all([
      isGranted ? NO_GROUPS : admission.ask([groupUid]),
      this.#read(wanted),
    ]);
    if (deleted.has(groupUid)) return false;
    await this.#claim(wanted, found);
    return true;
  }

  /** What is stored of the records; what was written a moment ago is not read again. */
  async #read(deliveries: readonly ConnecDelivery[]): Promise<(string | null)[]> {
    const unknown = deliveries.filter(({ storeKey }) => !this.#written.has(storeKey));
    const read = await this.parts.ledger.read(unknown);
    let next = 0;
    return deliveries.map(({ storeKey }) => {
      const written = this.#written.get(storeKey);
      if (written === undefined) {
        next += 1;
        return read[next - 1] ?? null;
      }
      // Another instance may write it meanwhile: the claim finds that out, and then it is read.
      this.#written.delete(storeKey);
      return written;
    });
  }

  async #claim(deliveries: readonly ConnecDelivery[], found: readonly (string | null)[]): Promise<void> {
    const decisions = await this.parts.ledger.claim(deliveries, found);
    deliveries.forEach((delivery, position) => this.#decisions.set(delivery, decisions[position]!));
  }

  #pass(decision: Exclude<DeliveryDecision, DeliveryClaim>, delivery: ConnecDelivery): void {
    if (decision === 'busy') {
      this.#defer(delivery);
      return;
    }
    this.parts.counters.ended(decision === 'stale' ? 'stale' : 'duplicates', [delivery]);
    this.#finished.push(delivery);
  }

  /** Notes what the handlers of a claim came to; null when all are done. */
  #settle(claim: DeliveryClaim, result: HandlersResult | null): void {
    const { counters } = this.parts;
    if (result === null) {
      counters.ended('handled', [claim.delivery]);
      this.#finished.push(claim.delivery);
      this.#outcomes.push({ claim, result: 'handled' });
      return;
    }
    const { failure, finished, stopped, isBegun } = result;
    const isUntouched = finished.length === claim.finished.length && !isBegun;
    this.#outcomes.push(isUntouched ? { claim, result: 'untouched' } : { claim, result: 'failed', finished });
    if (stopped === 'unavailable') {
      this.#broken ??= { error: failure?.error };
      return;
    }
    if (stopped) {
      this.#leave(stopped, [claim.delivery]);
      return;
    }
    counters.ended('failed', [claim.delivery], failure?.error);
    this.#failed.push(claim.delivery);
    this.#error ??= failure?.error ?? null;
  }

  /** What is not handled any more: never, or by whoever is handed it next. */
  #leave(why: 'deleted' | 'stopping', deliveries: readonly ConnecDelivery[]): void {
    if (why === 'deleted') this.parts.counters.ended('deletedGroup', deliveries);
    else this.#busy.push(...deliveries);
  }

  /** Of a group that cancelled meanwhile nothing is left to do, and nothing may be kept. */
  async #dropDeleted(): Promise<void> {
    const all = [...this.#failed, ...this.#busy, ...this.#finished];
    const groupUids = [...new Set(all.map(({ groupUid }) => groupUid))];
    // Where the store does not respond, the next attempt asks it again.
    const deleted = await this.parts.admission.ask(groupUids).catch(() => NO_GROUPS);
    if (deleted.size === 0) return;
    for (const list of [this.#failed, this.#busy, this.#finished]) {
      list.splice(0, list.length, ...list.filter(({ groupUid }) => !deleted.has(groupUid)));
    }
  }

  #defer(delivery: ConnecDelivery): void {
    const { groupUid, storeKey } = delivery;
    this.#deferredRecords.add(storeKey);
    const waiting = this.#deferred.get(groupUid);
    if (waiting) waiting.push(delivery);
    else this.#deferred.set(groupUid, [delivery]);
  }

  /** Writes what is not written yet, one call after the other. Never rejects. */
  #note(giveBack = false): Promise<void> {
    this.#writing = this.#writing.then(() => this.#write(giveBack));
    return this.#writing;
  }

  #remember(claim: DeliveryClaim): void {
    const left = this.parts.ledger.leftBy(claim);
    if (left !== undefined) this.#written.set(claim.delivery.storeKey, left);
  }

  async #write(giveBack: boolean): Promise<void> {
    const outcomes = this.#outcomes.splice(0);
    for (const [delivery, decision] of giveBack ? this.#decisions : []) {
      if (typeof decision === 'string') continue;
      outcomes.push({ claim: decision, result: 'untouched' });
      this.#decisions.delete(delivery);
    }
    if (outcomes.length === 0) return;
    try {
      const kept = await this.parts.ledger.complete(outcomes);
      outcomes.forEach(({ claim: { delivery }, result }, position) => {
        if (kept[position]) this.#remember(outcomes[position]!.claim);
        if (result === 'untouched' || kept[position]) return;
        this.parts.logger.warn(
          `A ${delivery.resource} entity of "${delivery.marketplace.name}" took longer than its lease and may be handled again.`,
        );
      });
    } catch (error) {
      this.#broken ??= { error };
    }
  }
}

/**
 * The first delivery of each record, as many as fit into one call: the following ones have to wait for it. Where one
 * record is there again and again, what is behind it is not searched for others.
 */
function firstOfRecords(lists: Iterable<readonly ConnecDelivery[]>): ConnecDelivery[] {
  const records = new Set<string>();
  const first: ConnecDelivery[] = [];
  for (const deliveries of lists) {
    let repeated = 0;
    for (const delivery of deliveries) {
      if (first.length === MAX_BATCH) return first;
      if (records.has(delivery.storeKey)) {
        if ((repeated += 1) > MAX_REPEATED + first.length) break;
        continue;
      }
      records.add(delivery.storeKey);
      first.push(delivery);
    }
  }
  return first;
}
