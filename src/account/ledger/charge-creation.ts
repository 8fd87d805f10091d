import { setTimeout as wait } from 'node:timers/promises';

import {
  type AccountErrorDetails,
  CreationInProgressError,
  CreationKeyConflictError,
  CreationUndecidedError,
} from '../../errors/account.error.js';
import { MaestranoHttpError, RequestAbortedError } from '../../errors/http.error.js';
import type { AccountCallOptions } from '../account-client.service.js';
import type { AccountEntity } from '../entities/entity-reader.js';
import type { ChargePayload } from '../inputs/charge-payloads.js';
import {
  type ChargeContent,
  type ChargeLedger,
  contentOf,
  type LedgerScope,
} from './charge-ledger.service.js';
import { mayComeFrom } from './charge-matcher.js';
import { isAmbiguous, isAnswered } from './charge-outcome.js';
import type { ContentRecord } from './ledger-records.js';

/** First pause between two looks at the server's list, doubled each time; milliseconds. */
const FIRST_LOOK_MS = 250;

/** With less time left than this, milliseconds, a request is not begun: its answer could not be awaited. */
const SENDING_MS = 1_000;

/** What a lock is held longer than the work may take; milliseconds. */
const LOCK_MARGIN_MS = 30_000;

/** How charges of one kind are made and found on one marketplace. */
export interface ChargeGateway<T extends AccountEntity> {
  create(payload: ChargePayload, options: AccountCallOptions): Promise<T>;
  list(groupId: string, options: AccountCallOptions): Promise<readonly T[]>;
  retrieve(id: string, options: AccountCallOptions): Promise<T>;
}

/** The `account.createOnce` option with its defaults. */
export interface CreationSettings {
  readonly settleMs: number;
  readonly deadlineMs: number;
  readonly rememberMs: number;
}

/**
 * One `createOnce`: sends a charge, and when it is unclear what came of it, finds out before anything is sent
 * again. All of it happens under a lock over charges with equal contents.
 *
 * Invariant: of charges with equal contents, the server gets no more new ones than there are keys. A key that may
 * have sent something is `open`; a new charge that belongs to no key is given to an open one; only when there is
 * none, and no request can still be on its way, an open key sends again.
 */
export class ChargeCreation<T extends AccountEntity> {
  readonly #content: ChargeContent;
  readonly #deadlineAt: number;

  constructor(
    private readonly ledger: ChargeLedger,
    private readonly gateway: ChargeGateway<T>,
    private readonly settings: CreationSettings,
    private readonly scope: LedgerScope,
    private readonly details: AccountErrorDetails,
    private readonly key: string,
    private readonly payload: ChargePayload,
    private readonly options: AccountCallOptions,
  ) {
    this.#content = contentOf(payload);
    this.#deadlineAt = Date.now() + (options.deadlineMs ?? settings.deadlineMs);
  }

  /** @throws CreationUndecidedError, CreationKeyConflictError, CreationInProgressError, and what `create` throws. */
  async run(): Promise<T> {
    const { signal } = this.options;
    const waitMs = this.#remainingMs;
    const times = { heldMs: waitMs + LOCK_MARGIN_MS, waitMs, signal };
    const charge = await this.ledger.exclusively(this.scope, this.#content, times, () => this.#exclusive());
    if (charge === null) throw this.#inProgress();
    return charge;
  }

  async #exclusive(): Promise<T> {
    const { digest } = this.#content;
    const record = await this.ledger.readKey(this.scope, this.key);
    if (record && record.digest !== digest) {
      throw new CreationKeyConflictError(
        'account.keyConflict',
        'the key was used before for a charge with other contents.',
        { ...this.details, remedy: 'Use one key for one charge; nothing was sent.' },
      );
    }
    if (record?.state === 'done') return this.gateway.retrieve(record.chargeId, this.#callOptions());

    const content = await this.ledger.readContent(this.scope, this.#content);
    if (content?.open.includes(this.key)) {
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
    const content = { known, open: [...others, this.key], settledAt };
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
      charge = await this.gateway.create(this.payload, options);
    } catch (error) {
      if (!isAmbiguous(error)) {
        // An earlier request of this key may have arrived even if this one did not.
        if (others) await this.#close({ ...content, open: others });
        else await this.#write(content);
        throw error;
      }
      const settledAt = Math.max(
        content.settledAt,
        Date.now() + (isAnswered(error) ? 0 : this.settings.settleMs),
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
      if (settled || this.#remainingMs <= 0 || this.options.signal?.aborted) {
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
        const over = this.#remainingMs <= pause || this.options.signal?.aborted;
        if (hopeless || over || error instanceof RequestAbortedError) {
          throw this.#undecided('the list of charges could not be read.', cause ?? error, []);
        }
        await wait(pause);
      }
    }
  }

  async #matching(): Promise<readonly T[]> {
    const charges = await this.gateway.list(this.#content.groupId, this.#callOptions());
    return charges.filter(({ raw }) => mayComeFrom(this.payload, raw));
  }

  async #finish(content: ContentRecord, charge: T): Promise<T> {
    const { rememberMs } = this.settings;
    await this.ledger.finishKey(this.scope, this.key, this.#content.digest, charge.id, rememberMs);
    const open = content.open.filter((key) => key !== this.key);
    await this.#write({ ...content, known: [...content.known, charge.id], open });
    return charge;
  }

  /** Leaves no trace of the key; in this order, so that a crash on the way makes the next call look first. */
  async #close(content: ContentRecord): Promise<void> {
    await this.ledger.forgetKey(this.scope, this.key);
    await this.#write(content);
  }

  #openKey(): Promise<boolean> {
    return this.ledger.openKey(this.scope, this.key, this.#content, this.settings.rememberMs);
  }

  #write(content: ContentRecord): Promise<void> {
    return this.ledger.writeContent(this.scope, this.#content, content, this.settings.rememberMs);
  }

  get #remainingMs(): number {
    return this.#deadlineAt - Date.now();
  }

  #callOptions(): AccountCallOptions {
    return { ...this.options, deadlineMs: Math.max(1, this.#remainingMs) };
  }

  #inProgress(): CreationInProgressError {
    return new CreationInProgressError('account.inProgress', 'the same charge is being created elsewhere.', {
      ...this.details,
      remedy: 'Call createOnce again with the same key; nothing was sent by this call.',
    });
  }

  #undecided(message: string, cause: unknown, candidates: readonly string[]): CreationUndecidedError {
    const remedy = 'Call createOnce again later with the same key, or decide with settleOnce.';
    return new CreationUndecidedError(message, { ...this.details, cause, remedy }, candidates);
  }
}
