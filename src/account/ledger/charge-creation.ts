import { setTimeout as wait } from 'node:timers/promises';

import { Logger } from '@nestjs/common';

import {
  type AccountErrorFacts,
  MaestranoAccountError,
  MaestranoApiError,
  MaestranoAuthenticationError,
  MaestranoCreationInProgressError,
  MaestranoCreationKeyConflictError,
  MaestranoCreationStoreError,
  MaestranoCreationUndecidedError,
  MaestranoInvalidRequestError,
  MaestranoRateLimitError,
} from '../../errors/account.error.js';
import { MaestranoHttpError, type RequestSent } from '../../errors/http.error.js';
import { MaestranoStoreError } from '../../errors/store.error.js';
import type { AccountCallOptions } from '../account-client.service.js';
import type { AccountEntity, Payload } from '../fields.js';
import {
  type ChargeContent,
  type ChargeLedger,
  contentOf,
  type KeyRecord,
  LedgerConflict,
  type LedgerScope,
  monotonicNow,
  type OpenCharges,
  type StoredCharges,
} from './charge-ledger.service.js';

/** First pause between two looks at the server's list, doubled each time; milliseconds. */
const FIRST_LOOK_MS = 250;

/** Longest pause between two looks, so that a charge is found soon after it arrived; milliseconds. */
const LONGEST_PAUSE_MS = 5_000;

/** With less time left than this, milliseconds, no further request is begun: its response could not be awaited. */
const SENDING_MS = 1_000;

/** Milliseconds until what others wrote meanwhile is looked at. */
const CONFLICT_PAUSE_MS = 50;

/** What a lock is held longer than the work may take; milliseconds. */
const LOCK_MARGIN_MS = 30_000;

/** Longest that a settlement holds and waits for the lock; milliseconds. */
const SETTLEMENT_LOCK_MS = 30_000;

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
 * @throws MaestranoCreationUndecidedError, MaestranoCreationKeyConflictError, MaestranoCreationInProgressError, MaestranoCreationStoreError, and what `create` throws.
 */
export function createOnce<T extends AccountEntity>(
  ledger: ChargeLedger,
  settings: CreationSettings,
  task: ChargeTask<T>,
): Promise<T> {
  return new ChargeCreation(ledger, settings, task).run();
}

/** What a human found out about an undecided key. */
export interface ChargeSettlement {
  readonly key: string;
  /** The charge that the key stands for; null when none was made, so that the next `createOnce` sends it. */
  readonly chargeId: string | null;
  readonly scope: LedgerScope;
  readonly context: AccountErrorFacts;
}

/**
 * Records what became of an undecided key.
 *
 * @throws MaestranoInvalidRequestError (`account.invalidInput`) when the key is not undecided.
 * @throws MaestranoCreationInProgressError when the key is being worked on.
 */
export async function settleOnce(
  ledger: ChargeLedger,
  { rememberMs }: CreationSettings,
  { key, chargeId, scope, context }: ChargeSettlement,
): Promise<void> {
  const record = await ledger.readKey(scope, key);
  if (record?.state !== 'open') {
    throw new MaestranoInvalidRequestError('account.invalidInput', {
      message: 'no undecided charge has this key.',
      ...context,
      fields: { key: ['is not undecided'] },
    });
  }
  const times = { heldMs: SETTLEMENT_LOCK_MS, waitMs: SETTLEMENT_LOCK_MS };
  const done = await ledger.exclusively(scope, record, times, async () => {
    const charges = await ledger.readCharges(scope, record);
    if (chargeId === null) await ledger.forgetKey(scope, key, record);
    else await ledger.finishKey(scope, key, { digest: record.digest, from: record, chargeId }, rememberMs);
    const known = charges.known && chargeId !== null ? [...charges.known, chargeId] : charges.known;
    const open = charges.open.filter((other) => other.key !== key);
    await ledger
      .writeCharges(scope, record, charges, { ...charges, known, open }, rememberMs)
      .catch(ignoreConflict);
    return true;
  });
  if (done) return;
  throw new MaestranoCreationInProgressError('account.inProgress', {
    message: 'the charge is being created at this moment.',
    ...context,
  });
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
  #key: KeyRecord | null = null;

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
        if (this.#isOver) throw this.#inProgress();
      }
    } catch (error) {
      throw this.#toFailure(error);
    } finally {
      this.#noticeClockStep();
    }
  }

  /** Null when others wrote meanwhile: what they wrote is to be looked at first. */
  async #attempt(): Promise<T | null> {
    const { signal } = this.task.options;
    const waitMs = Math.max(0, this.#remainingMs);
    const times = { heldMs: waitMs + LOCK_MARGIN_MS, waitMs, signal };
    try {
      const charge = await this.ledger.exclusively(this.task.scope, this.#content, times, () =>
        this.#exclusive(),
      );
      if (charge === null) throw this.#inProgress();
      return charge;
    } catch (error) {
      if (error instanceof LedgerConflict) return null;
      throw error;
    }
  }

  async #exclusive(): Promise<T> {
    const { digest } = this.#content;
    const { key, scope } = this.task;
    const record = await this.ledger.readKey(scope, key);
    if (record && record.digest !== digest) {
      throw new MaestranoCreationKeyConflictError('account.keyConflict', {
        message: 'the key was used before for a charge with other contents.',
        ...this.task.context,
        remedy: 'Use one key for one charge; nothing was sent.',
      });
    }
    if (record?.state === 'done') return this.task.retrieve(record.chargeId, this.#callOptions());

    this.#key = record;
    const charges = await this.ledger.readCharges(scope, this.#content);
    const isOpen = charges.open.some((open) => open.key === key);
    // Nothing is sent before the key has its record and the charges that were there are known.
    const isUnsent = isOpen ? charges.known === null : !record;
    if (this.#sent === 'no' && !isUnsent) this.#sent = 'maybe';
    if (record && !isOpen) {
      // Its traces are gone from the store: what was sent for it cannot be known.
      const candidates = (await this.#list()).filter((charge) => this.task.isEqual(charge));
      throw this.#undecided('what was sent for this key is not known any more.', null, candidates);
    }
    if (this.#sent !== 'no') {
      if (!record) await this.#openKey();
      return this.#resume(charges, null);
    }
    try {
      return await this.#begin(charges, isOpen);
    } catch (error) {
      // Nothing came of it for certain, so that no trace of the key is left; should that fail, the next call looks first.
      if (this.#isUnsent && !(error instanceof LedgerConflict)) await this.#close().catch(() => undefined);
      throw error;
    }
  }

  get #isUnsent(): boolean {
    return this.#sent === 'no';
  }

  /** Nothing was sent for this key so far. */
  async #begin(present: StoredCharges, isOpen: boolean): Promise<T> {
    const { key } = this.task;
    const { digest } = this.#content;
    const open = [...present.open, { key, digest }];
    const charges = isOpen ? present : await this.#write(present, { ...present, open });
    if (!this.#key) await this.#openKey();
    return this.#send(await this.#withKnown(charges));
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
      throw isFirst ? this.#tooLate() : this.#undecided('there is no time left to send it again.', null, []);
    }
    let charge: T;
    try {
      this.#sent = 'maybe';
      charge = await this.task.create(this.#callOptions());
      this.#sent = 'yes';
    } catch (error) {
      if (!isAmbiguous(error)) {
        // An earlier request of this key may have arrived even if this one did not.
        if (isFirst) this.#sent = 'no';
        await this.#write(sending, charges);
        throw error;
      }
      this.#sent = sentOf(error);
      const settleMs = isDone(error) ? 0 : this.settings.settleMs;
      const unclear = { ...sending, settledAt: Math.max(charges.settledAt, monotonicNow() + settleMs) };
      return this.#resume(await this.#write(sending, unclear), error);
    }
    return this.#finish({ ...sending, settledAt: charges.settledAt }, charge);
  }

  /** Something may have been sent for this key: looks for it until it is found, or certain not to come any more. */
  async #resume(charges: StoredCharges, cause: unknown): Promise<T> {
    const { digest } = this.#content;
    const equalKeys = charges.open.filter((open) => open.digest === digest).length;
    for (let pause = FIRST_LOOK_MS; ; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
      const lookedAt = monotonicNow();
      const found = await this.#newCharges(charges.known ?? [], cause);
      const equal = found.filter((charge) => this.task.isEqual(charge));
      const [first] = equal;
      const isExplained = equal.length <= equalKeys || found.length <= charges.open.length;
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

  async #finish(charges: StoredCharges, charge: T): Promise<T> {
    const { key, scope } = this.task;
    const { digest } = this.#content;
    const done = { digest, from: this.#key, chargeId: charge.id };
    const chargeId = await this.ledger.finishKey(scope, key, done, this.settings.rememberMs);
    const open = charges.open.filter((other) => other.key !== key);
    const known = [...(charges.known ?? []), chargeId];
    // What counts is written; the next call that reads the charges sees that the key is done.
    await this.#write(charges, { ...charges, known, open }).catch(() => undefined);
    return chargeId === charge.id ? charge : this.task.retrieve(chargeId, this.#callOptions());
  }

  /** Leaves no trace of the key; in this order, so that a crash on the way makes the next call look first. */
  async #close(): Promise<void> {
    const { key, scope } = this.task;
    if (!this.#key) return;
    await this.ledger.forgetKey(scope, key, this.#key);
    const charges = await this.ledger.readCharges(scope, this.#content);
    const open = charges.open.filter((other) => other.key !== key);
    await this.#write(charges, { ...charges, open }).catch(ignoreConflict);
  }

  async #openKey(): Promise<void> {
    const { key, scope } = this.task;
    this.#key = await this.ledger.openKey(scope, key, this.#content, this.settings.rememberMs);
    if (!this.#key) throw new LedgerConflict();
  }

  #write(present: StoredCharges, next: OpenCharges): Promise<StoredCharges> {
    return this.ledger.writeCharges(this.task.scope, this.#content, present, next, this.settings.rememberMs);
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

  /** What the caller gets: an error that says how far the charge got. */
  #toFailure(error: unknown): unknown {
    if (error instanceof MaestranoAccountError || error instanceof MaestranoHttpError) return error;
    const isTyped = error instanceof MaestranoStoreError;
    return new MaestranoCreationStoreError(isTyped ? error.code : 'store.unavailable', {
      marketplace: this.task.context.marketplace,
      operation: this.task.context.operation,
      message: `${this.task.context.operation} to "${this.task.context.marketplace}": the store failed.`,
      remedy:
        this.#sent === 'no'
          ? 'Nothing was sent by this call; call createOnce again with the same key.'
          : 'The charge may exist; call createOnce again with the same key, which looks for it first.',
      cause: error,
      mayHaveWritten: isTyped ? error.mayHaveWritten : true,
      sent: this.#sent,
    });
  }

  /** Nothing here depends on the system's clock; what does is worth a look when it is set. */
  #noticeClockStep(): void {
    const monotonic = monotonicNow() - this.#startedAt.monotonic;
    const step = Date.now() - this.#startedAt.system - monotonic;
    if (Math.abs(step) < CLOCK_STEP_MS) return;
    logger.warn(`The system's clock moved by ${Math.round(step / 1000)} s while a charge was made.`);
  }

  #tooLate(): MaestranoHttpError {
    const { marketplace, operation } = this.task.context;
    return new MaestranoHttpError('http.deadline', {
      message: 'the store took all the time there was; nothing was sent.',
      marketplace,
      operation,
      attempts: 0,
      sent: 'no',
    });
  }

  #inProgress(): MaestranoCreationInProgressError {
    return new MaestranoCreationInProgressError('account.inProgress', {
      message: 'the same charge is being created elsewhere, or another one of its price for the group.',
      ...this.task.context,
      sent: this.#sent,
      remedy: 'Call createOnce again with the same key.',
    });
  }

  #undecided(message: string, cause: unknown, candidates: readonly T[]): MaestranoCreationUndecidedError {
    const remedy = 'Call createOnce again later with the same key, or decide with settleOnce.';
    return new MaestranoCreationUndecidedError('account.undecided', {
      message,
      ...this.task.context,
      cause,
      remedy,
      sent: this.#sent,
      candidates: candidates.map(({ id }) => id),
    });
  }
}

const logger = new Logger('ChargeCreation');

function ignoreConflict(error: unknown): void {
  if (!(error instanceof LedgerConflict)) throw error;
}

/**
 * Whether the server may have carried out, or may yet carry out, what failed like this. A rejection counts when the
 * Account API itself said it: without its envelope, a proxy may speak of a request that it handed on.
 */
function isAmbiguous(error: unknown): boolean {
  if (error instanceof MaestranoHttpError) return error.sent !== 'no';
  const isRejection =
    error instanceof MaestranoAuthenticationError ||
    error instanceof MaestranoInvalidRequestError ||
    error instanceof MaestranoRateLimitError;
  // What we rejected ourselves has no status: it was never sent.
  return !(isRejection && (error.fromApi || error.status === null));
}

function sentOf(error: unknown): RequestSent {
  const isKnown = error instanceof MaestranoHttpError || error instanceof MaestranoAccountError;
  return isKnown && error.sent === 'yes' ? 'yes' : 'maybe';
}

/** Whether the server is done with the request: field messages come from the application behind all proxies. */
function isDone(error: unknown): boolean {
  return error instanceof MaestranoApiError && error.fromApi && Object.keys(error.fields).length > 0;
}
