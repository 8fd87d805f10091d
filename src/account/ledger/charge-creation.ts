import { setTimeout as wait } from 'node:timers/promises';

import {
  type AccountErrorFacts,
  MaestranoApiError,
  MaestranoAuthenticationError,
  MaestranoCreationInProgressError,
  MaestranoCreationKeyConflictError,
  MaestranoCreationUndecidedError,
  MaestranoInvalidRequestError,
  MaestranoRateLimitError,
} from '../../errors/account.error.js';
import { MaestranoHttpError } from '../../errors/http.error.js';
import type { AccountCallOptions } from '../account-client.service.js';
import type { AccountEntity, Payload } from '../fields.js';
import {
  type ChargeContent,
  type ChargeLedger,
  contentOf,
  type ContentRecord,
  type LedgerScope,
} from './charge-ledger.service.js';

/** First pause between two looks at the server's list, doubled each time; milliseconds. */
const FIRST_LOOK_MS = 250;

/** With less time left than this, milliseconds, a request is not begun: its response could not be awaited. */
const SENDING_MS = 1_000;

/** What a lock is held longer than the work may take; milliseconds. */
const LOCK_MARGIN_MS = 30_000;

/** Longest that a settlement holds and waits for the lock; milliseconds. */
const SETTLEMENT_LOCK_MS = 30_000;

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
  /** The group's charges that may have been made from the payload. */
  findMatching(options: AccountCallOptions): Promise<readonly T[]>;
}

/**
 * Makes a charge exactly once for its key.
 *
 * @throws MaestranoCreationUndecidedError, MaestranoCreationKeyConflictError, MaestranoCreationInProgressError, and what `create` throws.
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
    const content = await ledger.readContent(scope, record);
    if (chargeId === null) await ledger.forgetKey(scope, key);
    else await ledger.finishKey(scope, key, record.digest, chargeId, rememberMs);
    if (!content) return true;
    const known = chargeId === null ? content.known : [...content.known, chargeId];
    const open = content.open.filter((other) => other !== key);
    await ledger.writeContent(scope, record, { ...content, known, open }, rememberMs);
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
 * again. All of it happens under a lock over charges with equal contents.
 *
 * Invariant: of charges with equal contents, the server gets no more new ones than there are keys. A key that may
 * have sent something is `open`; a new charge that belongs to no key is given to an open one; only when there is
 * none, and no request can still be on its way, an open key sends again.
 */
class ChargeCreation<T extends AccountEntity> {
  readonly #content: ChargeContent;
  readonly #deadlineAt: number;

  constructor(
    private readonly ledger: ChargeLedger,
    private readonly settings: CreationSettings,
    private readonly task: ChargeTask<T>,
  ) {
    this.#content = contentOf(task.payload);
    this.#deadlineAt = Date.now() + (task.options.deadlineMs ?? settings.deadlineMs);
  }

  async run(): Promise<T> {
    const { signal } = this.task.options;
    const waitMs = this.#remainingMs;
    const times = { heldMs: waitMs + LOCK_MARGIN_MS, waitMs, signal };
    const charge = await this.ledger.exclusively(this.task.scope, this.#content, times, () =>
      this.#exclusive(),
    );
    if (charge === null) throw this.#inProgress();
    return charge;
  }

  async #exclusive(): Promise<T> {
    const { digest } = this.#content;
    const record = await this.ledger.readKey(this.task.scope, this.task.key);
    if (record && record.digest !== digest) {
      throw new MaestranoCreationKeyConflictError('account.keyConflict', {
        message: 'the key was used before for a charge with other contents.',
        ...this.task.context,
        remedy: 'Use one key for one charge; nothing was sent.',
      });
    }
    if (record?.state === 'done') return this.task.retrieve(record.chargeId, this.#callOptions());

    const content = await this.ledger.readContent(this.task.scope, this.#content);
    if (content?.open.includes(this.task.key)) {
      // A process died between the two records; a human needs this one to decide.
      if (!record) await this.#openKey();
      return this.#resume(content, null);
    }
    if (record) {
      // Its traces are gone from the store: what was sent for it cannot be known.
      const candidates = await this.#matching();
      throw this.#undecided(
        'what was sent for this key is not known any more.',
        null,
        candidates.map(({ id }) => id),
      );
    }
    return this.#begin(content);
  }

  /** Nothing was sent for this key so far. */
  async #begin(present: ContentRecord | null): Promise<T> {
    // What is there before the first request cannot be what it makes; while others are open, their list holds.
    const known = present?.known ?? (await this.#matching()).map(({ id }) => id);
    const others = present?.open ?? [];
    const settledAt = present?.settledAt ?? 0;
    const content = { known, open: [...others, this.task.key], settledAt };
    await this.#write(content);
    if (!(await this.#openKey())) {
      await this.#write({ ...content, open: others });
      throw this.#inProgress();
    }
    return this.#send(content, others);
  }

  /** Sends the charge; `others` are the open keys to return to when it is certain that nothing came of it. */
  async #send(content: ContentRecord, others: readonly string[] | null): Promise<T> {
    const options = this.#callOptions();
    const arrivesBefore = Date.now() + this.#remainingMs + this.settings.settleMs;
    await this.#write({ ...content, settledAt: Math.max(content.settledAt, arrivesBefore) });
    let charge: T;
    try {
      charge = await this.task.create(options);
    } catch (error) {
      if (!isAmbiguous(error)) {
        // An earlier request of this key may have arrived even if this one did not.
        if (others) await this.#close({ ...content, open: others });
        else await this.#write(content);
        throw error;
      }
      const settledAt = Math.max(
        content.settledAt,
        Date.now() + (isDone(error) ? 0 : this.settings.settleMs),
      );
      const unclear = { ...content, settledAt };
      await this.#write(unclear);
      return this.#resume(unclear, error);
    }
    return this.#finish(content, charge);
  }

  /** Something may have been sent for this key: looks for it until it is found, or certain not to come any more. */
  async #resume(content: ContentRecord, cause: unknown): Promise<T> {
    for (let pause = FIRST_LOOK_MS; ; pause *= 2) {
      const lookedAt = Date.now();
      const found = await this.#unclaimed(content, cause);
      const [first] = found;
      if (first && found.length <= content.open.length) return this.#finish(content, first);
      if (first) {
        throw this.#undecided(
          'more charges with these contents appeared than were sent.',
          cause,
          found.map(({ id }) => id),
        );
      }
      const settled = lookedAt >= content.settledAt;
      const enough = this.#remainingMs >= SENDING_MS;
      if (settled && enough) return this.#send(content, null);
      const left = Math.max(content.settledAt - Date.now(), 1);
      if (settled || this.#remainingMs <= 0 || this.task.options.signal?.aborted) {
        throw this.#undecided('the charge is not there, but may still be on its way.', cause, []);
      }
      await wait(Math.min(pause, left, this.#remainingMs));
    }
  }

  /** New charges with these contents that belong to no key. An unreachable server is asked again until the deadline. */
  async #unclaimed(content: ContentRecord, cause: unknown): Promise<readonly T[]> {
    for (let pause = FIRST_LOOK_MS; ; pause *= 2) {
      try {
        const charges = await this.#matching();
        return charges.filter(({ id }) => !content.known.includes(id));
      } catch (error) {
        const hopeless = !isAmbiguous(error) && !(error instanceof MaestranoHttpError);
        const over = this.#remainingMs <= pause || this.task.options.signal?.aborted;
        const aborted = error instanceof MaestranoHttpError && error.code === 'http.aborted';
        if (hopeless || over || aborted) {
          throw this.#undecided('the list of charges could not be read.', cause ?? error, []);
        }
        await wait(pause);
      }
    }
  }

  #matching(): Promise<readonly T[]> {
    return this.task.findMatching(this.#callOptions());
  }

  async #finish(content: ContentRecord, charge: T): Promise<T> {
    const { rememberMs } = this.settings;
    await this.ledger.finishKey(this.task.scope, this.task.key, this.#content.digest, charge.id, rememberMs);
    const open = content.open.filter((key) => key !== this.task.key);
    await this.#write({ ...content, known: [...content.known, charge.id], open });
    return charge;
  }

  /** Leaves no trace of the key; in this order, so that a crash on the way makes the next call look first. */
  async #close(content: ContentRecord): Promise<void> {
    await this.ledger.forgetKey(this.task.scope, this.task.key);
    await this.#write(content);
  }

  #openKey(): Promise<boolean> {
    return this.ledger.openKey(this.task.scope, this.task.key, this.#content, this.settings.rememberMs);
  }

  #write(content: ContentRecord): Promise<void> {
    return this.ledger.writeContent(this.task.scope, this.#content, content, this.settings.rememberMs);
  }

  get #remainingMs(): number {
    return this.#deadlineAt - Date.now();
  }

  #callOptions(): AccountCallOptions {
    return { ...this.task.options, deadlineMs: Math.max(1, this.#remainingMs) };
  }

  #inProgress(): MaestranoCreationInProgressError {
    return new MaestranoCreationInProgressError('account.inProgress', {
      message: 'the same charge is being created elsewhere.',
      ...this.task.context,
      remedy: 'Call createOnce again with the same key; nothing was sent by this call.',
    });
  }

  #undecided(
    message: string,
    cause: unknown,
    candidates: readonly string[],
  ): MaestranoCreationUndecidedError {
    const remedy = 'Call createOnce again later with the same key, or decide with settleOnce.';
    return new MaestranoCreationUndecidedError('account.undecided', {
      message,
      ...this.task.context,
      cause,
      remedy,
      candidates,
    });
  }
}

/** Whether the server may have carried out, or may yet carry out, what failed like this. */
function isAmbiguous(error: unknown): boolean {
  if (error instanceof MaestranoHttpError) return error.sent !== 'no';
  return !(
    error instanceof MaestranoAuthenticationError ||
    error instanceof MaestranoInvalidRequestError ||
    error instanceof MaestranoRateLimitError
  );
}

/** Whether the server is done with the request: field messages come from the application behind all proxies. */
function isDone(error: unknown): boolean {
  return error instanceof MaestranoApiError && Object.keys(error.fields).length > 0;
}
