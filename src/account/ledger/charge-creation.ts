import { setTimeout as wait } from 'node:timers/promises';

import { Logger } from '@nestjs/common';

import { type AccountErrorFacts, MaestranoCreationError } from '../../errors/account.error.js';
import { MaestranoHttpError, type RequestSent } from '../../errors/http.error.js';
import type { AccountCallOptions } from '../account-client.service.js';
import type { AccountEntity, Payload } from '../fields.js';
import {
  creationFailure,
  creationInProgress,
  creationTooLate,
  creationUndecided,
  isAmbiguous,
  isDone,
  sentOf,
} from './charge-failures.js';
import {
  type ChargeContent,
  type ChargeLedger,
  contentOf,
  ignoreConflict,
  type KeyRecord,
  LedgerConflict,
  type LedgerScope,
  monotonicNow,
  type OpenCharges,
  type StoredCharges,
} from './charge-ledger.service.js';

const logger = new Logger('ChargeCreation');

/** First pause between two looks at the server's list, doubled each time; milliseconds. */
const FIRST_LOOK_MS = 250;

/** Longest pause between two looks, so that a charge is found soon after it arrived; milliseconds. */
const LONGEST_PAUSE_MS = 5_000;

/** With less time left than this, milliseconds, no further request is begun: its response could not be awaited. */
const SENDING_MS = 1_000;

/** Most attempts to write what a response said, while others write as well. */
const MAX_TRIES = 5;

/** Milliseconds until what others wrote meanwhile is looked at. */
const CONFLICT_PAUSE_MS = 50;

/** What a lock is held longer than the work may take; milliseconds. */
const LOCK_MARGIN_MS = 30_000;

/** Milliseconds by which the system's clock and the monotonic one may part before it is said. */
const CLOCK_STEP_MS = 5_000;

/** The `account.createOnce` option with its defaults. */
export interface CreationSettings {
  readonly settleMs: number;
  readonly deadlineMs: number;
  readonly rememberMs: number;
}

/** One charge to make under a key, and how it is made and found on its marketplace. */
export interface ChargeTask<T extends AccountEntity> {
  readonly key: string;
  readonly payload: Payload;
  readonly scope: LedgerScope;
  readonly context: AccountErrorFacts;
  readonly options: AccountCallOptions;
  /** Sends the payload. */
  create(options: AccountCallOptions): Promise<T>;
  retrieve(id: string, options: AccountCallOptions): Promise<T>;
  /** The group's charges of the payload's price, whatever else the server made of it. */
  listOfPrice(options: AccountCallOptions): Promise<readonly T[]>;
  /** Whether a charge has everything that was sent. */
  isEqual(charge: T): boolean;
}

/**
 * Makes a charge exactly once for its key.
 *
 * @throws MaestranoCreationError, MaestranoCreationStoreError, and what `create` throws.
 */
export function createOnce<T extends AccountEntity>(
  ledger: ChargeLedger,
  settings: CreationSettings,
  task: ChargeTask<T>,
): Promise<T> {
  return new ChargeCreation(ledger, settings, task).run();
}

/**
 * One `createOnce`: sends a charge, and when it is unclear what came of it, finds out before anything is sent
 * again. All of it happens under a lock over the group's charges of one price, and does not depend on it: before
 * anything is sent, a record is written that expects what this call read.
 *
 * Invariant: of charges of one price for a group, the server gets no more new ones than there are keys. A key that may
 * have sent something is `open`; a new charge that belongs to no key and is equal to what was sent is given to an open
 * one; an open key sends again only when no request can still be on its way and there is no new charge of this price at
 * all, since a server may change everything else.
 */
class ChargeCreation<T extends AccountEntity> {
  readonly #content: ChargeContent;
  readonly #startedAt = { monotonic: monotonicNow(), system: Date.now() };
  readonly #deadlineAt: number;
  /** How far any request of this key got, as far as this call knows. */
  #sent: RequestSent = 'no';
  /** Whether this call sent anything that may have been carried out. */
  #hasSent = false;
  #key: KeyRecord | null = null;
  /** What this call read or wrote last. */
  #charges: StoredCharges | null = null;
  /** What a response of this call said was made. */
  #made: T | null = null;

  constructor(
    private readonly ledger: ChargeLedger,
    private readonly settings: CreationSettings,
    private readonly task: ChargeTask<T>,
  ) {
    this.#content = contentOf(task.payload);
    this.#deadlineAt = this.#startedAt.monotonic + (task.options.deadlineMs ?? settings.deadlineMs);
  }

  async run(): Promise<T> {
    try {
      for (;;) {
        const charge = await this.#attempt();
        if (charge !== null) return charge;
        await this.#pause(CONFLICT_PAUSE_MS);
        if (this.#isOver) throw creationInProgress(this.task.context, this.#sent);
      }
    } catch (error) {
      throw creationFailure(this.task.context, this.#sent, error);
    } finally {
      this.#noticeClockStep();
    }
  }

  /** Null when others wrote meanwhile: what they wrote is to be looked at first. */
  async #attempt(): Promise<T | null> {
    const waitMs = Math.max(0, this.#remainingMs);
    const times = { heldMs: waitMs + LOCK_MARGIN_MS, waitMs, signal: this.task.options.signal };
    try {
      const charge = await this.ledger.exclusively(this.task.scope, this.#content, times, () =>
        this.#exclusive(),
      );
      if (charge === null) throw creationInProgress(this.task.context, this.#sent);
      return charge;
    } catch (error) {
      if (error instanceof LedgerConflict) return null;
      throw error;
    }
  }

  async #exclusive(): Promise<T> {
    const { key, scope } = this.task;
    const record = await this.ledger.readKey(scope, key);
    if (record && record.digest !== this.#content.digest) {
      throw new MaestranoCreationError('account.keyConflict', {
        message: 'the key was used before for a charge with other contents.',
        ...this.task.context,
        remedy: 'Use one key for one charge; nothing was sent.',
      });
    }
    if (record?.state === 'done') return this.task.retrieve(record.chargeId, this.#callOptions());

    this.#key = record;
    const charges = await this.#read();
    const own = charges.open.find((open) => open.key === key);
    const isOpen = own !== undefined;
    // Nothing is sent before the key has its record and the charges that were there are known.
    const isUnsent = isOpen ? charges.known === null : !record;
    // What an earlier attempt read is out of date; what it sent is not.
    if (!this.#hasSent) this.#sent = isUnsent ? 'no' : 'maybe';
    if (own?.chargeId !== undefined) return this.#remember(charges, own.chargeId, null);
    if ((record && !isOpen) || (isUnsent && this.#hasSent && !this.#made)) {
      // Its traces are gone from the store: what was sent for it cannot be known.
      const candidates = (await this.#list()).filter((charge) => this.task.isEqual(charge));
      throw this.#undecided('what was sent for this key is not known any more.', null, candidates);
    }
    if (this.#sent !== 'no') {
      return this.#resume(record ? charges : await this.#register(charges), null);
    }
    try {
      return await this.#begin(charges, isOpen);
    } catch (error) {
      // Nothing came of it for certain, so that no trace of the key is left; should that fail, the next call looks first.
      if (this.#sent === 'no') await this.#close(error instanceof LedgerConflict).catch(() => undefined);
      throw error;
    }
  }

  /** Nothing was sent for this key so far. */
  async #begin(present: StoredCharges, isOpen: boolean): Promise<T> {
    const charges = isOpen && this.#key ? present : await this.#register(present);
    return this.#send(await this.#withKnown(charges));
  }

  /** Opens the key. Its place among the charges is written first, even again, so that who just closes it takes notice. */
  async #register(present: StoredCharges): Promise<StoredCharges> {
    const { key } = this.task;
    const { digest } = this.#content;
    const open = [...present.open.filter((other) => other.key !== key), { key, digest }];
    const charges = await this.#write(present, { ...present, open });
    if (!this.#key) await this.#openKey();
    return charges;
  }

  /** What is there before the first request of any open key cannot be what one of them made. */
  async #withKnown(charges: StoredCharges): Promise<StoredCharges> {
    return charges.known ? charges : { ...charges, known: (await this.#list()).map(({ id }) => id) };
  }

  /** Sends the charge. `charges.settledAt` is when everything that was sent before has arrived. */
  async #send(charges: StoredCharges): Promise<T> {
    const isFirst = this.#sent === 'no';
    const arrivesBefore = this.#deadlineAt + this.settings.settleMs;
    const settledAt = Math.max(charges.settledAt, arrivesBefore);
    const sending = await this.#write(charges, { ...charges, settledAt });
    // The write may have taken any time: only what is left now counts.
    if (this.#remainingMs < (isFirst ? 1 : SENDING_MS)) {
      await this.#write(sending, charges);
      if (isFirst) throw creationTooLate(this.task.context);
      throw this.#undecided('there is no time left to send it again.', null, []);
    }
    let charge: T;
    try {
      this.#sent = 'maybe';
      this.#hasSent = true;
      charge = await this.task.create(this.#callOptions());
      this.#sent = 'yes';
    } catch (error) {
      if (!isAmbiguous(error)) {
        // An earlier request of this key may have arrived even if this one did not.
        this.#hasSent = !isFirst;
        if (isFirst) this.#sent = 'no';
        await this.#write(sending, charges);
        throw error;
      }
      this.#sent = sentOf(error);
      const settleMs = isDone(error) ? 0 : this.settings.settleMs;
      const unclear = { ...sending, settledAt: Math.max(charges.settledAt, monotonicNow() + settleMs) };
      return this.#resume(await this.#write(sending, unclear), error);
    }
    this.#made = charge;
    return this.#finish({ ...sending, settledAt: charges.settledAt }, charge);
  }

  /** Something may have been sent for this key: looks for it until it is found, or certain not to come any more. */
  async #resume(charges: StoredCharges, cause: unknown): Promise<T> {
    const open = charges.open.filter(({ chargeId }) => chargeId === undefined);
    const equalKeys = open.filter((other) => other.digest === this.#content.digest).length;
    for (let pause = FIRST_LOOK_MS; ; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
      const lookedAt = monotonicNow();
      const found = await this.#newCharges(charges.known ?? [], cause);
      const equal = found.filter((charge) => this.task.isEqual(charge));
      const made = found.find(({ id }) => id === this.#made?.id);
      if (made) return this.#finish(charges, made);
      const [first] = equal;
      const isExplained = equal.length <= equalKeys || found.length <= open.length;
      if (first && isExplained) return this.#finish(charges, first);
      if (first) {
        throw this.#undecided('more charges with these contents appeared than were sent.', cause, equal);
      }
      const settled = lookedAt >= charges.settledAt;
      if (settled && found.length === 0 && this.#remainingMs >= SENDING_MS) return this.#send(charges);
      if (settled || this.#remainingMs < SENDING_MS || this.task.options.signal?.aborted) {
        // Another process has to wait less by what this one waited.
        if (!settled) await this.#write(charges, charges).catch(ignoreConflict);
        const message =
          found.length > 0
            ? 'a new charge has the price and other contents: the server may have changed what was sent.'
            : 'the charge is not there, but may still be on its way.';
        throw this.#undecided(message, cause, found);
      }
      const untilSettled = Math.max(charges.settledAt - monotonicNow(), 1);
      await this.#pause(Math.min(pause, untilSettled, this.#remainingMs - SENDING_MS));
    }
  }

  /** New charges of this price that belong to no key. An unreachable server is asked again until the deadline. */
  async #newCharges(known: readonly string[], cause: unknown): Promise<readonly T[]> {
    for (let pause = FIRST_LOOK_MS; ; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
      try {
        return (await this.#list()).filter(({ id }) => !known.includes(id));
      } catch (error) {
        const hopeless = !isAmbiguous(error) && !(error instanceof MaestranoHttpError);
        const aborted = error instanceof MaestranoHttpError && error.code === 'http.aborted';
        if (hopeless || aborted || this.#isOver || this.#remainingMs <= pause) {
          throw this.#undecided('the list of charges could not be read.', cause ?? error, []);
        }
        await this.#pause(pause);
      }
    }
  }

  #list(): Promise<readonly T[]> {
    return this.task.listOfPrice(this.#callOptions());
  }

  /**
   * Makes a charge this key's own, in one write, so that no other key takes it as well.
   *
   * @throws LedgerConflict when others wrote meanwhile, unless a response said whose charge it is.
   */
  async #finish(charges: StoredCharges, charge: T): Promise<T> {
    const { key } = this.task;
    for (let present = charges, tries = 1; ; tries += 1) {
      const known = [...(present.known ?? []), charge.id];
      const open = present.open.map((other) =>
        other.key === key ? { ...other, chargeId: charge.id } : other,
      );
      try {
        return await this.#remember(
          await this.#write(present, { ...present, known, open }),
          charge.id,
          charge,
        );
      } catch (error) {
        if (!(error instanceof LedgerConflict) || charge !== this.#made || tries === MAX_TRIES) throw error;
      }
      present = await this.#read();
      if (present.known?.includes(charge.id)) throw new LedgerConflict();
    }
  }

  /** Writes down what the key stands for. Whether the charges have it as well is found by whoever reads them next. */
  async #remember(charges: StoredCharges, id: string, charge: T | null): Promise<T> {
    const { key, scope } = this.task;
    const done = { digest: this.#content.digest, from: this.#key, chargeId: id };
    const chargeId = await this.ledger.finishKey(scope, key, done, this.settings.rememberMs);
    const open = charges.open.filter((other) => other.key !== key);
    await this.#write(charges, { ...charges, open }).catch(() => undefined);
    return charge?.id === chargeId ? charge : this.task.retrieve(chargeId, this.#callOptions());
  }

  /** Leaves no trace of the key; in this order, so that a crash on the way makes the next call look first. */
  async #close(isConflict: boolean): Promise<void> {
    const { key, scope } = this.task;
    const charges = this.#charges;
    if (!this.#key || !charges) return;
    await this.ledger.forgetKey(scope, key, this.#key);
    // Its place among the charges is another call's by now, or gone: a record without one would never be decided.
    if (isConflict) return;
    const open = charges.open.filter((other) => other.key !== key);
    await this.#write(charges, { ...charges, open }).catch(ignoreConflict);
  }

  async #openKey(): Promise<void> {
    const { key, scope } = this.task;
    const what = { content: this.#content, payload: this.task.payload };
    this.#key = await this.ledger.openKey(scope, key, what, this.settings.rememberMs);
    if (!this.#key) throw new LedgerConflict();
  }

  async #read(): Promise<StoredCharges> {
    this.#charges = await this.ledger.readCharges(this.task.scope, this.#content);
    return this.#charges;
  }

  async #write(present: StoredCharges, next: OpenCharges): Promise<StoredCharges> {
    const { rememberMs } = this.settings;
    this.#charges = await this.ledger.writeCharges(this.task.scope, this.#content, present, next, rememberMs);
    return this.#charges;
  }

  get #remainingMs(): number {
    return this.#deadlineAt - monotonicNow();
  }

  get #isOver(): boolean {
    return this.#remainingMs <= 0 || this.task.options.signal?.aborted === true;
  }

  /** Waits, at most until this call is over. */
  async #pause(ms: number): Promise<void> {
    const { signal } = this.task.options;
    await wait(Math.max(0, Math.min(ms, this.#remainingMs)), undefined, { signal }).catch(() => undefined);
  }

  #callOptions(): AccountCallOptions {
    return { ...this.task.options, deadlineMs: Math.max(1, this.#remainingMs) };
  }

  /** Nothing here depends on the system's clock; what does is worth a look when it is set. */
  #noticeClockStep(): void {
    const monotonic = monotonicNow() - this.#startedAt.monotonic;
    const step = Date.now() - this.#startedAt.system - monotonic;
    if (Math.abs(step) < CLOCK_STEP_MS) return;
    logger.warn(`The system's clock moved by ${Math.round(step / 1000)} s while a charge was made.`);
  }

  #undecided(message: string, cause: unknown, candidates: readonly T[]): MaestranoCreationError {
    const facts = { sent: this.#sent, cause, candidates: candidates.map(({ id }) => id) };
    return creationUndecided(this.task.context, message, facts);
  }
}
